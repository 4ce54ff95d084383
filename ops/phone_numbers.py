"""Phone numbers as operators type them."""

from chalicelib.domain import phones
from ops.errors import OperatorError


def parse(text: str) -> str:
    """Return a number in the form of the table's keys. Raises OperatorError if it is no phone number."""
    try:
        return phones.parse(text)
    except ValueError:
        raise OperatorError(f"{text} is not a phone number") from None
