"""The whole trial: split, grow what is learnt from, learn, test on what was left out, compare."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from operator import index
from typing import Any

import numpy as np

from augdiff import __version__
from augdiff.augmenter import Augmenter
from augdiff.errors import OptionError, require
from augdiff.evaluation.classifiers import Classifier, frozen_encoder, word_counts
from augdiff.evaluation.ground import Cut, Ground, lay_out
from augdiff.evaluation.methods import AUGDIFF, DUPLICATE, METHODS, NONE, Grown, grow, none
from augdiff.evaluation.report import Report, Result
from augdiff.evaluation.scores import SCORES
from augdiff.evaluation.statistics import Answers, Gain, Outcome, compare, measure

#: Done, of how many, and what is being done.
Progress = Callable[[int, int, str], None]

_log = logging.getLogger("augdiff")


def evaluate(
    data: Any,
    augmenter: Augmenter,
    *,
    test: Any = None,
    folds: int = 5,
    seeds: int = 3,
    score: str = "accuracy",
    group: str | None = None,
    encoder: str = "base-en",
    fine_tune: bool = False,
    fine_tune_steps: int = 200,
    progress: Progress | None = None,
    note: Callable[[str], None] = _log.warning,
) -> Report:
    """Does augmentation help on ``data``? Classifiers learn with it and without it.

    The rows are split by stratified cross-validation, ``seeds`` times into ``folds``; equal texts are never on both
    sides. All that learns, augdiff included, sees the rows to learn from alone, and each classifier learns from four
    versions of them: as they are (``none``), each as often again as augdiff kept variants of it (``duplicate``), with
    random string edits in their place (``eda``), and with the variants (``augdiff``). Their ``weight`` is passed on.

    With ``test``, the same parts of ``data`` are learnt from, and all are tested on these rows.

    An augmenter with ``pseudo_label=True`` has rows without a label beside every part that is learnt from; they are
    never tested on, and those that are equal to a tested row are left out.

    The gain is over ``none`` on the same splits. Folds overlap, and so do the parts of ``data`` that are learnt from;
    how its interval heeds that is told in :mod:`augdiff.evaluation.statistics`.

    :param data: rows with labels: a pandas frame, a pyarrow table, a dict of columns, a list of dicts, a Dataset.
    :param augmenter: says which columns are text and label, and how variants are made.
    :param folds: parts that the rows are split into, at least 2.
    :param seeds: how often they are split; each repetition adds its number to the augmenter's seed.
    :param score: ``accuracy`` or ``macro-f1``.
    :param group: column whose equal values are never on both sides, such as an author or a conversation.
    :param encoder: the model whose sentence vectors classifiers read, whatever the augmenter's model.
    :param fine_tune: whether an encoder that learns is tried, too, which takes long.
    :param fine_tune_steps: of 32 rows each.
    :param progress: told of every step.
    :param note: told of what makes the results doubtful, and how long fine-tuning will take.
    :raises OptionError: naming the argument, the rule and the value.
    :raises DataError: naming the row, the column, the value and the mend; also if rows were augmented before.
    :raises ModelError: if the weights cannot be used.
    :raises MissingExtraError: if scikit-learn is not installed.
    """
    require("sklearn", "judge")
    _check(augmenter, folds, seeds, score, fine_tune_steps)
    warnings: list[str] = []
    guesses = augmenter.settings.pseudo_label
    ground = lay_out(data, test, augmenter.columns, group, Cut(folds, seeds), warnings, unlabelled=guesses)
    for line in warnings:
        note(line)
    classifiers = [word_counts(), _frozen(encoder, augmenter)]
    if fine_tune:
        classifiers.append(_tuned(encoder, augmenter, fine_tune_steps, ground, note))
    tested, kept = try_all(ground, augmenter, classifiers, progress or (lambda done, whole, what: None))
    if not kept:
        warnings.append("no variant was kept and no row got a label, so there was nothing new to learn from")
        note(warnings[-1])
    settings = {
        "score": score,
        "rows": len(ground.rows),
        "unlabelled": len(ground.unlabelled),
        "labels": len(np.unique(ground.codes)),
        "tested": len(ground.tested),
        "learnt": ground.learnt,
        "folds": folds,
        "seeds": seeds,
        "kept": round(kept, 3),
        "encoder": encoder,
        "text": ground.rows.text,
        "label": ground.rows.label,
        "augdiff": {
            **vars(augmenter.settings),
            "judge": augmenter.judge is not False,
            "adapt": augmenter.adapt,
            "target": {str(label): count for label, count in augmenter.columns.target},
            "balance": augmenter.columns.balance,
            "weights": augmenter.model,
        },
        "version": __version__,
    }
    return judge(ground, tested, score, settings, warnings)


def try_all(
    ground: Ground, augmenter: Augmenter, classifiers: Sequence[Classifier], progress: Progress
) -> tuple[dict[tuple[str, str], list[Answers]], float]:
    """Let every classifier learn by every method in every split.

    :returns: for each name of a classifier and a method, what it said in each split; and how many texts were new for
        each row, mean.
    """
    tested: dict[tuple[str, str], list[Answers]] = {(each.name, name): [] for each in classifiers for name in METHODS}
    whole = len(ground.splits) * (1 + len(tested))
    kept = []
    done = 0
    for split in ground.splits:
        progress(done, whole, "augmenting")
        grown = grow(ground.rows.at(split.train), ground.codes[split.train], augmenter, split.seed, ground.unlabelled)
        kept.append(len(grown.texts) / len(split.train) - 1)
        done += 1
        rows = ground.test_rows(split)
        texts = [ground.tested.texts[row] for row in rows]
        for classifier in classifiers:
            for name, method in METHODS.items():
                progress(done, whole, f"{classifier.name}, {name}")
                predicted = classifier.predict(method(grown, split.seed), texts, split.seed)
                tested[classifier.name, name].append(Answers(rows, predicted))
                done += 1
    progress(done, whole, "done")
    return tested, float(np.mean(kept))


def judge(
    ground: Ground,
    tested: dict[tuple[str, str], list[Answers]],
    score: str,
    settings: dict[str, Any],
    warnings: Sequence[str],
) -> Report:
    """What follows from the predictions."""
    outcomes = {key: measure(value, ground.truth, ground.groups, SCORES[score]) for key, value in tested.items()}

    def gain(outcome: Outcome, base: Outcome) -> Gain:
        return compare(outcome, base, ground.overlap, ground.shared)

    results = []
    for (name, method), outcome in outcomes.items():
        over = gain(outcome, outcomes[name, NONE])
        results.append(Result(name, method, outcome.score, over.gain, over.low, over.high))
    names = list(dict.fromkeys(name for name, _ in outcomes))
    over_copies = {name: gain(outcomes[name, AUGDIFF], outcomes[name, DUPLICATE]) for name in names}
    return Report(results, over_copies, ground.learnt, settings, warnings)


def _check(augmenter: Augmenter, folds: int, seeds: int, score: str, steps: int) -> None:
    for name, value, least in (("folds", folds, 2), ("seeds", seeds, 1), ("fine_tune_steps", steps, 1)):
        try:
            enough = index(value) >= least
        except TypeError:
            enough = False
        if not enough:
            raise OptionError(f"{name} must be a whole number of at least {least}, was: {value!r}")
    if score not in SCORES:
        raise OptionError(f"score must be one of {', '.join(SCORES)}, was: {score!r}")
    if not augmenter.settings.n:
        raise OptionError("n must be at least 1 for variants to be evaluated, was: 0")


def _frozen(encoder: str, augmenter: Augmenter) -> Classifier:
    from augdiff.denoisers.load import load

    return frozen_encoder(load(encoder, augmenter.settings.device).judge)


def _tuned(encoder: str, augmenter: Augmenter, steps: int, ground: Ground, note: Callable[[str], None]) -> Classifier:
    """A classifier that is fine-tuned, after it was said how long that will take."""
    from augdiff.evaluation.tuning import Tuner, Tuning

    tuner = Tuner(encoder, Tuning(steps), augmenter.settings.device)
    first = ground.splits[0]
    rows = ground.rows.at(first.train)
    grown = Grown(list(rows.texts), ground.codes[first.train], np.ones(len(rows)), np.arange(len(rows)))
    seconds = tuner.seconds(none(grown, 0), len(ground.test_rows(first)))
    times = len(ground.splits) * len(METHODS)
    note(f"fine-tuning {times} times will take about {_spoken(seconds * times)}")
    return tuner.classifier


def _spoken(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
