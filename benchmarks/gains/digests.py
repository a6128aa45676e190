"""Short names for whatever JSON can hold."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any


def digest(value: Any) -> str:
    """16 hex digits that change with ``value``: numbers, strings, lists and mappings."""
    return blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=8).hexdigest()
