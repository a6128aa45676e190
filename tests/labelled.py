"""Rows with labels, and an embedding of them that needs no weights."""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

TOPICS = {
    "food": "soup bread cook taste waiter dish plate salt pepper lunch".split(),
    "money": "card bank transfer account balance fee price loan cash rate".split(),
    "sport": "goal match team score ball player coach run league cup".split(),
}
FILLER = "the a very some old new my your it was is had with and on in good bad day then".split()


def fake_embed(texts: Sequence[str]) -> NDArray[np.float64]:
    """Unit vectors: every word has a direction of its own, and every text a little of one, too."""
    return np.stack([_unit(sum(map(_direction, text.split()), 0.3 * _direction(text))) for text in texts])


def _direction(word: str) -> NDArray[np.float64]:
    seed = int.from_bytes(blake2b(word.encode(), digest_size=8).digest())
    return np.random.default_rng(seed).standard_normal(16)


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return vector / np.linalg.norm(vector)


def sentences(count: int, seed: int, topics: Sequence[str] = tuple(TOPICS), of_topic: int = 3) -> list[tuple[str, str]]:
    """Texts and their topics, which take turns."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        topic = topics[number % len(topics)]
        words = [*rng.choice(TOPICS[topic], of_topic, replace=False), *rng.choice(FILLER, 4)]
        rows.append((" ".join(map(str, rng.permutation(words))), topic))
    return rows
