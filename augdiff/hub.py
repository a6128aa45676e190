"""What is asked of the Hugging Face hub's client before it is let loose."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from augdiff.errors import ModelError

_PATIENCE = 3.0
_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


def hub_answers() -> bool:
    """Whether a connection to the hub opens within seconds; the hub's client itself would retry for half a minute."""
    from huggingface_hub.constants import ENDPOINT

    if getproxies().get("https"):
        return True
    address = urlsplit(ENDPOINT)
    try:
        with socket.create_connection((address.hostname, address.port or 443), timeout=_PATIENCE):
            return True
    except OSError:
        return False


def cached_commit(name: str) -> str | None:
    """The commit of a model in the Hugging Face cache; None if it is not there, or nothing can be there."""
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    try:
        found = try_to_load_from_cache(name, "config.json") if _NAME.fullmatch(name) else None
    except ValueError:
        # The client has its own rules for names.
        return None
    return Path(found).parent.name if isinstance(found, str) else None


def first_line(error: BaseException) -> str:
    """What an error of another library says, short enough for a line of ours."""
    return str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__


def pretrained(kind: Any, name: str, meant: str) -> Any:
    """``kind.from_pretrained(name)``, without the network if that is enough.

    :param kind: a class of ``transformers`` that reads models or tokenizers.
    :param name: a folder, or a name in the Hugging Face cache or hub.
    :param meant: what it must be, in words.
    :raises ModelError: if it is not there, or is something else.
    """
    try:
        return kind.from_pretrained(name, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        if Path(name).is_dir():
            raise ModelError(f"{name} is no {meant} that transformers can read ({first_line(error)})") from error
    missing = f"model {name!r} is not shipped, not a folder, not in the Hugging Face cache"
    mend = "check the name, or download it where there is a network and name its folder"
    if not hub_answers():
        raise ModelError(f"{missing}, and the hub cannot be reached: {mend}")
    try:
        return kind.from_pretrained(name)
    except Exception as error:  # the hub client raises errors of several libraries
        raise ModelError(f"{missing}, and the hub did not give it ({first_line(error)}): {mend}") from error
