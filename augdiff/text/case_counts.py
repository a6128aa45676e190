"""Counting how words are written in running text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

from augdiff.text.casing import Cases, normalised
from augdiff.text.manner import in_headline, manner_of
from augdiff.text.words import find_words

# What may stand before a word that is surely inside a sentence.
_INSIDE = frozenset({" ", ", ", " (", "; ", " - "})
# Pairs seen once are forgotten whenever so many have piled up.
_MOST_PAIRS = 2_000_000


def count_cases(lines: Iterable[str], min_count: int = 5, limit: int = 40_000) -> Cases:
    """The commonest form of the words of ``lines`` and of names of two words.

    Words at the start of a sentence, and lines in capitals, in lower case or with a headline's
    capitals, tell nothing and are not counted. A capital beside another one may be part of a name
    (*River* in *Hudson River*), so words are judged by where they stand alone, if they do.

    :param min_count: words seen less often are left out; pairs need four times as much.
    :param limit: most words and pairs together, the most frequent ones.
    """
    counts = _Counts()
    for line in lines:
        manner = manner_of(line)
        if not (manner.lower or manner.capitals or in_headline(line, 0)):
            counts.add(line)
    return counts.cases(min_count, limit)


class _Counts:
    """Counters over normalised words and pairs."""

    def __init__(self) -> None:
        self.alone: dict[str, Counter[str]] = defaultdict(Counter)
        self.beside: dict[str, Counter[str]] = defaultdict(Counter)
        self.names: Counter[str] = Counter()
        self.plain: Counter[str] = Counter()

    def add(self, line: str) -> None:
        """Count the words of one line."""
        spans = find_words(line)
        words = [line[start:end] for start, end in spans]
        capital = [word[0].isupper() for word in words]
        inside = [False] + [line[a:b] in _INSIDE for (_, a), (b, _) in pairwise(spans)]
        for at, word in enumerate(words):
            if not inside[at] or word[0].isdigit():
                continue
            key = normalised(word).replace("’", "'")
            near = (at > 1 and capital[at - 1]) or (at + 1 < len(words) and capital[at + 1])
            table = self.beside if capital[at] and near else self.alone
            table[key][word.replace("’", "'")] += 1
            if at > 1 and inside[at - 1] and line[spans[at - 1][1] : spans[at][0]] == " ":
                self._add_pair(words[at - 1], word, capital[at - 1] and capital[at])

    def _add_pair(self, first: str, second: str, name: bool) -> None:
        key = f"{first} {second}"
        if "'" in key or "’" in key or (first.isupper() and len(first) > 1):
            return
        if name:
            self.names[key] += 1
            if len(self.names) > _MOST_PAIRS:
                self.names = Counter({pair: count for pair, count in self.names.items() if count > 1})
        elif key.title() in self.names:
            self.plain[key.title()] += 1

    def cases(self, min_count: int, limit: int) -> Cases:
        """What was counted, as :class:`Cases`."""
        found: list[tuple[int, str]] = []
        forms: dict[str, str] = {}
        for key in self.alone.keys() | self.beside.keys():
            alone, beside = self.alone.get(key, Counter()), self.beside.get(key, Counter())
            total = alone.total() + beside.total()
            deciding = alone if alone.total() >= min_count else alone + beside
            forms[key] = min(deciding, key=lambda form: (-deciding[form], form != form.lower(), form))
            if total >= min_count:
                found.append((total, forms[key]))
        for pair, count in self.names.items():
            first, second = pair.split(" ")
            known = forms.get(normalised(first)) == first and forms.get(normalised(second)) == second
            if count >= 4 * min_count and count > self.plain[pair] and not known:
                found.append((count, pair))
        found.sort(key=lambda entry: (-entry[0], entry[1]))
        return Cases.of(form for _, form in found[:limit])
