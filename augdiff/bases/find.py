"""Where a base is looked for: the user's copies, the Hugging Face cache, and the hub if it is named."""

from __future__ import annotations

import re
from pathlib import Path

from augdiff.bases.base import Base, open_base
from augdiff.bases.cache import cached
from augdiff.bases.folder import CONFIG, INDEX, SINGLE, has_weights
from augdiff.bases.known import Known, find_known
from augdiff.errors import ModelError, require
from augdiff.hub import first_line, hub_answers

__all__ = ["Base", "copies", "find_base"]

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_WANTED = [CONFIG, SINGLE, INDEX, "model-*-of-*.safetensors"]


def find_base(name: str, base: str | None = None) -> Base:
    """A copy of a known base.

    :param name: of the base, as an adapter has it.
    :param base: a folder, a .gguf file, or a name on the Hugging Face hub, which alone is ever downloaded;
        None for the best copy that this machine has.
    :raises ModelError: if there is none, or what is there is another model.
    :raises MissingExtraError: if a library is needed and not installed.
    """
    known = find_known(name)
    if base is None:
        return _found(known)
    path = Path(base).expanduser()
    if path.exists():
        return open_base(path, known)
    if base.endswith(".gguf") or not _HUB_NAME.fullmatch(base):
        raise ModelError(f"base {base!r} is no folder or file here and no name on the hub: name {_meant(known)}")
    return open_base(_in_hub_cache(base) or _from_hub(base, known), known)


def copies(known: Known) -> list[Base]:
    """All copies of a base that would be found without being named, the one that would be taken first.

    :raises ModelError: if one is broken.
    """
    hub = _in_hub_cache(known.hub)
    return cached(known) + ([open_base(hub, known)] if hub is not None else [])


def _found(known: Known) -> Base:
    own = cached(known)
    if own:
        return own[0]
    hub = _in_hub_cache(known.hub)
    if hub is not None:
        return open_base(hub, known)
    raise ModelError(
        f"this machine has no copy of {known.title}: augdiff models add PATH ({_meant(known)}), or "
        f'base="{known.hub}" (downloads {known.download / 1e6:.0f} MB)'
    )


def _meant(known: Known) -> str:
    return f"a folder or .gguf file of {known.title}"


def _in_hub_cache(hub: str) -> Path | None:
    """The folder of a model that was downloaded whole."""
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    config = try_to_load_from_cache(hub, CONFIG)
    return Path(config).parent if isinstance(config, str) and has_weights(Path(config).parent) else None


def _from_hub(hub: str, known: Known) -> Path:
    library = require("huggingface_hub", "hf")
    missing = f"base {hub!r} is not in the Hugging Face cache"
    mend = f"get {_meant(known)} where there is a network, then augdiff models add PATH"
    if not hub_answers():
        raise ModelError(f"{missing}, and the hub cannot be reached: {mend}")
    try:
        return Path(library.snapshot_download(hub, allow_patterns=_WANTED))
    except Exception as error:  # the hub's client raises errors of several libraries
        raise ModelError(f"{missing}, and the hub did not give it ({first_line(error)}): {mend}") from error
