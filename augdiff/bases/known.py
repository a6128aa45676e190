"""The bases that adapters were made for: what there is to know of each, and the sample it is recognised by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from augdiff.bases.layout import Sizes, sizes_of
from augdiff.bases.recognise import Fingerprint, make_fingerprint
from augdiff.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

    from augdiff.bases.weights import Weights

#: Where they lie: for each a .json file and a .safetensors file of its name.
KNOWN = Path(__file__).parent / "known"


@dataclass(frozen=True)
class Known:
    """A base that adapters were made for.

    :param name: as adapters' configs and the cache have it.
    :param title: as people call it.
    :param hub: its name on the Hugging Face hub.
    :param licence: of its weights, an SPDX name.
    :param download: how many bytes the hub gives.
    """

    name: str
    title: str
    hub: str
    licence: str
    download: int
    sizes: Sizes

    @property
    def fingerprint(self) -> Fingerprint:
        """What its weights are recognised by."""
        return Fingerprint.load(_file(self.name, ".safetensors"))

    def check_sizes(self, weights: Weights) -> None:
        """See that the sizes are this model's.

        :raises ModelError: naming those that are not.
        """
        wrong = weights.sizes.differences(self.sizes)
        if wrong:
            raise ModelError(f"{weights.path} is not {self.title}: {', '.join(wrong)}")

    def check(self, weights: Mapping[str, Tensor], path: Path) -> None:
        """See that the weights are this model's, quantised or not.

        :raises ModelError: naming the first tensor that is not.
        """
        self.fingerprint.check(weights, str(path), self.title)


def known_bases() -> tuple[Known, ...]:
    """All of them, by name."""
    return tuple(_load(path) for path in sorted(KNOWN.glob("*.json")))


def known_as(name: str) -> Known | None:
    """The one that has a name, or that alone has a name beginning so, up to a hyphen: ``smollm2``."""
    found = [known for known in known_bases() if known.name == name or known.name.startswith(f"{name}-")]
    return found[0] if len(found) == 1 else None


def find_known(name: str) -> Known:
    """One by its name.

    :raises ModelError: if there is none; an adapter that names it was made by another version.
    """
    path = _file(name, ".json")
    if not path.is_file():
        names = ", ".join(known.name for known in known_bases())
        raise ModelError(f"base {name!r} is not known to this version of augdiff; known are: {names}")
    return _load(path)


def write_known(weights: Weights, name: str, title: str, hub: str, licence: str, download: int) -> Known:
    """Make a model known: write down what it is and the fingerprint of its weights.

    The files of SmolLM2-135M-Instruct were made by this from a copy in Q4_1.
    """
    known = Known(name, title, hub, licence, download, weights.sizes)
    KNOWN.mkdir(parents=True, exist_ok=True)
    make_fingerprint(weights.read(), weights.sizes.depth).save(_file(name, ".safetensors"))
    _file(name, ".json").write_text(json.dumps(asdict(known), indent=2) + "\n", encoding="utf-8")
    return known


def _file(name: str, suffix: str) -> Path:
    return KNOWN / (name.replace("-", "_") + suffix)


def _load(path: Path) -> Known:
    values = json.loads(path.read_text(encoding="utf-8"))
    wrong = sorted({field.name for field in fields(Known)}.symmetric_difference(values))
    if wrong:
        raise ModelError(f"{path} has unknown or missing keys {wrong}: install augdiff again")
    return Known(**(values | {"sizes": sizes_of(values["sizes"], path)}))
