"""augdiff itself, at one setting for all tasks, and the settings that leave a part of it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from inspect import Parameter, signature
from math import inf
from pathlib import Path
from typing import Any

from augdiff import __version__, augment
from augdiff.denoisers.load import digest_of, read_config
from augdiff.errors import OptionError
from benchmarks.gains.digests import digest
from benchmarks.gains.method import FURTHER, Made, N
from benchmarks.gains.tasks import Row


@dataclass(frozen=True)
class Augdiff:
    """``augdiff.augment`` on the rows.

    :param options: arguments other than those about columns and the seed; what is not named has its default.
    :param label: column of the labels; None hides them.
    :param told: whether the labels' names in words are told.
    :param weighted: whether variants have the weights that they come with, or 1.
    :param judged: whether rejected variants are left out.
    :param unlabelled: how many further texts of the task it learns from.
    :param pseudo: how many further texts of the task get a label from it.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    label: str | None = "label"
    told: bool = True
    weighted: bool = True
    judged: bool = True
    unlabelled: int = 0
    pseudo: int = 0

    @property
    def n(self) -> int:
        """New rows asked of each row."""
        return int(self.options["n"])

    def given(self, options: Mapping[str, Any]) -> Augdiff:
        """The same with other options."""
        return replace(self, options={**self.options, **options})

    def identity(self) -> Mapping[str, Any]:
        """See :class:`benchmarks.gains.method.Method`; defaults count as if they were named.

        :raises OptionError: if an option is none that this version has.
        """
        parameters = signature(augment).parameters.values()
        known = {one.name: one.default for one in parameters if one.kind is Parameter.KEYWORD_ONLY}
        unknown = sorted(set(self.options) - set(known))
        if unknown:
            raise OptionError(f"augment() has no argument {unknown[0]!r} in this version ({__version__})")
        arguments = {**known, **self.options}
        # Where a folder lies is no matter: its weights are told.
        named = {"model": Path(arguments["model"]).name}
        return {
            **asdict(self),
            "options": {name: repr(value) for name, value in {**self.options, **named}.items()},
            "arguments": digest({name: repr(value) for name, value in {**arguments, **named}.items()}),
            "version": __version__,
            "weights": digest_of(arguments["model"], arguments["base"]),
        }

    def __call__(self, rows: Sequence[Row], seed: int, others: Sequence[str] = ()) -> list[Made]:
        """See :class:`benchmarks.gains.method.Method`."""
        out: list[dict[str, Any]] = augment(
            [
                *({"text": row.text, "label": row.label} for row in rows),
                *({"text": text, "label": None} for text in others[: self.pseudo]),
            ],
            text="text",
            label=self.label,
            label_names={row.label: row.told for row in rows} if self.told else None,
            pseudo_label=self.pseudo > 0,
            seed=seed,
            keep_original=False,
            return_rejected=not self.judged,
            unlabeled=list(others[: self.unlabelled]) if self.unlabelled else None,
            **self.options,
        )
        found = []
        for row in out:
            about = row["augdiff"]
            weight = about["weight"] if self.weighted else 1.0
            source = about["source"] if about["source"] < len(rows) else FURTHER
            found.append(Made(row["text"], row["label"], weight, source))
        return found


def by_folder(folder: Path) -> tuple[str, Augdiff]:
    """The family that a model was trained as, whose weights are no other family's, and the default by that model.

    :raises ModelError: if the folder holds no model.
    """
    family = str(read_config(folder)["family"])
    return family, DEFAULT.given({"model": str(folder), "family": family})


#: The one setting for all tasks.
DEFAULT = Augdiff({"n": N, "model": "base-en"})
LARGE = DEFAULT.given({"model": "large-en"})
#: Whole rows, written by the language model under it.
WRITTEN = LARGE.given({"family": "autoregressive"})
#: Half of them so, half with words resampled by the smaller denoiser.
MIXED = LARGE.given({"family": "mixed"})
#: Whole rows that it writes after rows of all labels, with the label that the judge gives them.
OPEN = LARGE.given({"family": "gal"})
#: A third of them each, three times as many in all.
THREEFOLD = LARGE.given({"family": "threefold", "n": 3 * N})

#: Masked words replaced in one pass, whatever comes out: what masked-word augmenters do.
ONE_PASS = Augdiff(
    {
        "n": N,
        "model": "base-en",
        "steps": 1,
        "strength": 0.3,
        "redraws": 0,
        "min_similarity": -inf,
        "min_fluency": -inf,
        "max_likeness": 1.0,
    },
    label=None,
    told=False,
    weighted=False,
    judged=False,
)

#: The default with a part left out or changed; an option that augment() does not have is said when it is asked for.
ABLATIONS: Mapping[str, Augdiff] = {
    "no-context": replace(DEFAULT.given({"condition": False, "demonstrate": False}), told=False),
    "no-demonstrations": DEFAULT.given({"demonstrate": False}),
    "no-guidance": DEFAULT.given({"guidance": 1.0}),
    "adaptation": DEFAULT.given({"adapt": True}),
    "adaptation-50": replace(DEFAULT.given({"adapt": True}), unlabelled=50),
    "adaptation-500": replace(DEFAULT.given({"adapt": True}), unlabelled=500),
    "pseudo-50": replace(DEFAULT, pseudo=50),
    "pseudo-500": replace(DEFAULT, pseudo=500),
    "mixed-pseudo-50": replace(MIXED, pseudo=50),
    "mixed-pseudo-500": replace(MIXED, pseudo=500),
    "saliency": DEFAULT.given({"saliency": 1.0}),
    "spared": DEFAULT.given({"saliency": -1.0}),
    "no-judge": DEFAULT.given({"judge": False}),
    "no-filter": replace(DEFAULT.given({"redraws": 0}), judged=False),
    "min_label-.8": DEFAULT.given({"min_label": 0.8}),
    "min_label-1": DEFAULT.given({"min_label": 1.0}),
    "no-weights": replace(DEFAULT, weighted=False),
    "strength-.1": DEFAULT.given({"strength": 0.1}),
    "strength-.3": DEFAULT.given({"strength": 0.3}),
    "strength-.5": DEFAULT.given({"strength": 0.5}),
    "strength-.7": DEFAULT.given({"strength": 0.7}),
    **{family: DEFAULT.given({"family": family}) for family in ("d3pm", "diffusionbert", "rdm", "remdm")},
    "edlm": LARGE.given({"family": "edlm"}),
}
