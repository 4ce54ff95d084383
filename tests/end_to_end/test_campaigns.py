"""Campaigns through the whole stack: real queues and table, real wire formats."""

import time

from tests.support import thoroughness
from tests.support.local_stack.running_stack import RunningStack
from tests.support.waiting import wait_for

RECIPIENTS = 10_000 if thoroughness.ALL else 2_000
_IN_A_CALL = 200


def test_thousands_of_numbers_are_answered_at_once_and_sent_in_full_bulk_calls(
    running: RunningStack, plain_template: str
) -> None:
    # Ten thousand consecutive numbers have each of the simulator's special endings once.
    running.post(running.tencent, "/_sim/behaviour", {"magic": False})
    before, accepted = running.calls().get("sendmultisms2", 0), running.accepted()
    began = time.monotonic()
    sent = running.campaign(
        "thousands",
        templateCode=plain_template,
        phones={"count": RECIPIENTS, "start": "13700000000"},
    )
    answered = time.monotonic() - began

    assert [call["code"] for call in sent["sendCalls"]] == ["OK"]
    assert answered < 5
    account = running.complete("thousands", 100)
    running.post(running.tencent, "/_sim/behaviour", {"magic": True})
    assert (account["delivered"], account["contradictory"]) == (RECIPIENTS, 0)
    assert running.calls()["sendmultisms2"] - before == RECIPIENTS // _IN_A_CALL
    # That many different numbers have receipts, and no more messages were accepted, so none got two.
    assert running.accepted() - accepted == RECIPIENTS


def test_named_variables_reach_each_recipient_in_the_templates_order(running: RunningStack) -> None:
    code = running.template("${city}店通知：${name}您好，${city}店今日开业。")

    running.campaign(
        "personal",
        templateCode=code,
        phones=["13600000001", "13600000002"],
        params=[{"name": "李雷", "city": "杭州"}, {"city": "北京", "name": "韩梅梅"}],
    )

    running.complete("personal")
    texts = [running.messages(mobile)[0]["text"] for mobile in ("13600000001", "13600000002")]
    assert texts == [
        "【测试签名】杭州店通知：李雷您好，杭州店今日开业。",
        "【测试签名】北京店通知：韩梅梅您好，北京店今日开业。",
    ]


def test_a_send_without_an_answer_is_never_repeated_and_is_settled_by_its_receipt(
    running: RunningStack, plain_template: str
) -> None:
    # The simulator of Tencent sends to these two numbers, and resets the connection or answers 1008.
    phones = ["13600019921", "13600029923"]

    for phone in phones:
        running.campaign(f"unknown-{phone}", templateCode=plain_template, phones=[phone])

    running.shown(f"unknown-{phones[0]}", lambda shown: shown["unknown"] == 1, 20)
    for phone in phones:
        account = running.complete(f"unknown-{phone}", 90)
        assert account["delivered"] == 1
        assert len(running.messages(phone)) == 1
        shown = running.ops("campaign", "show", f"unknown-{phone}")
        assert (shown["delivered"], shown["unknown"], shown["waiting"]) == (1, 0, 0)


def test_replies_reach_quick_audience_under_the_campaign_they_answer(
    running: RunningStack, plain_template: str
) -> None:
    running.campaign("replies", templateCode=plain_template, phones=["13600009944", "13600009941"])

    wait_for(lambda: running.account("replies")["replies"] == 3, 30)
    found = running.get(running.quick_audience, "/_sim/replies?outId=replies")["replies"]
    assert {(reply["phoneNum"], reply["content"]) for reply in found} == {
        ("13600009944", "第一条"),
        ("13600009944", "第二条 😀"),
        ("13600009941", "T"),
    }
    assert running.ops("campaign", "show", "replies")["replies"] == 3


def test_a_push_that_quick_audience_refuses_is_retried(
    running: RunningStack, plain_template: str
) -> None:
    rule = {"kind": "status", "status": 500, "times": 1}
    running.post(running.quick_audience, "/_sim/behaviour", rule)

    running.campaign("down", templateCode=plain_template, phones=["13600000101"])

    account = running.complete("down", 60)
    assert (account["delivered"], account["contradictory"]) == (1, 0)
    assert running.ops("campaign", "show", "down")["pushed"] == 1


def test_the_same_request_again_sends_nothing(running: RunningStack, plain_template: str) -> None:
    body = {
        "outId": "again",
        "signName": "测试签名",
        "templateCode": plain_template,
        "phoneNumberJson": ["13600000201", "13600000202"],
    }
    first = running.ask("/sms/sendBatchList", method="POST", body=body)
    again = running.ask(
        "/sms/sendBatchList",
        method="POST",
        body=body | {"phoneNumberJson": body["phoneNumberJson"][::-1]},
    )

    assert again["body"]["bizId"] == first["body"]["bizId"]
    running.shown("again", lambda shown: shown["pushed"] == 2, 30)
    assert [len(running.messages(f"1360000020{n}")) for n in (1, 2)] == [1, 1]


def test_an_international_number_gets_a_call_of_its_own(running: RunningStack) -> None:
    code = running.template("Your parcel has arrived.", 3)
    before = running.calls().get("sendisms", 0)

    running.campaign("abroad", templateCode=code, phones=["85251234567", "+1 305 555 0123"])

    account = running.complete("abroad")
    assert account["told"] == 2
    assert running.calls()["sendisms"] - before == 2
