"""Lists that are only ever read whole, as one compressed attribute: write units go by the kilobyte."""

import json
import zlib
from typing import Any


def pack(value: Any) -> bytes:
    """Anything that JSON holds."""
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def unpack(packed: bytes) -> Any:
    """What `pack` was given, with lists for tuples and texts for keys."""
    return json.loads(zlib.decompress(packed))
