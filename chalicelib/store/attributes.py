"""Conversion between Python values and DynamoDB attributes, for the types that this table uses.

boto3 can convert every type, but through Decimals and in four times the time. A campaign converts a dozen items for
each message.
"""

from typing import Any

Attribute = dict[str, Any]


def write(value: Any) -> Attribute:
    """Convert a value to an attribute. Raises TypeError for types that this table does not use, such as float."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(int(value))}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, dict):
        return {"M": {name: write(element) for name, element in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [write(element) for element in value]}
    if value is None:
        return {"NULL": True}
    raise TypeError(f"the table has no attributes of type {type(value).__name__}")


def read(attribute: Attribute) -> Any:
    """Convert an attribute to a value; a tuple comes back as a list. Raises TypeError as `write` does."""
    [(letter, value)] = attribute.items()
    match letter:
        case "S" | "B" | "BOOL":
            return value
        case "N":
            return int(value)
        case "M":
            return {name: read(element) for name, element in value.items()}
        case "L":
            return [read(element) for element in value]
        case "NULL":
            return None
    raise TypeError(f"the table has no attributes of type {letter}")
