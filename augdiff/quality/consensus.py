"""Of several texts, those that agree most with the others: minimum Bayes risk (Kumar and Byrne 2004; DiffuSeq).

What most draws say is more likely right than what one says, and less surprising.
"""

from __future__ import annotations

from collections.abc import Sequence

from augdiff.quality.bleu import bleu


def by_agreement(texts: Sequence[str]) -> list[int]:
    """Places of the texts, the one with the highest mean BLEU against the others first; of equals the earlier one."""
    words = [text.casefold().split() for text in texts]

    def agreement(at: int) -> float:
        return sum(bleu(words[at], [other]) for place, other in enumerate(words) if place != at)

    return sorted(range(len(texts)), key=agreement, reverse=True)
