"""Plans, reduced to their calls."""

from chalicelib.domain.planning import Call
from chalicelib.domain.recipients import Recipients


def calls_of(recipients: Recipients) -> list[Call]:
    """Return the calls to Tencent in a plan."""
    return [call for chunk in recipients.chunks() for call in chunk.calls]
