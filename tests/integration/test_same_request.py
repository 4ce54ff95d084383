"""§6: the same request is accepted once, in whatever form it is repeated."""

import pytest

from chalicelib.domain.periods import SAME_REQUEST_SECONDS
from tests.support.in_process.bridge import Bridge

PHONES = ["13900001111", "13900002222", "13900003333"]
PARAMS = [{"name": "甲"}, {"name": "乙"}, {"name": "丙"}]


def test_the_same_request_again_gets_the_first_biz_id_and_nothing_is_queued(linked: Bridge) -> None:
    code = linked.template()
    first = linked.campaign(PHONES, PARAMS, code=code)
    linked.pump.drain()
    again = linked.campaign(PHONES, PARAMS, code=code)
    assert (again.code, again["bizId"]) == ("OK", first["bizId"])
    assert linked.pump.count("sends") == 0
    assert len(linked.tencent.sent) == 3


def test_the_order_of_the_recipients_does_not_make_another_request(linked: Bridge) -> None:
    code = linked.template()
    first = linked.campaign(PHONES, PARAMS, code=code)
    linked.pump.drain()
    again = linked.campaign(PHONES[::-1], PARAMS[::-1], code=code)
    assert again["bizId"] == first["bizId"]
    assert linked.pump.count("sends") == 0


def test_the_same_nonce_again_is_the_same_request(linked: Bridge) -> None:
    code = linked.template()
    first = linked.campaign(PHONES, PARAMS, code=code, nonce="n" * 32)
    again = linked.campaign(PHONES, PARAMS, code=code, nonce="n" * 32)
    assert again["bizId"] == first["bizId"]
    assert linked.pump.count("sends") == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"out_id": "task-2"},
        {"phones": PHONES[:2], "params": PARAMS[:2]},
        {"params": PARAMS[::-1]},
        {"phones": PHONES[::-1]},
    ],
    ids="+".join,
)
def test_other_content_is_another_request(linked: Bridge, changed: dict[str, list[str]]) -> None:
    code = linked.template()
    first = linked.campaign(PHONES, PARAMS, code=code)
    given = {"phones": PHONES, "params": PARAMS, **changed}
    again = linked.campaign(code=code, **given)  # type: ignore[arg-type]
    assert again.code == "OK"
    assert again["bizId"] != first["bizId"]


def test_the_same_content_after_the_time_is_a_new_request(linked: Bridge) -> None:
    code = linked.template()
    first = linked.campaign(PHONES, PARAMS, code=code)
    linked.pump.drain()
    linked.clock.advance(seconds=SAME_REQUEST_SECONDS - 1)
    assert linked.campaign(PHONES, PARAMS, code=code)["bizId"] == first["bizId"]
    linked.clock.advance(seconds=1)
    second = linked.campaign(PHONES, PARAMS, code=code)
    assert second["bizId"] != first["bizId"]
    linked.pump.drain()
    assert len(linked.tencent.sent) == 6
    assert linked.campaign(PHONES, PARAMS, code=code)["bizId"] == second["bizId"]


def test_a_recipient_of_two_requests_has_a_receipt_for_each(linked: Bridge) -> None:
    code = linked.template()
    for _ in range(2):
        linked.campaign(PHONES, PARAMS, code=code)
        linked.pump.drain()
        linked.clock.advance(seconds=SAME_REQUEST_SECONDS)
    linked.deliver_all()
    linked.pump.drain()
    assert len(linked.quick_audience.receipts) == 6
