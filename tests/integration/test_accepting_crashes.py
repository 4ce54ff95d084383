"""§6 with a fault at every call of the function, after which the client retries."""

from collections import Counter

import pytest

from chalicelib.domain import planning
from tests.support.in_process.breaking import reached
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.final_state_logs import check_logs
from tests.support.in_process.outside import FAULTS, Fault, points
from tests.support.in_process.snapshot import snapshot

PHONES = ["13900001111", "13900002222", "13900003333", "bad", "13900005555"]
PARAMS = [{"name": "甲"}, {"name": "甲"}, {"name": "乙"}, {"name": "丙"}, {}]
SENT = Counter({f"86{phone}": 1 for phone in PHONES[:3]})


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each chunk two recipients, so that a small campaign has several chunks."""
    monkeypatch.setattr(planning, "MAX_PER_CALL", 2)


def campaign(bridge: Bridge, out_id: str, code: str, nonce: str = "") -> Answer:
    return bridge.campaign(PHONES, PARAMS, code=code, out_id=out_id, nonce=nonce)


def call_number(bridge: Bridge, name: str, code: str) -> int:
    """Return the number of this call among those of a campaign, found with a separate campaign."""
    bridge.restart()
    with bridge.outside.watched():
        campaign(bridge, "dry", code)
    bridge.pump.drain()
    bridge.tencent.sent.clear()
    bridge.restart()
    return bridge.outside.names.index(name)


def forget_reviews(bridge: Bridge, code: str) -> None:
    """Make the next campaign ask Tencent about its sign and template, so that these calls are made, too."""
    bridge.ask("PUT", f"/sms/smsTemplate/{code}", {
        "templateName": "x", "templateContent": "改${name}", "templateType": 1,
    })  # fmt: skip
    bridge.clock.advance(seconds=601)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(
    ("how", "delivered_between", "same_nonce"),
    [(how, True, False) for how in FAULTS]
    + [(how, False, True) for how in FAULTS if "killed" in how],
)
def test_every_recipient_gets_exactly_one_message(
    linked: Bridge, how: Fault, *, delivered_between: bool, same_nonce: bool
) -> None:
    code = linked.template("您好${name}")
    forget_reviews(linked, code)
    restore = snapshot(linked)
    restore()
    with linked.outside.watched():
        assert campaign(linked, "task-1", code).code == "OK"
    names = list(linked.outside.names)
    assert {"tencent get_sign", "tencent get_template", "sqs SendMessageBatch"} <= set(names)
    for number, name in points(names):
        restore()
        with linked.outside.watched(number, how):
            campaign(linked, "task-1", code, "the first nonce")
        called = reached(linked.outside.names, number, name)
        linked.restart()
        if delivered_between:
            linked.pump.drain()
        answer = campaign(linked, "task-1", code, "the first nonce" if same_nonce else "")
        assert answer.code == "OK", f"{how}, {called}"
        linked.pump.drain()
        assert Counter(sms.phone for sms in linked.tencent.sent) == SENT, f"{how}, {called}"
        reported = {one["phoneNum"] for one in linked.quick_audience.receipts}
        assert reported == {"bad", "13900005555"}, f"{how}, {called}"
        assert campaign(linked, "task-1", code)["bizId"] == answer["bizId"]
        assert linked.pump.count("sends") == 0
        assert check_logs(f"{how}, {called}")


@pytest.mark.usefixtures("small_chunks")
def test_a_retry_in_another_order_sends_nothing_twice(linked: Bridge) -> None:
    code = linked.template("您好")
    phones = [*PHONES[:3], "13900004444"]
    queueing = call_number(linked, "sqs SendMessageBatch", code)
    with linked.outside.watched(queueing, "killed after"):
        linked.campaign(phones, code=code)
    linked.restart()
    linked.pump.invoke_once("deliver")
    assert linked.campaign(phones[::-1], code=code).code == "OK"
    linked.pump.drain()
    assert sorted(sms.phone for sms in linked.tencent.sent) == ["86" + one for one in phones]


@pytest.mark.usefixtures("small_chunks")
def test_a_retry_continues_with_the_revision_of_the_first_try(linked: Bridge) -> None:
    code = linked.template("您好${name}")
    queueing = call_number(linked, "sqs SendMessageBatch", code)
    with linked.outside.watched(queueing, "killed after"):
        campaign(linked, "task-1", code)
    linked.restart()
    linked.pump.invoke_once("deliver")
    forget_reviews(linked, code)
    linked.tencent.review(7001, 0)
    assert campaign(linked, "task-1", code).code == "OK"
    linked.pump.drain()
    assert Counter(sms.phone for sms in linked.tencent.sent) == SENT
    assert {sms.tpl_id for sms in linked.tencent.sent} == {int(code)}
