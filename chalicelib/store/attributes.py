"""Plain values as DynamoDB's attributes and back: the kinds that this table holds, and no others.

boto3 has the same for every kind, through Decimals and at four times the cost; a campaign does it a dozen
times to each message.
"""

from typing import Any

Attribute = dict[str, Any]


def write(value: Any) -> Attribute:
    """A value as an attribute. Raises TypeError for what this table doesn't hold, fractions above all."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(int(value))}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, dict):
        return {"M": {name: write(one) for name, one in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [write(one) for one in value]}
    if value is None:
        return {"NULL": True}
    raise TypeError(f"the table holds no {type(value).__name__}")


def read(attribute: Attribute) -> Any:
    """An attribute as a value; tuples come back as lists. Raises as `write` does."""
    [(kind, value)] = attribute.items()
    match kind:
        case "S" | "B" | "BOOL":
            return value
        case "N":
            return int(value)
        case "M":
            return {name: read(one) for name, one in value.items()}
        case "L":
            return [read(one) for one in value]
        case "NULL":
            return None
    raise TypeError(f"the table holds no {kind}")
