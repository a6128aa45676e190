"""Of several texts written of one source, which to hand over: those that agree most, or those the model likes best."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from augdiff.quality.bleu import bleu

#: Texts of one source, and the mean log-probability of their tokens, to the places of the texts, the best first.
Ranking = Callable[[Sequence[str], Sequence[float]], list[int]]


def by_agreement(texts: Sequence[str], likelihoods: Sequence[float] = ()) -> list[int]:
    """The one with the highest mean BLEU against the others first; of equals the earlier one. See :data:`Ranking`.

    What most draws say is more likely right than what one says, and less surprising: minimum Bayes risk (Kumar and
    Byrne 2004), as DiffuSeq has it.
    """
    words = [text.casefold().split() for text in texts]

    def agreement(at: int) -> float:
        return sum(bleu(words[at], [other]) for place, other in enumerate(words) if place != at)

    return sorted(range(len(texts)), key=agreement, reverse=True)


def by_likelihood(texts: Sequence[str], likelihoods: Sequence[float]) -> list[int]:
    """The one first whose tokens were likeliest when they were drawn, as RDM and GENIE rank. See :data:`Ranking`.

    It costs nothing, where :func:`by_agreement` compares each text with each other one.
    """
    return sorted(range(len(texts)), key=lambda at: likelihoods[at], reverse=True)
