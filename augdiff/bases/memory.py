"""Too little memory, said in one line."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from augdiff.errors import ModelError

_SAYINGS = ("allocate memory", "not enough memory", "out of memory")


@contextmanager
def enough_memory(what: str, size: int) -> Iterator[None]:
    """Around work that makes tensors.

    :param what: it is that needs memory, for the message.
    :param size: about how many bytes.
    :raises ModelError: if numpy, torch or the system had no more of it.
    """
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not _lacks_memory(error):
            raise
        raise ModelError(
            f"there is not enough memory for {what}, which takes about {size / 1e9:.1f} GB: close other programs, "
            "or use model='base-en'"
        ) from error


def _lacks_memory(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or any(saying in str(error) for saying in _SAYINGS)
