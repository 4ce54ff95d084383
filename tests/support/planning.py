"""Plans of calls, as tests look at them."""

from chalicelib.domain.planning import Call, Recipients


def calls_of(recipients: Recipients) -> list[Call]:
    """The Tencent calls that a plan comes to."""
    return [call for chunk in recipients.chunks() for call in chunk.calls]
