"""From a device's name to the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augdiff.errors import ModelError

if TYPE_CHECKING:
    import torch


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
