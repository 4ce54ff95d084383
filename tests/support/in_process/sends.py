"""Campaigns that are accepted and sent, and their outcomes."""

from collections import Counter
from typing import Any

from chalicelib.domain.planning import Failure
from tests.support.in_process import web
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.quickaudience import by_phone
from tests.support.in_process.tencent import Sms, lost, numbers_refused, refused

A, B, C, D = (f"1390000{number}{number}{number}{number}" for number in range(1, 5))


PHONES = [A, B, C, D]


def accept(bridge: Bridge, *phones: str, singly: bool = False) -> Answer:
    params = [{"name": phone} for phone in phones] if singly else {"name": "您"}
    answer = bridge.campaign(phones, params, code=bridge.template())
    assert answer.code == "OK"
    return answer


def accept_every_state(bridge: Bridge) -> str:
    """Accept a campaign whose recipients will have every state, and return its bizId.

    Two are sent to in a call that refuses one of them. Of the others, one will be unknown, one waits, and one is
    invalid.
    """
    # One call at a time: Tencent is down only after the last.
    bridge.configure(TENCENT_PARALLEL_CALLS="4")
    bridge.link()
    code = bridge.template()
    bridge.tencent.next("sendmultisms2", numbers_refused({"86" + B: 1016}))
    bridge.tencent.next("86" + C, lost(web.read_timeout, sent=True))
    bridge.tencent.next("86" + D, refused(1013))
    params = [{"name": name} for name in ("1", "1", "3", "4", "5")]
    request = bridge.campaign([A, B, C, D, "1391111****"], params, code=code)
    return str(request["bizId"])


def outcomes(bridge: Bridge, answer: Answer) -> dict[str, Any]:
    """Return the outcome of each recipient: a sid, the code of a failure, None if unknown, "…" if waiting."""
    found: dict[str, Any] = {}
    for progress in bridge.progress(answer):
        for position, phone in enumerate(progress.plan.phones, progress.plan.start):
            outcome = progress.outcomes.get(position, "…")
            found[phone[2:]] = outcome.code if isinstance(outcome, Failure) else outcome
    return found


def times_sent(bridge: Bridge) -> Counter[str]:
    return Counter(sms.phone[2:] for sms in bridge.tencent.sent)


def reported(bridge: Bridge) -> dict[str, set[tuple[int, str]]]:
    """Push all receipts, and return the statuses and codes of each phone."""
    bridge.pump.drain("push")
    return by_phone(bridge.quick_audience.receipts)


def send(bridge: Bridge, *phones: str, out_id: str = "task-1") -> list[Sms]:
    """Send a campaign that Tencent accepts, and return its messages."""
    code = "7000" if bridge.tencent.templates else bridge.template()
    before = len(bridge.tencent.sent)
    assert bridge.campaign(phones, {"name": "您"}, code=code, out_id=out_id).code == "OK"
    bridge.pump.drain("deliver")
    return bridge.tencent.sent[before:]


def send_unanswered(bridge: Bridge, *phones: str, out_id: str = "task-1") -> list[Sms]:
    """Send a campaign whose answers are lost, and return its messages."""
    bridge.tencent.next("send", *[lost(web.read_timeout, sent=True)] * len(phones))
    found = []
    for phone in phones:
        found += send(bridge, phone, out_id=f"{out_id}")
    return found
