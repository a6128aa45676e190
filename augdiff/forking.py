"""Torch in a forked process.

A parent that has computed with several threads leaves its forked children a thread pool without threads,
and their first operation waits for it for ever. A child that asks for one thread before that operation
does not need the pool.
"""

from __future__ import annotations

import os

_process = os.getpid()


def settle() -> None:
    """To be called before a model runs: in a process forked since the last call, torch gets one thread."""
    global _process
    if os.getpid() == _process:
        return
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch

    torch.set_num_threads(1)
    _process = os.getpid()
