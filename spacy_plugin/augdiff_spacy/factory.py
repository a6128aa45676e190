"""How the pipe is made from a config; spaCy reads the arguments' types, so they are no strings here."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from spacy.language import Language

from augdiff.errors import OptionError
from augdiff.settings import Settings
from augdiff_spacy.component import AugdiffPipe

#: Options of the component and what they are if nobody says.
DEFAULTS: dict[str, Any] = {
    "n": Settings.n,
    "strength": Settings.strength,
    "seed": Settings.seed,
    "model": Settings.model,
    "base": Settings.base,
    "family": Settings.family,
    "reader": Settings.reader,
    "entities": Settings.entities,
    "label_names": None,
    "condition": True,
    "demonstrate": True,
    "judge": True,
    "adapt": False,
    "candidates": Settings.candidates,
    "saliency": Settings.saliency,
    "protect": list(Settings.protect),
    "avoid": list(Settings.avoid),
    "min_similarity": Settings.min_similarity,
    "min_fluency": Settings.min_fluency,
    "max_likeness": Settings.max_likeness,
    "min_label": Settings.min_label,
    "redraws": Settings.redraws,
    "steps": Settings.steps,
    "temperature": Settings.temperature,
    "min_p": Settings.min_p,
    "guidance": Settings.guidance,
    "device": Settings.device,
    "precision": Settings.precision,
}


# Variants of a training example, if nobody says.
_FOR_TRAINING = 2


def checked(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """All options for training, of which some are given.

    :raises OptionError: if there is no option of that name.
    """
    for name in settings or {}:
        if name not in DEFAULTS:
            near = get_close_matches(name, DEFAULTS, 1)
            mend = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(DEFAULTS)}"
            raise OptionError(f"settings: {name!r} is no option of augdiff; {mend}")
    return {**DEFAULTS, "n": _FOR_TRAINING, **(settings or {})}


@Language.factory("augdiff", assigns=["doc._.augmentations"], default_config=DEFAULTS)
def make_component(
    nlp: Language,
    name: str,
    n: int,
    strength: float | list[float] | None,
    seed: int,
    model: str,
    base: str | None,
    family: str | None,
    reader: str | None,
    entities: str,
    label_names: dict[str, str] | None,
    condition: bool,
    demonstrate: bool,
    judge: bool,
    adapt: bool,
    candidates: int,
    saliency: float,
    protect: list[str],
    avoid: list[str],
    min_similarity: float | None,
    min_fluency: float,
    max_likeness: float,
    min_label: float,
    redraws: int,
    steps: int | None,
    temperature: float,
    min_p: float,
    guidance: float | None,
    device: str,
    precision: str,
) -> AugdiffPipe:
    """The component of a config; the options are those of :class:`augdiff.Augmenter`."""
    given = locals()
    return AugdiffPipe(nlp, name, {option: given[option] for option in DEFAULTS})
