"""The Augmenter: settings and columns as a callable for batches of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from re import Pattern
from typing import TYPE_CHECKING, Any, Self, TypeVar

from augdiff import __version__
from augdiff.columns import Columns
from augdiff.errors import ModelError
from augdiff.forking import settle
from augdiff.settings import Settings
from augdiff.summary import Summary
from augdiff.variant import Source, Variant

if TYPE_CHECKING:
    from augdiff.resampler import Resampler

Batch = TypeVar("Batch")


class Augmenter:
    """Grows batches of rows: ``dataset.map(Augmenter(), batched=True)``.

    The weights load when they are first needed. What is pickled, and so hashed by ``datasets``, is the
    arguments, the version of augdiff, the digest of the weights and their precision; that does not change
    with use.

    :param text: column or columns to be resampled; None for the only column of strings.
    :param label: column of labels, part of a row's key; it is never rewritten.
    :param label_names: what labels are called in words: ``{0: "negative", 1: "positive"}``, or a list of names for
        0, 1, ...; strings are their own names, ``card_arrival`` is *card arrival*. The names of a ``datasets``
        ClassLabel are used by :func:`augdiff.augment`; in ``map`` they must be given.
    :param condition: whether the denoiser is told of a row's label while it denoises; ``guidance`` says how strongly.
    :param keep_original: whether source rows come out too, each before its variants.
    :param return_rejected: whether rejected variants come out too, with their reasons.
    :param provenance: whether the struct column ``augdiff`` is added.
    :param id: column that is the row's key; without it equal rows get equal variants.
    :param protect_spans: for each text column, a column of ``[[start, end], ...]`` that never change.
    :param context: column of words that steer what comes out; ``guidance`` says how strongly.

    The other arguments are those of :class:`augdiff.settings.Settings`.

    :raises OptionError: naming the argument, the rule and the value.
    """

    def __init__(
        self,
        *,
        text: str | Sequence[str] | None = None,
        label: str | None = None,
        label_names: Mapping[Any, str] | Sequence[str] | None = None,
        condition: bool = Columns.condition,
        n: int = Settings.n,
        strength: float | tuple[float, float] = Settings.strength,
        seed: int = Settings.seed,
        model: str = Settings.model,
        base: str | None = Settings.base,
        family: str | None = Settings.family,
        protect: Sequence[str | Pattern[str]] = Settings.protect,
        avoid: Sequence[str] = Settings.avoid,
        min_similarity: float = Settings.min_similarity,
        min_fluency: float = Settings.min_fluency,
        max_likeness: float = Settings.max_likeness,
        redraws: int = Settings.redraws,
        steps: int = Settings.steps,
        temperature: float = Settings.temperature,
        min_p: float = Settings.min_p,
        guidance: float = Settings.guidance,
        echo: bool = Settings.echo,
        batch_size: int = Settings.batch_size,
        device: str = Settings.device,
        precision: str = Settings.precision,
        keep_original: bool = Columns.keep_original,
        return_rejected: bool = Columns.return_rejected,
        provenance: bool = Columns.provenance,
        id: str | None = None,  # noqa: A002
        protect_spans: str | Sequence[str] | None = None,
        context: str | None = None,
    ) -> None:
        settings = Settings(
            n=n,
            strength=strength,
            seed=seed,
            model=model,
            base=base,
            family=family,
            protect=protect,  # type: ignore[arg-type]  # Settings makes tuples of sequences
            avoid=avoid,  # type: ignore[arg-type]
            min_similarity=min_similarity,
            min_fluency=min_fluency,
            max_likeness=max_likeness,
            redraws=redraws,
            steps=steps,
            temperature=temperature,
            min_p=min_p,
            guidance=guidance,
            echo=echo,
            batch_size=batch_size,
            device=device,
            precision=precision,
        )
        columns = Columns(
            text=text,  # type: ignore[arg-type]  # Columns makes tuples of names
            label=label,
            label_names=label_names,  # type: ignore[arg-type]  # Columns makes pairs of mappings
            condition=condition,
            id=id,
            protect_spans=protect_spans,  # type: ignore[arg-type]
            context=context,
            keep_original=keep_original,
            return_rejected=return_rejected,
            provenance=provenance,
        )
        self._set_up(settings, columns)

    def _set_up(self, settings: Settings, columns: Columns) -> None:
        self.settings = settings
        self.columns = columns
        self.summary = Summary()
        self._rank: int | None = None
        self._pickled_with: str | None = None

    @cached_property
    def resampler(self) -> Resampler:
        """The loaded weights.

        :raises ModelError: if they cannot be used.
        """
        from augdiff.resampler import Resampler

        if self._pickled_with not in (None, self.weights):
            raise ModelError(
                f"the weights of model {self.settings.model!r} are not those that this Augmenter was pickled with: "
                "make it anew"
            )
        return Resampler(_on_rank(self.settings, self._rank))

    @property
    def weights(self) -> str:
        """Digest of the weights; found without loading them.

        :raises ModelError: if there are none of that name.
        """
        from augdiff.denoisers.load import digest_of

        digest: str = digest_of(self.settings.model, self.settings.base)
        return digest

    @property
    def precision(self) -> str:
        """What the denoiser's products are computed in on this machine: ``int8``, ``bfloat16`` or ``float32``.

        :raises ModelError: if what was asked for cannot be had.
        """
        from augdiff.denoisers.load import find_precision

        found: str = find_precision(self.settings.model, self.settings.device, self.settings.precision)
        return found

    @property
    def model(self) -> str:
        """Name of the weights, the first digits of their digest, and the precision."""
        return f"{self.settings.model}@{self.weights[:12]}/{self.precision}"

    def resample(self, sources: Sequence[Source]) -> list[list[Variant]]:
        """The variants of every source, kept and rejected alike; safe in a forked process."""
        if not sources or not self.settings.n:
            return [[] for _ in sources]
        settle()
        size = self.settings.batch_size
        return [row for start in range(0, len(sources), size) for row in self.resampler(sources[start : start + size])]

    def __call__(self, batch: Batch, indices: Sequence[int] | int | None = None, rank: int | None = None) -> Batch:
        """The rows of ``batch``, each followed by its variants, with all columns, and ``augdiff``.

        :param batch: columns as lists, a pyarrow table, a pandas frame or a list of rows.
        :param indices: numbers of the rows, as ``with_indices=True`` gives them.
        :param rank: of the worker, as ``with_rank=True`` gives it, as the last argument; with several
            graphics cards each worker takes its own.
        :returns: the same kind; a frame gets a new index, since ``map`` would make a column of the old one.
        :raises DataError: naming the row, the column, the value and the mend.
        """
        from augdiff.adapters.batches import grow_batch
        from augdiff.adapters.registry import MAPPED

        if isinstance(indices, int):
            indices, rank = None, indices
        self._rank = rank if rank is not None else self._rank
        grown, summary = grow_batch(batch, self, indices, MAPPED)
        self.summary += summary
        return grown

    def with_columns(self, columns: Columns) -> Self:
        """The same, with other columns."""
        other = object.__new__(type(self))
        other._set_up(self.settings, columns)
        return other

    def without_variants(self) -> Self:
        """The same for rows that only get the column ``augdiff``, so that all splits have equal features."""
        other = self.with_columns(replace(self.columns, keep_original=True))
        other.settings = replace(self.settings, n=0)
        return other

    def __getstate__(self) -> dict[str, Any]:
        return {
            "settings": asdict(self.settings),
            "columns": asdict(self.columns),
            "version": __version__,
            "weights": self.weights,
            "precision": self.precision,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set_up(Settings(**state["settings"]), Columns(**state["columns"]))
        self._pickled_with = state["weights"]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.settings}, {self.columns})"


def _on_rank(settings: Settings, rank: int | None) -> Settings:
    """Settings that give worker ``rank`` a graphics card of its own, where there are any."""
    if rank is None or settings.device not in ("auto", "cuda"):
        return settings
    import torch

    cards = torch.cuda.device_count()
    return replace(settings, device=f"cuda:{rank % cards}") if cards else settings
