"""Holds: the breakers that Tencent opens by a refusal which concerns the account and not the message.

`tencent-account` stops every call that sends. `tencent-mainland` and `tencent-foreign` stop the calls of one kind:
those to mainland numbers or those to all others, which have packages and permissions of their own at Tencent.
"""

from chalicelib.domain import phones
from chalicelib.domain.breaker import Hold
from chalicelib.domain.planning import Call


def hold_on_kind(call: Call) -> Hold:
    """Return the hold on calls of this call's kind. All numbers of a call are of one kind."""
    return "tencent-mainland" if phones.is_mainland(call.phones[0]) else "tencent-foreign"


def holds_on(call: Call) -> tuple[Hold, Hold]:
    """Return the holds that stop a call while they are open."""
    return "tencent-account", hold_on_kind(call)
