"""The size of an item as DynamoDB counts it. Tests and benchmarks share it."""

import json
from typing import Any


def size(item: dict[str, Any]) -> int:
    """Return the bytes of an item: its attribute names and its values, without DynamoDB's type letters."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(content) // 2 + 2
        case "B":
            return len(content)
        case "BOOL" | "NULL":
            return 1
    return 3 + len(json.dumps(content).encode())
