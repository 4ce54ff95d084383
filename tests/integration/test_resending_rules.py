"""`ops campaign resend` checks signs, templates, countries, limits and hours as they are now."""

import time

import pytest

from chalicelib.errors import Refused
from chalicelib.store import daily_counts, send_requests
from ops import resend_reasons, resending, template
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.resends import (
    BLACK,
    PHONES,
    REFUSED,
    accept_again,
    campaign,
    check_once,
    left_out,
    look,
    refuse,
    resend,
    sent_to,
    settle,
)
from tests.support.in_process.tencent import coded, refused

# With `local`, the operator's commands find the bridge.
pytestmark = pytest.mark.usefixtures("local")


def test_a_sign_that_is_not_approved_any_more_leaves_its_recipients_out(linked: Bridge) -> None:
    campaign(linked)
    linked.link(status=2)
    account = resend()
    assert account["recipients"] == 0
    [why] = left_out(account).keys() - {resend_reasons.ACCEPTED}
    assert why.startswith("isv.")
    linked.link()
    assert resend()["recipients"] == 4


def test_a_deleted_template_leaves_its_recipients_out(linked: Bridge) -> None:
    code = linked.template()
    campaign(linked, code)
    template.delete(template.find(code))
    account = resend()
    assert account["recipients"] == 0
    assert sum(left_out(account).values()) == 6


def test_a_changed_template_is_sent_as_it_is_approved_now(linked: Bridge) -> None:
    """The values go to the variables of the same names."""
    code = linked.template("您好${name}, 订单${order}")
    refuse(linked)
    names = [{"name": phone, "order": str(n)} for n, phone in enumerate(PHONES)]
    assert linked.campaign(PHONES[:4], names[:4], code=code).code == "OK"
    linked.pump.drain("deliver")
    accept_again(linked)
    change(linked, code, "订单${order}已发货, ${name}")
    account = look()
    assert account["recipients"] == 4
    assert account["warnings"] == [
        "a template has changed since: the text that is approved now is sent"
    ]
    change(linked, code, "订单${order}已发货, ${title}")
    account = look()
    assert account["recipients"] == 0
    assert left_out(account) == {"isv.TEMPLATE_MISSING_PARAMETERS: 模板变量 title 没有取值": 4}
    change(linked, code, "订单${order}已发货")
    resend()
    linked.pump.drain("deliver")
    assert sent_to(linked) == {phone: (str(n),) for n, phone in enumerate(REFUSED)}


def change(bridge: Bridge, code: str, content: str) -> None:
    changed = {"templateName": "x", "templateContent": content, "templateType": 1}
    assert bridge.ask("PUT", f"/sms/smsTemplate/{code}", changed).code == "OK"
    bridge.tencent.review(max(bridge.tencent.templates), 0)
    assert bridge.ask("GET", f"/sms/smsTemplate/{code}")["templateStatus"] == 1


def test_texts_that_become_equal_are_sent_once(linked: Bridge) -> None:
    code = linked.template("您好${name}, 订单${order}")
    linked.tencent.always("send", refused(coded(1016)))
    names = [{"name": "甲", "order": "1"}, {"name": "甲", "order": "2"}]
    assert linked.campaign(PHONES[:1] * 2, names, code=code).code == "OK"
    linked.pump.drain("deliver")
    linked.tencent.always("send", None)
    change(linked, code, "您好${name}")
    account = resend()
    assert (account["recipients"], left_out(account)) == (1, {resend_reasons.REPEATED: 1})
    settle(linked)


def test_the_countries_that_are_allowed_now(linked: Bridge) -> None:
    code = linked.template("hello", 3)
    linked.tencent.always("send", refused(coded(1016)))
    assert linked.campaign(["85291234567", "12025550123"], code=code).code == "OK"
    linked.pump.drain("deliver")
    linked.tencent.always("send", None)
    linked.configure(ALLOWED_COUNTRIES="852")
    account = resend()
    assert account["recipients"] == 1
    assert [one.phone for one in linked.tencent.sent] == []
    linked.pump.drain("deliver")
    assert [one.phone for one in linked.tencent.sent] == ["85291234567"]
    [why] = left_out(account)
    assert "ALLOWED_COUNTRIES" in why


def test_recipients_whom_the_bridge_refused_are_sent_to_if_they_may_be_now(
    linked: Bridge,
) -> None:
    """Without variables, nothing else is needed; their values are not stored."""
    linked.configure(ALLOWED_COUNTRIES="86")
    for out_id, text, names in (
        ("task-1", "hello", None),
        ("task-2", "hi ${name}", [{"name": "a"}]),
    ):
        code = linked.template(text, 3)
        asked = ["85291234567", "12025550123"]
        linked.configure(ALLOWED_COUNTRIES="1")
        assert linked.campaign(asked, names, code=code, out_id=out_id).code == "OK"
        linked.pump.drain("deliver")
    linked.configure(ALLOWED_COUNTRIES="1,852")
    assert resend()["recipients"] == 1
    account = resending.resend("task-2")
    assert account["recipients"] == 0
    assert left_out(account)[resend_reasons.NO_VALUES] == 1
    linked.pump.drain("deliver")
    assert linked.tencent.sent[-1].phone == "85291234567"


def test_the_daily_limit_counts_a_resend_once_or_refuses_it(linked: Bridge) -> None:
    linked.configure(DAILY_LIMIT="9")
    campaign(linked)
    assert "exceed today's DAILY_LIMIT of 9" in look()["warnings"][0]
    with pytest.raises(Refused, match="DAILY_LIMIT") as refusal:
        resend()
    assert refusal.value.code == "isv.DAY_LIMIT_CONTROL"
    assert linked.pump.count("sends") == 0
    assert len(send_requests.of_out_id("task-1")) == 1
    assert resend(BLACK)["recipients"] == 2
    assert accepted_today() == 8
    linked.clock.advance(hours=24)
    assert resend()["recipients"] == 2
    assert accepted_today() == 2
    settle(linked)


def accepted_today() -> int:
    return daily_counts.accepted(int(time.time()))


def test_promotions_wait_for_their_hours(linked: Bridge) -> None:
    campaign(linked, linked.template("您好${name}, 新品上市, 回T退订", 2))
    linked.configure(SEND_HOURS="08:00-09:00", TENCENT_PARALLEL_CALLS="4")
    assert look()["warnings"] == [
        "outside SEND_HOURS: promotional messages wait until the hours begin"
    ]
    resend()
    linked.pump.run("deliver", hours=20)
    assert len(linked.tencent.sent) == 2
    linked.pump.run("deliver", hours=24)
    assert len(linked.tencent.sent) == 6
    check_once(linked)
