"""Seeds of attempts at variants."""

from __future__ import annotations

from hashlib import blake2b


def derive_seed(seed: int, key: str, number: int, attempt: int) -> int:
    """The seed of an attempt, 0 to 2^63 - 1; everything that is drawn for it follows from this.

    Its lowest bit says whether slots must begin with another token than the source's, as they must
    after the second attempt, so that a seed makes its text again without its history.
    """
    name = f"{seed}\x1f{key}\x1f{number}\x1f{attempt}".encode()
    drawn = int.from_bytes(blake2b(name, digest_size=8).digest(), "little") >> 1
    return drawn & ~1 | (attempt > 1)
