"""``interpolate``: texts on the way from one to another, by vectors that stand for them."""

from __future__ import annotations

import numpy as np
import torch

from augdiff.denoisers.load import load
from augdiff.errors import DataError, ModelError
from augdiff.family.latent import NAME, compose
from augdiff.seeds import derive_seed
from augdiff.settings import Settings


def interpolate(
    first: str,
    second: str,
    n: int = 3,
    *,
    model: str,
    seed: int = 0,
    strength: float = 0.5,
    steps: int | None = None,
    temperature: float = 0.3,
    min_p: float = Settings.min_p,
    device: str = Settings.device,
) -> list[str]:
    """Write ``n`` texts on the way from one to another.

    Both are taken to the noise that the denoiser would take back to them, the way between these is cut into equal
    parts, and what lies at each cut is taken back and read out (LD4LG, arXiv 2212.09462).

    :param model: a folder that ``augdiff train --family latent`` wrote.
    :param strength: how far up the noise they meet, 0 to 1: further up, less of their own is kept.
    :param steps: on the way up and on the way back; None is what the family takes.
    :param temperature: of the reader: low, since what is wanted is what the vectors say.
    :param seed: so are the others: see :class:`augdiff.settings.Settings`.
    :raises DataError: if a text is empty or too long to be read.
    :raises OptionError: if an option cannot be used.
    :raises ModelError: if the model cannot be found or read, or has no such vectors.
    """
    settings = Settings(
        n=n, seed=seed, strength=strength, model=model, family=NAME, steps=steps, temperature=temperature,
        min_p=min_p, device=device,
    )  # fmt: skip
    denoiser = load(model, device)
    if denoiser.latent is None:
        raise ModelError(f"model {model!r} has no autoencoder: train one with augdiff train --family {NAME}")
    writer = compose(denoiser, settings)
    encoded = [encoding.ids for encoding in denoiser.vocabulary.encode([first, second])]
    for text, ids in zip((first, second), encoded, strict=True):
        if not 0 < len(ids) <= writer.longest:
            raise DataError(f"text has {len(ids)} tokens, from 1 to {writer.longest} are read, was: {text[:40]!r}")
    cuts = torch.arange(1, n + 1, device=denoiser.device) / (n + 1)
    z = writer.between(encoded[0], encoded[1], cuts, strength)
    seeds = np.array([derive_seed(seed, f"{first}\n{second}", number, 0) for number in range(1, n + 1)], np.uint64)
    lines = writer.written(z, seeds, [()] * n)
    spelled = [denoiser.vocabulary.spell(line.ids) for line in lines]
    return [" ".join(words) for words in spelled]
