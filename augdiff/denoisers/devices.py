"""From a device's name to the device, and what it multiplies fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augdiff.errors import ModelError

if TYPE_CHECKING:
    import torch

_NO_INSTRUCTIONS = "this processor has no instructions for it"


def find_device(device: str) -> torch.device:
    """The device of a name; ``auto`` is CUDA, then MPS, then the processor.

    :raises ModelError: if torch does not know it or the machine does not have it.
    """
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"device {device!r} cannot be used ({reason}): use 'auto' or 'cpu'") from error
    return torch.device(device)


def lacking_for_half(device: torch.device) -> str | None:
    """What keeps a device from learning in bfloat16 faster than in float32; None if nothing does."""
    import torch

    if device.type == "cpu" and torch.cpu._is_avx512_bf16_supported():
        return None
    return lacking_for_tiles(device)


def lacking_for_tiles(device: torch.device) -> str | None:
    """What keeps a device from multiplying in bfloat16 faster than in 8 bits; None if nothing does."""
    import torch

    if device.type == "cpu":
        return None if torch.cpu._is_amx_tile_supported() else _NO_INSTRUCTIONS
    return None if device.type == "cuda" and torch.cuda.is_bf16_supported() else f"it is not for device {str(device)!r}"


def lacking_for_eight_bits(device: torch.device) -> str | None:
    """What keeps a device from multiplying in 8 bits faster than in float32; None if nothing does."""
    from augdiff.denoisers.eight_bit import is_fast_here

    if device.type != "cpu":
        return f"it is not for device {str(device)!r}"
    return None if is_fast_here() else _NO_INSTRUCTIONS
