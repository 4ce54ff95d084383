"""The closing of messages after 72 hours."""

from tests.support.in_process.bridge import Bridge

HOURS = 72


NO_RECEIPT, UNKNOWN, NOT_SENT = (1, "NO_RECEIPT"), (1, "OUTCOME_UNKNOWN"), (1, "NOT_SENT")


def pass_72_hours(bridge: Bridge) -> None:
    bridge.clock.advance(hours=HOURS + 1)
