"""Campaigns through the whole stack: real queues and table, real wire formats."""

import time

from tests.support.local_stack.running_stack import Bench
from tests.support.waiting import wait_for


def test_ten_thousand_numbers_are_answered_at_once_and_sent_in_exactly_fifty_bulk_calls(
    bench: Bench, plain_template: str
) -> None:
    # Ten thousand numbers in a row hold every magic ending once.
    bench.post(bench.tencent, "/_sim/behaviour", {"magic": False})
    before, accepted = bench.calls().get("sendmultisms2", 0), bench.accepted()
    began = time.monotonic()
    sent = bench.campaign(
        "ten-thousand",
        templateCode=plain_template,
        phones={"count": 10_000, "start": "13700000000"},
    )
    answered = time.monotonic() - began

    assert [call["code"] for call in sent["sendCalls"]] == ["OK"]
    assert answered < 5
    account = bench.complete("ten-thousand", 100)
    bench.post(bench.tencent, "/_sim/behaviour", {"magic": True})
    assert (account["delivered"], account["contradictory"]) == (10_000, 0)
    assert bench.calls()["sendmultisms2"] - before == 50
    # Ten thousand different numbers were told; with no more than that accepted, none got two.
    assert bench.accepted() - accepted == 10_000


def test_named_variables_reach_each_recipient_in_the_templates_order(bench: Bench) -> None:
    code = bench.template("${city}店通知：${name}您好，${city}店今日开业。")

    bench.campaign(
        "personal",
        templateCode=code,
        phones=["13600000001", "13600000002"],
        params=[{"name": "李雷", "city": "杭州"}, {"city": "北京", "name": "韩梅梅"}],
    )

    bench.complete("personal")
    texts = [bench.messages(mobile)[0]["text"] for mobile in ("13600000001", "13600000002")]
    assert texts == [
        "【测试签名】杭州店通知：李雷您好，杭州店今日开业。",
        "【测试签名】北京店通知：韩梅梅您好，北京店今日开业。",
    ]


def test_a_send_without_an_answer_is_never_repeated_and_is_settled_by_its_receipt(
    bench: Bench, plain_template: str
) -> None:
    # Tencent's simulator sends to these two and resets the connection, or answers 1008.
    phones = ["13600019921", "13600029923"]

    for phone in phones:
        bench.campaign(f"unknown-{phone}", templateCode=plain_template, phones=[phone])

    wait_for(lambda: bench.ops("campaign", "show", f"unknown-{phones[0]}")["unknown"] == 1, 20)
    for phone in phones:
        account = bench.complete(f"unknown-{phone}", 90)
        assert account["delivered"] == 1
        assert len(bench.messages(phone)) == 1
        shown = bench.ops("campaign", "show", f"unknown-{phone}")
        assert (shown["delivered"], shown["unknown"], shown["waiting"]) == (1, 0, 0)


def test_replies_reach_quick_audience_under_the_campaign_they_answer(
    bench: Bench, plain_template: str
) -> None:
    bench.campaign("replies", templateCode=plain_template, phones=["13600009944", "13600009941"])

    wait_for(lambda: bench.account("replies")["replies"] == 3, 30)
    found = bench.get(bench.quick_audience, "/_sim/replies?outId=replies")["replies"]
    assert {(reply["phoneNum"], reply["content"]) for reply in found} == {
        ("13600009944", "第一条"),
        ("13600009944", "第二条 😀"),
        ("13600009941", "T"),
    }
    assert bench.ops("campaign", "show", "replies")["replies"] == 3


def test_what_quick_audience_does_not_take_comes_again(bench: Bench, plain_template: str) -> None:
    rule = {"kind": "status", "status": 500, "times": 1}
    bench.post(bench.quick_audience, "/_sim/behaviour", rule)

    bench.campaign("down", templateCode=plain_template, phones=["13600000101"])

    account = bench.complete("down", 60)
    assert (account["delivered"], account["contradictory"]) == (1, 0)
    assert bench.ops("campaign", "show", "down")["pushed"] == 1


def test_the_same_request_again_sends_nothing(bench: Bench, plain_template: str) -> None:
    body = {
        "outId": "again",
        "signName": "测试签名",
        "templateCode": plain_template,
        "phoneNumberJson": ["13600000201", "13600000202"],
    }
    first = bench.ask("/sms/sendBatchList", method="POST", body=body)
    again = bench.ask(
        "/sms/sendBatchList",
        method="POST",
        body=body | {"phoneNumberJson": body["phoneNumberJson"][::-1]},
    )

    assert again["body"]["bizId"] == first["body"]["bizId"]
    wait_for(lambda: bench.ops("campaign", "show", "again")["pushed"] == 2, 30)
    assert [len(bench.messages(f"1360000020{n}")) for n in (1, 2)] == [1, 1]


def test_an_international_number_goes_by_itself(bench: Bench) -> None:
    code = bench.template("Your parcel has arrived.", 3)
    before = bench.calls().get("sendisms", 0)

    bench.campaign("abroad", templateCode=code, phones=["85251234567", "+1 305 555 0123"])

    account = bench.complete("abroad")
    assert account["told"] == 2
    assert bench.calls()["sendisms"] - before == 2
