"""Campaigns with recipients whom Tencent refused, and their resends."""

from collections import Counter
from typing import Any

from ops import resending
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.tencent import coded, refused

PHONES = [f"139{number:08d}" for number in range(6)]
"""The recipients of `accept`; Tencent refuses the first four of them, two each with one code."""
REFUSED = PHONES[:4]
ILLEGAL = "isv.MOBILE_NUMBER_ILLEGAL"
BLACK = "isv.BLACK_KEY_CONTROL_LIMIT"
FAILED = {phone: {(1, ILLEGAL if n < 2 else BLACK)} for n, phone in enumerate(REFUSED)}

DELIVERED = {(2, "DELIVERED")}


def refuse(bridge: Bridge) -> None:
    """Let Tencent refuse the first two of PHONES as illegal, the next two as blacklisted."""
    for number, phone in enumerate(REFUSED):
        code, text = (1016, "number") if number < 2 else (1015, "black list")
        bridge.tencent.always("86" + phone, refused(coded(code), text))


def accept_again(bridge: Bridge) -> None:
    """Let Tencent accept everybody."""
    for phone in REFUSED:
        bridge.tencent.always("86" + phone, None)


def campaign(bridge: Bridge, code: str = "", out_id: str = "task-1") -> Answer:
    """Send a campaign of six different messages, of which Tencent refuses four; the others are delivered."""
    refuse(bridge)
    params = [{"name": phone} for phone in PHONES]
    answer = bridge.campaign(PHONES, params, code=code or bridge.template(), out_id=out_id)
    assert answer.code == "OK"
    bridge.pump.run("deliver", hours=1)
    accept_again(bridge)
    return answer


def settle(bridge: Bridge) -> dict[str, set[tuple[int, str]]]:
    """Deliver and push everything; return the reports of each phone. Assert that no phone was sent to twice."""
    bridge.pump.run("deliver", "push", hours=3)
    bridge.deliver_all()
    bridge.pump.run("settle", "push", hours=3)
    assert bridge.pump.count("sends") == bridge.pump.count("sends-dead") == 0
    check_once(bridge)
    return by_phone(bridge.quick_audience.receipts)


def check_once(bridge: Bridge, what: object = "") -> None:
    """Check that Tencent accepted at most one message to each phone."""
    times = Counter(sms.phone for sms in bridge.tencent.sent)
    assert not times or max(times.values()) == 1, what


def left_out(account: dict[str, Any]) -> dict[str, int]:
    return {one["why"]: one["recipients"] for one in account["leftOut"]}


def resend(*codes: str, **arguments: Any) -> dict[str, Any]:
    return resending.resend("task-1", codes, **arguments)


def look(**arguments: Any) -> dict[str, Any]:
    return resending.resend("task-1", dry_run=True, **arguments)


def sent_to(bridge: Bridge) -> dict[str, tuple[str, ...]]:
    """Return the values of the messages that Tencent accepted, by phone."""
    return {sms.phone.removeprefix("86"): sms.params for sms in bridge.tencent.sent}
