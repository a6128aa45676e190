"""Refill: rows grow until there are as many of each label as are wanted, or until a budget is spent.

It goes in rounds. What a label lacks is asked of its rows, evenly, and first of those that were asked for the least.
What is fit is kept, and the next round asks for the rest: for further variants, which have further numbers and so other
seeds. A round asks for no more than is missing, so there are never more than are wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from augdiff.quality.novelty import bare
from augdiff.rows.columns import Cells, Columns
from augdiff.rows.examples import Example
from augdiff.rows.goals import Goal, find_goals
from augdiff.rows.growing import Rows, make_rows
from augdiff.rows.made import Made, choose
from augdiff.rows.making import Resampling, make
from augdiff.rows.summary import Shortage
from augdiff.variant import KEPT, SURPLUS


def grow_rows(cells: Cells, columns: Columns, augmenter: Resampling, numbers: Sequence[int] | None = None) -> Rows:
    """Resample the rows of ``cells``; these are all that there are, if ``columns`` say that rows are counted.

    :param numbers: of the rows in their container; None where they are not known.
    :raises DataError: if a row cannot be resampled.
    :raises OptionError: if rows cannot be counted as asked.
    """
    if not columns.counted:
        return make_rows(cells, columns, augmenter, numbers)
    refill = Refill(columns, cells.classes.get(columns.label or "", ()))
    rows = make_rows(cells, columns, augmenter, numbers, refill)
    rows.summary = replace(rows.summary, short=refill.short)
    return rows


@dataclass
class Refill:
    """Makes the variants that labels lack, of all rows at once.

    Copies of other rows and of their variants are rejected, whatever their label. Equal rows would get equal variants,
    so the first of them is asked for all.

    :param classes: names of the labels 0, 1, ...
    :param short: what is missing in the end.
    """

    columns: Columns
    classes: Sequence[str] = ()
    short: tuple[Shortage, ...] = field(default=(), init=False)

    def __call__(self, examples: Sequence[Example], augmenter: Resampling) -> list[Made]:
        """What came of each row."""
        goals = [
            replace(goal, rows=_distinct(goal.rows, examples))
            for goal in find_goals([example.label for example in examples], self.columns, self.classes)
        ]
        made = [Made(example) for example in examples]
        texts = {_plain(example.text) for example in examples}
        asked: Counter[int] = Counter()
        shares = _shares(goals, made, asked, augmenter.settings.budget)
        # Rows that are asked for nothing are judged, too.
        rows: Sequence[int] = range(len(made))
        while rows:
            for part in _parts(rows, shares, augmenter.settings.batch_size):
                before = [made[row] for row in part]
                found = make(before, [shares[row] for row in part], augmenter)
                for row, old, new in zip(part, before, found, strict=True):
                    chosen = choose(_without_copies(new, texts), shares[row], old.kept)
                    texts.update(_plain(one.text) for one in chosen.kept)
                    made[row] = replace(old, label=new.label, variants=(*old.variants, *chosen.variants))
            asked.update(shares)
            shares = _shares(goals, made, asked, augmenter.settings.budget)
            rows = sorted(shares)
        for goal in goals:
            if _missing(goal, made):
                _keep_surplus(goal, made, texts)
        self.short = tuple(_shortage(goal, made) for goal in goals if _missing(goal, made))
        return [_as_rows(one) for one in made]


def _distinct(rows: Iterable[int], examples: Sequence[Example]) -> tuple[int, ...]:
    """The first of those rows that would get equal variants."""
    firsts: dict[tuple[str, str], int] = {}
    for row in rows:
        firsts.setdefault((examples[row].key, examples[row].text), row)
    return tuple(firsts.values())


def _missing(goal: Goal, made: Sequence[Made]) -> int:
    return goal.missing - sum(len(made[row].kept) for row in goal.rows)


def _shares(goals: Sequence[Goal], made: Sequence[Made], asked: Counter[int], budget: int) -> Counter[int]:
    """How many variants are asked of each row next; nothing if all is there or the budget is spent.

    :param asked: how many were asked of each.
    """
    shares: Counter[int] = Counter()
    for goal in goals:
        left = goal.missing * budget - sum(asked[row] for row in goal.rows)
        each, more = divmod(max(0, min(_missing(goal, made), left)), len(goal.rows))
        order = sorted(goal.rows, key=lambda row: asked[row])
        shares.update({row: each + (place < more) for place, row in enumerate(order)})
    return +shares


def _parts(rows: Iterable[int], shares: Mapping[int, int], size: int) -> Iterator[list[int]]:
    """Rows that are worked on at once: of ``size`` variants, or a single row of more."""
    part: list[int] = []
    room = size
    for row in rows:
        if part and room < max(1, shares[row]):
            yield part
            part, room = [], size
        part.append(row)
        room -= max(1, shares[row])
    yield part


def _without_copies(made: Made, texts: set[str]) -> Made:
    """``made`` with those variants rejected whose text is among ``texts``."""
    variants = [
        replace(one, verdict="copy", vector=None) if one.verdict == KEPT and _plain(one.text) in texts else one
        for one in made.variants
    ]
    return replace(made, variants=tuple(variants))


def _keep_surplus(goal: Goal, made: list[Made], texts: set[str]) -> None:
    """Keep what was not chosen, lowest numbers first, until nothing is missing."""
    places = [(at, row) for row in goal.rows for at, one in enumerate(made[row].variants) if one.verdict == SURPLUS]
    for at, row in sorted(places):
        variants = list(made[row].variants)
        text = _plain(variants[at].text)
        if text not in texts:
            texts.add(text)
            variants[at] = replace(variants[at], verdict=KEPT)
            made[row] = replace(made[row], variants=tuple(variants))
            if not _missing(goal, made):
                break


def _shortage(goal: Goal, made: Sequence[Made]) -> Shortage:
    verdicts = Counter(one.verdict for row in goal.rows for one in made[row].variants)
    kept = verdicts.pop(KEPT, 0)
    return Shortage(goal.label, goal.there + kept, goal.wanted, verdicts)


def _as_rows(made: Made) -> Made:
    """Rows were counted, so a variant weighs as much as a row."""
    variants = [replace(one, parts=tuple(replace(part, weight=1.0) for part in one.parts)) for one in made.variants]
    return replace(made, variants=tuple(variants))


def _plain(text: str) -> str:
    """What copies have in common, see :mod:`augdiff.quality.novelty`."""
    return bare(text) or text
