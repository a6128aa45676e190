"""Ways to train families: as they are known for, and without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from augdiff.denoisers.vectors import FIXED
from augdiff.family.registry import find_family
from augdiff.family.sed import SCHEDULE
from augdiff.training.objectives import Objective, once
from augdiff.training.vectors import with_vectors


@dataclass(frozen=True)
class Arm:
    """A way to train.

    :param objective: None for the family's own.
    :param share: of the tokens, so that all arms cost as much: by the seconds of a step, as measured.
    """

    family: str
    objective: Objective | None = None
    share: float = 1.0

    @property
    def weights(self) -> str | None:
        """What families that learn alike share; None if this is not how its family learns."""
        return find_family(self.family).weights if self.objective is None else None


def _without(family: str, **changed: Any) -> Objective:
    return replace(find_family(family).objective, **changed)


# Of which nothing is left out.
_WHOLE = ("latent", "diffuseq", "genie", "mdlm", "d3pm", "diffusionbert", "rdm", "remdm")
#: What is compared, by name: the family's own way, and the same without what it is known for.
EFFECTS: Mapping[str, Mapping[str, Arm]] = {
    "sundae": {
        "unrolled": Arm("sundae", share=0.5),
        "one step": Arm("sundae", _without("sundae", loss=once)),
    },
    "sed": {
        "self-conditioned": Arm("sed", share=0.9),
        "not": Arm("sed", _without("sed", begin=with_vectors(FIXED, SCHEDULE, shown=False))),
    },
    **{name: {"its own way": Arm(name)} for name in _WHOLE},
}
