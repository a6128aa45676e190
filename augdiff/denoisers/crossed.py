"""An encoder of what is clean, and a decoder of noised vectors that looks at it: GENIE, arXiv 2212.11685, section 3.

Both read one row: the encoder its clean places, the decoder the noised ones, each at its own position. New weights are
the paper's: after each layer of the decoder a look at the encoder's last states. That begins as nothing, and a decoder
made of a masked denoiser would first have to learn to see what is clean. Its layers see the encoder's states of the
same height instead, in one attention with their own (mixed attention: He et al. 2018, "Layer-wise coordination between
encoder and decoder").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.denoisers.encoder import Encoder, EncoderConfig, Layer
from augdiff.denoisers.even import EvenLinear
from augdiff.denoisers.vectors import CROSSED, FIXED, LEARNED, VectorEncoder
from augdiff.errors import ModelError

_FAR = -1e9


class CrossLayer(nn.Module):
    """A layer of an encoder, and after it a look at what another one knows."""

    def __init__(self, config: EncoderConfig, layer: Layer) -> None:
        super().__init__()
        self.own = Layer(config)
        self.own.load_state_dict(layer.state_dict())
        self.ask = EvenLinear(config.width, config.width)
        self.told = EvenLinear(config.width, 2 * config.width)
        self.out = EvenLinear(config.width, config.width)
        for part in (self.ask, self.told):
            nn.init.normal_(part.weight, std=0.02)
            nn.init.zeros_(part.bias)
        # It begins as the layer that it is made of.
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def beside(self, x: Tensor, bias: Tensor, known: Tensor, known_bias: Tensor) -> Tensor:
        """See :meth:`augdiff.denoisers.encoder.Layer.beside`."""
        x = self.own(x, bias)
        batch, length, width = x.shape
        split = (batch, length, self.own.heads, width // self.own.heads)
        q = self.ask(x).view(split).transpose(1, 2)
        k, v = (part.reshape(split).transpose(1, 2) for part in self.told(known).chunk(2, -1))
        mixed = self.own.attention(q, k, v, known_bias).transpose(1, 2).reshape(batch, length, width)
        found: Tensor = x + self.out(mixed)
        return found


class CrossedEncoder(VectorEncoder):
    """See :class:`augdiff.denoisers.vectors.VectorEncoder`; its vectors are the encoder's embeddings.

    :param encoder: reads what is clean; the decoder begins with its layers, too.
    :param masks: whether it begins as an encoder that fills in masks, and its decoder by mixed attention.
    :param shown: whether its decoder reads its own last prediction.
    """

    def __init__(self, encoder: Encoder, masks: bool = False, shown: bool = True) -> None:
        super().__init__(encoder, learned=True, masks=masks, shown=shown)
        layers: list[Layer] = list(encoder.layers)  # type: ignore[arg-type]
        self.decoder = nn.ModuleList(deepcopy(layers) if masks else [CrossLayer(encoder.config, own) for own in layers])
        # After which layer of the encoder each of the decoder looks at it.
        self.heights = range(len(layers)) if masks else [len(layers)] * len(layers)

    @property
    def kind(self) -> str:
        """See :class:`augdiff.denoisers.vectors.VectorEncoder`."""
        return CROSSED

    @property
    def stacks(self) -> tuple[nn.ModuleList, ...]:
        """Those of both parts."""
        return (self.encoder.layers, self.decoder)

    def through(self, x: Tensor, mixed: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """See :class:`augdiff.denoisers.vectors.VectorEncoder`; what is not asked for is clean."""
        noised = torch.zeros_like(real)
        noised[where] = True
        clean_bias, noised_bias = (
            torch.zeros(part.shape, device=x.device).masked_fill_(~part, _FAR)[:, None, None]
            for part in (real & ~noised, noised)
        )
        encoder, none = self.encoder, tuple(each[:0] for each in where)
        known = [encoder.placed(self.mixed(x, torch.zeros_like(x), x.new_zeros(len(x)), none))]
        for layer in encoder.layers:
            known.append(layer(known[-1], clean_bias))
        states = encoder.placed(mixed)
        for layer, height in zip(self.decoder, self.heights, strict=True):
            states = layer.beside(states, noised_bias, known[height], clean_bias)  # type: ignore[operator]
        features: Tensor = encoder.transform_norm(F.gelu(encoder.transform(states[where])))
        return features


_KINDS: Mapping[str, Callable[[Encoder, bool, bool], VectorEncoder]] = {
    FIXED: lambda encoder, masks, shown: VectorEncoder(encoder, False, masks, shown),
    LEARNED: lambda encoder, masks, shown: VectorEncoder(encoder, True, masks, shown),
    CROSSED: CrossedEncoder,
}


def vector_network(kind: str, encoder: Encoder, masks: bool = False, shown: bool = True) -> VectorEncoder:
    """A new network of a kind around an encoder.

    :param masks: so is ``shown``: see :class:`augdiff.denoisers.vectors.VectorEncoder`.
    :raises ModelError: if there is no such kind.
    """
    if kind not in _KINDS:
        raise ModelError(f"there is no network of vectors of kind {kind!r}: the model was not written by this version")
    return _KINDS[kind](encoder, masks, shown)
