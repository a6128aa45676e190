"""The Augmenter: settings and columns as a callable for batches of rows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from re import Pattern
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, Self, TypeVar

from augdiff import __version__
from augdiff.annotating import annotates, check_annotating
from augdiff.errors import ModelError, OptionError
from augdiff.fitting.fit import Fitted, fit
from augdiff.forking import settle
from augdiff.quality.by_estimator import ByEstimator
from augdiff.quality.judge import Judge
from augdiff.rows.columns import Cells, Columns, as_names
from augdiff.rows.examples import Example
from augdiff.rows.summary import Summary
from augdiff.rows.tagged import with_tag_names
from augdiff.settings import Settings
from augdiff.training.lessons import Lesson, unlabelled
from augdiff.variant import Source, Variant

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from augdiff.denoisers.difference import Difference
    from augdiff.quality.language_model import Listener
    from augdiff.quality.span_judge import Places, SpanJudge
    from augdiff.resampler import Resampler

Batch = TypeVar("Batch")

_log = logging.getLogger("augdiff")


class Augmenter:
    """Grows batches of rows: ``dataset.map(Augmenter(), batched=True)``.

    With a column of labels, fit it first: ``dataset.map(Augmenter(label="label").fit(dataset), batched=True)`` gives
    what :func:`augdiff.augment` gives. Unfitted it knows no other row and label than a row's own, and judges none.

    The weights load when they are first needed. What is pickled, and so hashed by ``datasets``, is the
    arguments, the version of augdiff, the digest of the weights and their precision, and the folder and digest of what
    was fitted, which is kept in the user's cache; that does not change with use.

    :param text: column or columns to be resampled; None for the only column of strings.
    :param tokens: column of lists of tokens that are resampled, in place of ``text``.
    :param tags: column of lists of tags, one for each token, such as those of entities; tagged tokens stay, but for
        ``entities``, and new ones are outside.
    :param outside: the tag of tokens that may change; None for ``O``, or 0 where tags are numbers without names.
    :param tag_names: names of tags that are numbers, such as ``["O", "B-PER", "I-PER"]``; None for those that a
        ``datasets`` column has, which :func:`augdiff.augment` and :meth:`fit` find.
    :param label: column of labels, part of a row's key; it is rewritten only where ``relabel``,
        ``pseudo_label`` or the family ask for it.
    :param label_names: what labels are called in words: ``{0: "negative", 1: "positive"}``, or a list of names for
        0, 1, ...; strings are their own names, ``card_arrival`` is *card arrival*. The names of a ``datasets``
        ClassLabel are found by :meth:`fit` and :func:`augdiff.augment`; without these they must be given.
    :param condition: whether the denoiser is told of a row's label while it denoises; ``guidance`` says how strongly.
    :param demonstrate: whether other rows of a row's label are shown to a denoiser that learns from them; of those that
        were fitted on.
    :param judge: whether a classifier is fitted on the rows, to reject variants that lost their label, and a tagger, to
        reject those in which it finds other things than tags and labelled spans name (extra ``judge``), see
        ``min_label``; or a :class:`augdiff.quality.judge.Judge` that does it in its place, such as a function's
        (:class:`augdiff.quality.callable_judge.CallableJudge`) or a classifier's of transformers
        (:func:`augdiff.quality.hf_judge.load_hf_judge`); or a
        :class:`augdiff.quality.by_estimator.ByEstimator` that it is fitted with.
    :param adapt: whether the denoiser goes on learning for a while from the rows that it is fitted on, and from
        unlabelled ones, told of their labels; it is told labels without names by their values, and learns what they
        mean. That takes up to two minutes, and what is learned is kept with what was fitted.
    :param target: how many rows of a label are to come out, ``{label: count}``; refused in ``map``, which shows some
        rows at a time, where :func:`augdiff.augment` counts all.
    :param balance: whether as many rows of each label are to come out as the commonest has; so, too.
    :param keep_original: whether source rows come out too, each before its variants.
    :param return_rejected: whether rejected variants come out too, with their reasons.
    :param provenance: whether the struct column ``augdiff`` is added.
    :param id: column that is the row's key; without it equal rows get equal variants.
    :param protect_spans: for each text column, a column of ``[[start, end], ...]`` that never change, or of
        ``[[start, end, label], ...]``, see ``entities``; in variants they are moved.
    :param answers: column of answers that are in the first text, ``{"text": [...], "answer_start": [...]}``, as for
        questions; they never change, and their starts are moved.
    :param context: column of words that steer what comes out; ``guidance`` says how strongly.

    The other arguments are those of :class:`augdiff.settings.Settings`.

    :raises OptionError: naming the argument, the rule and the value.
    """

    def __init__(
        self,
        *,
        text: str | Sequence[str] | None = None,
        tokens: str | None = None,
        tags: str | None = None,
        outside: Any = None,
        tag_names: Sequence[str] | None = None,
        label: str | None = None,
        label_names: Mapping[Any, str] | Sequence[str] | None = None,
        condition: bool = Columns.condition,
        demonstrate: bool = Columns.demonstrate,
        judge: bool | Judge | ByEstimator = True,
        adapt: bool = False,
        n: int = Settings.n,
        candidates: int = Settings.candidates,
        strength: float | tuple[float, float] | None = Settings.strength,
        saliency: float = Settings.saliency,
        seed: int = Settings.seed,
        model: str = Settings.model,
        base: str | None = Settings.base,
        family: str | None = Settings.family,
        reader: str | None = Settings.reader,
        entities: str = Settings.entities,
        protect: Sequence[str | Pattern[str]] = Settings.protect,
        avoid: Sequence[str] = Settings.avoid,
        min_similarity: float | None = Settings.min_similarity,
        min_fluency: float = Settings.min_fluency,
        max_likeness: float = Settings.max_likeness,
        min_label: float = Settings.min_label,
        relabel: bool = Settings.relabel,
        soft_labels: bool = Settings.soft_labels,
        pseudo_label: bool = Settings.pseudo_label,
        redraws: int = Settings.redraws,
        budget: int = Settings.budget,
        steps: int | None = Settings.steps,
        temperature: float = Settings.temperature,
        min_p: float = Settings.min_p,
        guidance: float | None = Settings.guidance,
        echo: bool = Settings.echo,
        batch_size: int = Settings.batch_size,
        device: str = Settings.device,
        precision: str = Settings.precision,
        target: Mapping[Any, int] | None = None,
        balance: bool = Columns.balance,
        keep_original: bool = Columns.keep_original,
        return_rejected: bool = Columns.return_rejected,
        provenance: bool = Columns.provenance,
        id: str | None = None,  # noqa: A002
        protect_spans: str | Sequence[str] | None = None,
        answers: str | None = None,
        context: str | None = None,
    ) -> None:
        settings = Settings(
            n=n,
            candidates=candidates,
            strength=strength,
            saliency=saliency,
            seed=seed,
            model=model,
            base=base,
            family=family,
            reader=reader,
            entities=entities,
            protect=protect,  # type: ignore[arg-type]  # Settings makes tuples of sequences
            avoid=avoid,  # type: ignore[arg-type]
            min_similarity=min_similarity,
            min_fluency=min_fluency,
            max_likeness=max_likeness,
            min_label=min_label,
            relabel=relabel,
            soft_labels=soft_labels,
            pseudo_label=pseudo_label,
            redraws=redraws,
            budget=budget,
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
            tokens=tokens,
            tags=tags,
            outside=outside,
            tag_names=tag_names,  # type: ignore[arg-type]  # Columns makes tuples of names
            label=label,
            label_names=label_names,  # type: ignore[arg-type]  # Columns makes pairs of mappings
            condition=condition,
            demonstrate=demonstrate,
            id=id,
            protect_spans=protect_spans,  # type: ignore[arg-type]
            answers=answers,
            context=context,
            target=target,  # type: ignore[arg-type]  # Columns makes pairs of mappings
            balance=balance,
            keep_original=keep_original,
            return_rejected=return_rejected,
            provenance=provenance,
        )
        for name in ("relabel", "pseudo_label"):
            if columns.counted and getattr(settings, name):
                raise OptionError(f"{name} would change the counts of target or balance: leave out one")
        check_annotating(settings.family, columns, judge)
        if settings.pseudo_label and columns.label is None:
            raise OptionError("pseudo_label gives labels to rows that lack one: name the column of labels, label=")
        if settings.pseudo_label and judge is False:
            raise OptionError("pseudo_label has the judge of labels say what labels are: leave out judge=False")
        if columns.counted and not settings.n:
            raise OptionError("n must be at least 1 with target or balance, was: 0")
        if not isinstance(adapt, bool):
            raise OptionError(f"adapt must be True or False, was: {adapt!r}")
        self._set_up(settings, columns, _checked(judge), adapt)

    def _set_up(self, settings: Settings, columns: Columns, judge: bool | Judge | ByEstimator, adapt: bool) -> None:
        self.settings = settings
        self.columns = columns
        self.judge = judge
        self.adapt = adapt
        self.summary = Summary()
        self._unfitted_columns = columns
        self._fitted: Fitted | None = None
        self._fitted_at: tuple[str, str] | None = None
        self._said = False
        self._rank: int | None = None
        self._pickled_with: str | None = None
        self._ready: tuple[Difference | None, Resampler] | None = None

    @property
    def _fits_judges(self) -> bool:
        return self.judge is True or self._estimator is not None

    @property
    def _estimator(self) -> ByEstimator | None:
        return self.judge if isinstance(self.judge, ByEstimator) else None

    @property
    def _own_judge(self) -> Judge | None:
        """One of the user's that needs no fitting."""
        return None if isinstance(self.judge, bool | ByEstimator) else self.judge

    @property
    def resampler(self) -> Resampler:
        """The loaded weights, with what they have learned of rows.

        :raises ModelError: if they cannot be used.
        """
        fitted = self.fitted
        return self._loaded(None if fitted is None else fitted.difference)

    def _loaded(self, difference: Difference | None) -> Resampler:
        from augdiff.resampler import Resampler

        if self._ready is not None and self._ready[0] is difference:
            return self._ready[1]
        if self._pickled_with not in (None, self.weights):
            raise ModelError(
                f"the weights of model {self.settings.model!r} are not those that this Augmenter was pickled with: "
                "make it anew"
            )
        self._ready = difference, Resampler(_on_rank(self.settings, self._rank), difference)
        return self._ready[1]

    @property
    def weights(self) -> str:
        """Digest of the weights, and of those of a reader; found without loading them.

        :raises ModelError: if there are none of that name.
        """
        from augdiff.denoisers.load import digest_of

        digest: str = digest_of(self.settings.model, self.settings.base)
        reader = self.settings.reader
        return digest if reader is None else sha256(f"{digest} {digest_of(reader)}".encode()).hexdigest()

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
        """Name of the weights, the first digits of their digest, the precision, and the digest of what they learned."""
        fitted = self.fitted if self.adapt else None
        learned = "" if fitted is None or fitted.difference is None else f"+{fitted.difference.digest[:12]}"
        return f"{self.settings.model}@{self.weights[:12]}/{self.precision}{learned}"

    def fit(self, data: Any, split: str | Sequence[str] = "train", unlabeled: Any = None) -> Self:
        """Learn the names of all labels, a judge of labels, and what rows can be shown, from the rows that are to grow;
        with ``adapt`` let the denoiser learn from them, and with ``entities="swap"`` learn what they name.

        The order of the rows changes nothing. Without labels and these nothing is learned. What could not be learned
        is said in one line by the logger ``augdiff``.

        :param data: rows in memory, of any kind that :func:`augdiff.augment` takes.
        :param split: the split or splits of a DatasetDict that are read.
        :param unlabeled: further rows of the same kind, whose labels are not read; with ``adapt``, the denoiser learns
            from them, too.
        :returns: this Augmenter.
        :raises OptionError: if ``data`` is of another kind, or has no such split, or there are ``unlabeled`` rows
            without ``adapt``.
        :raises DataError: naming the row, the column, the value and the mend.
        :raises ModelError: if the weights cannot be used.
        """
        splits = as_names(split)
        if unlabeled is not None and not self.adapt:
            raise OptionError("unlabeled rows are learned from with adapt=True alone: say so, or leave them out")
        more = () if unlabeled is None else _in_memory("unlabeled", unlabeled, splits)
        parts = _in_memory("data", data, splits)
        self._unfitted_columns = with_tag_names(self._unfitted_columns, parts)
        self.learn(parts, more)
        if self.fitted is not None:
            self.fitted.log_note()
        return self

    def learn(
        self,
        parts: Iterable[Cells],
        unlabeled: Iterable[Cells] = (),
        progress: Callable[[float], None] = lambda share: None,
    ) -> None:
        """:meth:`fit` on rows that were read, in one part or several; nothing is logged.

        :param progress: told of the share of an adaptation that is done.
        """
        self._fitted_at = self._fitted = None
        self.columns = self._unfitted_columns
        labelled = self.columns.label is not None
        mentions = self.settings.entities != "keep"
        named = self.columns.tags is not None or bool(self.columns.protect_spans)
        if (labelled or self.adapt or mentions or named) and not self.settings.idle:
            judged = labelled and self._fits_judges
            self._fitted = fit(
                parts,
                self.columns,
                self.embed if judged else None,
                self.listener if judged else None,
                self.settings.saliency != 0,
                mentions,
                self.read_tokens if named and self._fits_judges else None,
                partial(self._adapted, list(unlabeled), progress) if self.adapt else None,
                annotates(self.settings.family),
                self._estimator,
                self.settings.seed,
                self._own_judge,
            )
            self.columns = self._fitted.told(self.columns)

    def _adapted(
        self, unlabeled: Sequence[Cells], progress: Callable[[float], None], lessons: Sequence[Lesson]
    ) -> Difference:
        from augdiff.training.adaptation import adapt

        more = unlabelled(unlabeled, self.columns)
        _log.info("adapting %s to %d texts", self.settings.model, len(lessons) + len(more))
        settings = self.settings
        found: Difference = adapt(
            settings.model, settings.base, settings.device, [*lessons, *more], settings.seed, report=progress
        )
        return found

    @property
    def fitted(self) -> Fitted | None:
        """What was learned from rows; None before that.

        :raises ModelError: if it was pickled, and its folder is broken or gone.
        """
        if self._fitted is None and self._fitted_at is not None:
            from augdiff.fitting.folder import load_fitted

            folder, digest = self._fitted_at
            self._fitted = load_fitted(
                Path(folder), digest, self.embed, lambda learned: self._loaded(learned).listener, self.read_tokens
            )
        return self._fitted

    @property
    def label_judge(self) -> Judge | None:
        """Who judges whether variants keep their label; None for nobody.

        :raises ModelError: see :attr:`fitted`.
        """
        if self.judge is False or self.settings.idle:
            return None
        if self._fits_judges:
            return None if self.fitted is None else self.fitted.label_judge
        return self._own_judge

    @property
    def pseudo_weight(self) -> float:
        """Of a row whose label was guessed, beside 1 of a row with a label.

        :raises ModelError: see :attr:`fitted`.
        """
        return 1.0 if self.fitted is None else self.fitted.pseudo_weight

    @property
    def sure(self) -> float:
        """How sure the judge of labels must be of the label that it gives a text: as of the hardest tenth of the rows.

        :raises ModelError: see :attr:`fitted`.
        """
        return 0.0 if self.fitted is None else self.fitted.sure

    @property
    def classes(self) -> int:
        """How many classes the container of what was fitted names; 0 where it names none.

        :raises ModelError: see :attr:`fitted`.
        """
        return 0 if self.fitted is None else self.fitted.classes

    @property
    def span_judge(self) -> SpanJudge | None:
        """Who judges whether what tags and labelled spans name is still found; None for nobody.

        :raises ModelError: see :attr:`fitted`.
        """
        if not self._fits_judges or self.settings.idle or self.fitted is None:
            return None
        return self.fitted.spans

    def shown(self, examples: Sequence[Example]) -> Sequence[Example]:
        """Rows with other rows of their label, which were fitted on, as demonstrations.

        :raises ModelError: see :attr:`fitted`.
        """
        fitted = self.fitted
        return examples if fitted is None else [fitted.shown(example) for example in examples]

    def embed(self, texts: Sequence[str]) -> Tensor:
        """The sentence embeddings that judges read, ``(N, S)``; safe in a forked process."""
        settle()
        return self.resampler.embed(texts)

    def read_tokens(self, texts: Sequence[tuple[str, Places]]) -> list[NDArray[np.float32]]:
        """What a judge of spans reads, ``(stretches, F)`` for each text; safe in a forked process."""
        from augdiff.quality.token_states import read_tokens

        settle()
        return read_tokens(self.resampler.denoiser.judge, texts)

    @property
    def listener(self) -> Listener | None:
        """The language model under the denoiser, for a judge of labels; None where there is none.

        :raises ModelError: if the weights cannot be used.
        """
        found: Listener | None = self.resampler.listener
        return found

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
        :raises OptionError: if rows of each label shall be counted, which takes all rows.
        """
        from augdiff.adapters.batches import grow_batch
        from augdiff.adapters.registry import MAPPED

        if self.columns.counted:
            raise OptionError(
                "target and balance count all rows, and map shows some at a time: call augdiff.augment(data, ...)"
            )
        if isinstance(indices, int):
            indices, rank = None, indices
        self._rank = rank if rank is not None else self._rank
        self._say_if_unfitted()
        grown, summary = grow_batch(batch, self, indices, MAPPED)
        self.summary += summary
        return grown

    def _say_if_unfitted(self) -> None:
        if self._said or not self._fits_judges or self.columns.label is None or self.settings.idle:
            return
        self._said = True
        if self.fitted is None:
            _log.warning("label judge: there is none before fit(rows), so labels are not judged; or say judge=False")

    def with_columns(self, columns: Columns) -> Self:
        """The same, with other columns."""
        other = object.__new__(type(self))
        other._set_up(self.settings, columns, self.judge, self.adapt)
        other._fitted, other._fitted_at = self._fitted, self._fitted_at
        return other

    def without_variants(self) -> Self:
        """The same for rows that only get the column ``augdiff``, so that all splits have equal features."""
        columns = replace(self.columns, keep_original=True, target=(), balance=False, grows=False)
        other = self.with_columns(columns)
        other.settings = replace(self.settings, n=0, pseudo_label=False)
        other._fitted = other._fitted_at = None
        return other

    def __getstate__(self) -> dict[str, Any]:
        return {
            "settings": asdict(self.settings),
            "columns": asdict(self.columns),
            "judge": self.judge,
            "adapt": self.adapt,
            "fitted": self.kept(),
            "version": __version__,
            "weights": self.weights,
            "precision": self.precision,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set_up(Settings(**state["settings"]), Columns(**state["columns"]), state["judge"], state["adapt"])
        self._fitted_at = state["fitted"]
        self._pickled_with = state["weights"]

    def with_kept(self, kept: tuple[str, str] | None) -> Self:
        """The same, with what another one was fitted on, as its :meth:`kept` gives it.

        :raises ModelError: if the folder is broken or gone.
        """
        other = self.with_columns(self._unfitted_columns)
        other._fitted, other._fitted_at = None, kept
        if other.fitted is not None:
            other.columns = other.fitted.told(other.columns)
        return other

    def kept(self) -> tuple[str, str] | None:
        """Folder and digest of what was fitted, written if need be; None if nothing was."""
        if self._fitted_at is None and self._fitted is not None:
            from augdiff.fitting.folder import save_fitted

            self._fitted_at = str(save_fitted(self._fitted)), self._fitted.digest
        return self._fitted_at

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.settings}, {self.columns})"


def _in_memory(name: str, data: Any, splits: tuple[str, ...]) -> list[Cells]:
    from augdiff.adapters.containers import read

    parts: list[Cells] | None = read(data, splits)
    if parts is None:
        raise OptionError(
            f"{name} must be rows in memory, was a stream: {type(data).__name__}; fit on some of its rows, such as "
            "list(data.take(1000))"
        )
    return parts


def _checked(judge: bool | Judge | ByEstimator) -> bool | Judge | ByEstimator:
    if isinstance(judge, bool | ByEstimator) or (hasattr(judge, "classes") and hasattr(judge, "probabilities")):
        return judge
    mend = "; an estimator is given as ByEstimator(estimator)" if hasattr(judge, "predict_proba") else ""
    raise OptionError(
        f"judge must be True, False, or have classes and probabilities(texts, keys){mend}, was: {short(judge)}"
    )


def _on_rank(settings: Settings, rank: int | None) -> Settings:
    """Settings that give worker ``rank`` a graphics card of its own, where there are any."""
    if rank is None or settings.device not in ("auto", "cuda"):
        return settings
    import torch

    cards = torch.cuda.device_count()
    return replace(settings, device=f"cuda:{rank % cards}") if cards else settings
