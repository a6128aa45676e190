"""A text's meaning noised and denoised, and read out by a small language model: latent diffusion, LD4LG and PLANNER.

Lovelace et al. 2023, arXiv 2212.09462, and Zhang et al. 2023, arXiv 2306.02531. A text is a few vectors, a transformer
denoises these with its last prediction at hand (DDIM, arXiv 2010.02502), and a causal reader writes the text that they
stand for. Other than in both papers the autoencoder and the denoiser learn at once, all three parts begin with a
masked denoiser's layers, and the reader learns from slightly noised vectors, so that near vectors read alike. How much
of a text noise takes is measured after training, and a strength is a share of its tokens. It has weights of its own.
"""

from __future__ import annotations

from augdiff.compositions.latent_writer import LatentWriter
from augdiff.denoisers.denoiser import Denoiser
from augdiff.engine.order import at_random
from augdiff.engine.process import Process
from augdiff.engine.schedule import cosine_waves
from augdiff.engine.space import LatentSpace
from augdiff.errors import ModelError
from augdiff.family.family import Family
from augdiff.settings import Settings
from augdiff.training.latents import by_latents, untouched, with_latents
from augdiff.training.objectives import Objective, for_any

NAME = "latent"
_STEPS, _STRENGTHS = 20, (0.3, 0.6)


def compose(denoiser: Denoiser, settings: Settings) -> LatentWriter:
    """See :class:`augdiff.family.family.Family`."""
    network = denoiser.latent
    if network is None:
        raise ModelError(f"model {settings.model!r} has no autoencoder: train one with augdiff train --family latent")
    process = Process(LatentSpace(network.sizes.width), cosine_waves, order=at_random)
    return LatentWriter(denoiser, network, settings, process, _STRENGTHS, _STEPS)


FAMILY = Family(
    "the meaning of a text noised and denoised, then read out (Lovelace et al. 2023, Zhang et al. 2023)",
    compose,
    weights=NAME,
    objective=Objective(for_any(untouched), by_latents, pairs=None, masks=False, begin=with_latents),
)
