"""Templates, campaigns, and their accounts."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.simulators.quickaudience import (
    DETAIL_ROW,
    DIGITAL_TEMPLATE,
    OUT_ID,
    PHONES,
    TEXT_TEMPLATE,
    FakeBridge,
    FakeResponse,
    ReceivedRequest,
    Simulator,
    beijing_now,
    campaign,
    envelope,
)
from tests.support.waiting import wait_for

# Templates


def test_a_text_template_is_created_and_its_review_queried(
    simulator: Simulator, bridge: FakeBridge
) -> None:
    bridge.respond = lambda _request: (200, envelope(templateCode="1001"))
    wanted = {"name": "n", "content": "您好${name}", "type": 2}
    assert simulator.post("templates", wanted)["templateCode"] == "1001"
    [request] = bridge.requests
    assert (request.method, request.path) == ("POST", "/sms/smsTemplate")
    assert request.body == {
        "remark": "simulator",
        "templateContent": "您好${name}",
        "templateName": "n",
        "templateType": 2,
        "creatorAccount": "simulator",
    }
    bridge.respond = lambda _request: (200, envelope(**TEXT_TEMPLATE))
    shown = simulator.get("templates/1001")
    assert (shown["approved"], shown["templateStatus"]) == (True, 1)
    assert simulator.violations() == []


def test_a_digital_template_is_created_and_its_review_queried(
    simulator: Simulator, bridge: FakeBridge
) -> None:
    bridge.respond = lambda _request: (200, envelope(templateCode="DIGITAL_1"))
    parts = [{"fileSuffix": "txt", "fileName": "", "fileContents": "${name}", "index": "1"}]
    wanted = {"name": "n", "content": parts, "digital": True, "signName": "腾讯云"}
    simulator.post("templates", wanted)
    body = bridge.requests[0].body
    assert bridge.requests[0].path == "/sms/digitalSmsTemplate"
    assert json.loads(body["templateContent"]) == parts
    assert (body["templateTheme"], body["smsSignName"], body["isVariable"]) == ("n", "腾讯云", True)
    bridge.respond = lambda _request: (200, envelope(**DIGITAL_TEMPLATE))
    assert simulator.get("templates/DIGITAL_1", digital="1")["templateStatus"] == 2


def test_a_template_that_the_platform_refuses_is_a_502_with_its_reason(
    simulator: Simulator, bridge: FakeBridge
) -> None:
    refusal = envelope(code="isv.SMS_TEMPLATE_ILLEGAL", message="太长", templateCode="")
    bridge.respond = lambda _request: (200, refusal)
    error = simulator.post("templates", {"name": "n", "content": "c"}, status=502)["error"]
    assert "isv.SMS_TEMPLATE_ILLEGAL" in error
    assert "太长" in error
    simulator.post("templates", {"name": "n", "content": []}, status=400)


# Campaigns


def test_a_campaign_is_sent_in_batches(simulator: Simulator, bridge: FakeBridge) -> None:
    phones = [{"count": 3, "start": "13800000000"}, "85261234567"]
    sent = simulator.post("campaigns", campaign(phones=phones, batch=3, params={"name": "李"}))
    assert (sent["recipients"], sent["accepted"], sent["missing"]) == (4, 4, 4)
    assert not sent["sending"]
    assert [call["bizId"] for call in sent["sendCalls"]] == ["biz-1", "biz-1"]
    bodies = sorted((r.body for r in bridge.requests), key=lambda b: -len(b["phoneNumberJson"]))
    assert [body["phoneNumberJson"] for body in bodies] == [PHONES[:3], ["85261234567"]]
    assert bodies[0]["templateParamJson"] == [{"name": "李"}] * 3
    assert bodies[0]["outId"] == OUT_ID
    assert bodies[0]["signName"] == "腾讯云"
    assert {request.path for request in bridge.requests} == {"/sms/sendBatchList"}
    assert simulator.violations() == []


def test_a_digital_campaign_is_sent_to_the_digital_endpoint(
    simulator: Simulator, bridge: FakeBridge
) -> None:
    simulator.post("campaigns", campaign(digital=True, limit=9))
    assert bridge.requests[0].path == "/sms/sendDigitalBatchList"
    assert bridge.requests[0].body["limit"] == 9
    assert "templateParamJson" not in bridge.requests[0].body


def test_parameters_can_be_generated_from_placeholders(
    simulator: Simulator, bridge: FakeBridge
) -> None:
    generator = {"generate": {"who": "{index}:{phone}:{last4}", "team": "{group}"}, "groups": 2}
    simulator.post("campaigns", campaign(params=generator, batch=2, parallel=1))
    values = [entry for r in bridge.requests for entry in r.body["templateParamJson"]]
    assert values[3] == {"who": "3:13800000003:0003", "team": "1"}
    assert [entry["team"] for entry in values] == ["0", "1", "0", "1"]


def test_parameters_are_given_for_each_recipient(simulator: Simulator, bridge: FakeBridge) -> None:
    values = [{"age": number} for number in range(4)]
    simulator.post("campaigns", campaign(params=values, paramsAsString=True))
    assert json.loads(bridge.requests[0].body["templateParamJson"]) == values
    error = simulator.post("campaigns", campaign(params=values[1:]), status=400)["error"]
    assert "3 sets of values for 4 phones" in error


@pytest.mark.parametrize(
    ("changes", "field_name"),
    [
        ({"phones": []}, "phones"),
        ({"phones": {"count": 0, "start": "138000"}}, "phones"),
        ({"batch": 0}, "batch"),
        ({"signName": None}, "signName"),
        ({"colour": 1}, "colour"),
    ],
)
def test_an_invalid_campaign_is_refused_with_the_field(
    simulator: Simulator, changes: dict[str, Any], field_name: str
) -> None:
    assert field_name in simulator.post("campaigns", campaign(**changes), status=400)["error"]


def test_an_out_id_is_generated_if_none_is_given(simulator: Simulator) -> None:
    first = simulator.post("campaigns", campaign(outId=None))["outId"]
    second = simulator.post("campaigns", campaign(outId=None))["outId"]
    assert first
    assert first != second
    listed = simulator.get("campaigns")["campaigns"]
    assert [entry["outId"] for entry in listed] == [first, second]


def test_refused_and_unanswered_batches_are_counted_apart(
    simulator: Simulator, bridge: FakeBridge
) -> None:
    responses: dict[str, FakeResponse] = {
        PHONES[0]: (200, envelope(code="isv.AMOUNT_NOT_ENOUGH", message="1031", bizId="")),
        PHONES[1]: None,
        PHONES[2]: (500, envelope(code="isp.SYSTEM_ERROR", bizId="")),
        PHONES[3]: (200, envelope(bizId="1")),
    }
    bridge.respond = lambda request: responses[request.body["phoneNumberJson"][0]]
    sent = simulator.post("campaigns", campaign(batch=1))
    assert (sent["accepted"], sent["refused"], sent["unanswered"]) == (1, 1, 2)
    # Recipients who may get a message are missing until they have a receipt.
    assert simulator.campaign(missing="1")["missingPhones"] == PHONES[1:]
    assert {"code": "isv.AMOUNT_NOT_ENOUGH", "message": "1031"}.items() <= next(
        call for call in sent["sendCalls"] if call.get("code", "").startswith("isv")
    ).items()
    assert simulator.campaign(calls="1")["sendCalls"] == sent["sendCalls"]


def test_a_repeated_send_keeps_the_better_outcome(simulator: Simulator, bridge: FakeBridge) -> None:
    simulator.post("campaigns", campaign())
    bridge.respond = lambda _request: (200, envelope(code="isv.BUSINESS_LIMIT_CONTROL", bizId=""))
    again = simulator.post("campaigns", campaign(phones=[*PHONES, "13800000009"]))
    assert (again["recipients"], again["accepted"], again["refused"]) == (5, 4, 1)


def test_an_account_is_complete_once_every_recipient_has_a_receipt(simulator: Simulator) -> None:
    simulator.post("campaigns", campaign())
    simulator.push_receipts(PHONES[:2])
    partly = simulator.campaign(missing="1")
    assert (partly["told"], partly["missing"], partly["complete"]) == (2, 2, False)
    assert partly["missingPhones"] == PHONES[2:]
    simulator.push_receipts(PHONES[2:], status=1)
    complete = simulator.campaign()
    assert complete["complete"]
    assert {
        "told": 4,
        "delivered": 2,
        "failed": 2,
        "missing": 0,
        "contradictory": 0,
        "repeated": 0,
        "unexpected": 0,
        "failureReasons": {"MK:0001": 2},
        "pushes": 2,
    }.items() <= complete.items()
    assert simulator.violations() == []


def test_repeated_receipts_are_counted_and_allowed(simulator: Simulator) -> None:
    simulator.post("campaigns", campaign())
    simulator.push_receipts(PHONES)
    simulator.push_receipts(PHONES[:3])
    simulator.push_receipts(PHONES[:1])
    account = simulator.campaign()
    assert (account["told"], account["repeated"], account["contradictory"]) == (4, 3, 0)
    assert account["complete"]
    assert simulator.get("receipts", phoneNum=PHONES[0])["total"] == 3


def test_contradictory_receipts_make_an_account_incomplete(simulator: Simulator) -> None:
    simulator.post("campaigns", campaign())
    simulator.push_receipts(PHONES)
    simulator.push_receipts(PHONES[:1], status=1)
    simulator.push_receipts(PHONES[1:2], status=1)
    simulator.push_receipts(PHONES[1:2], status=1, errCode="MK:0002")
    account = simulator.campaign(contradictory="1")
    assert (account["contradictory"], account["repeated"], account["complete"]) == (2, 0, False)
    assert account["contradictoryPhones"] == PHONES[:2]
    assert account["failureReasons"] == {"MK:0001": 1, "MK:0002": 1}
    assert account["delivered"] + account["failed"] == account["told"] == 4


def test_two_reasons_of_failure_are_contradictory(simulator: Simulator) -> None:
    simulator.post("campaigns", campaign())
    simulator.push_receipts(PHONES[:1], status=1)
    simulator.push_receipts(PHONES[:1], status=1, errCode="MK:0002")
    assert simulator.campaign()["contradictory"] == 1


def test_unexpected_receipts_make_an_account_incomplete(simulator: Simulator) -> None:
    simulator.post("campaigns", campaign())
    simulator.push_receipts([*PHONES, "13900000000"])
    account = simulator.campaign(unexpected="1")
    assert (account["unexpected"], account["complete"]) == (1, False)
    assert account["unexpectedPhones"] == ["13900000000"]


def test_a_push_with_an_unknown_out_id_opens_an_account(simulator: Simulator) -> None:
    simulator.get(f"campaigns/{OUT_ID}", status=404)
    simulator.push_receipts(PHONES)
    account = simulator.campaign()
    assert (account["known"], account["told"], account["unexpected"]) == (False, 4, 4)
    assert not account["complete"]


def test_equal_replies_are_counted_once(simulator: Simulator) -> None:
    simulator.post("campaigns", campaign())
    entry = {"outId": OUT_ID, "phoneNum": PHONES[0], "sendTime": beijing_now(), "content": "T"}
    for content in ("T", "T", "谢谢"):
        simulator.push_accepted(
            "reply", {"thirdSmsSendReplyModelList": [{**entry, "content": content}]}
        )
    account = simulator.campaign()
    assert (account["replies"], account["repliesRepeated"]) == (2, 1)


@pytest.mark.parametrize(
    ("hours", "problem"), [(-8, "before the campaign was sent"), (8, "in the future")]
)
def test_dates_in_another_time_zone_are_reported(
    simulator: Simulator, hours: int, problem: str
) -> None:
    simulator.post("campaigns", campaign())
    simulator.push_receipts(PHONES, sendDate=beijing_now(hours), receiveDate=beijing_now(hours))
    [violation] = simulator.violations()
    assert problem in violation
    assert simulator.campaign()["complete"]


def test_a_campaign_can_be_sent_without_waiting(simulator: Simulator, bridge: FakeBridge) -> None:
    released = threading.Event()

    def hold(_request: ReceivedRequest) -> FakeResponse:
        released.wait(60)
        return 200, envelope(bizId="1")

    bridge.respond = hold
    sent = simulator.post("campaigns", campaign(wait=False), status=202)
    assert sent["recipients"] == 4
    wait_for(lambda: bridge.requests)
    assert simulator.campaign()["sending"]
    simulator.push_receipts(PHONES)
    assert not simulator.campaign()["complete"]
    released.set()
    wait_for(lambda: simulator.campaign()["complete"])


def test_a_reset_ends_a_campaign(simulator: Simulator, bridge: FakeBridge) -> None:
    released = threading.Event()

    def hold(_request: ReceivedRequest) -> FakeResponse:
        released.wait(60)
        return None

    bridge.respond = hold
    simulator.post("campaigns", campaign(wait=False), status=202)
    wait_for(lambda: bridge.requests)
    simulator.post("reset")
    released.set()
    simulator.get(f"campaigns/{OUT_ID}", status=404)
    assert simulator.get("state")["calls"]["total"] == 0


def test_a_campaign_of_20000_recipients_is_accounted_for(simulator: Simulator) -> None:
    phones = {"count": 20_000, "start": "13800000000"}
    sent = simulator.post("campaigns", campaign(phones=phones, batch=1000))
    assert sent["accepted"] == 20_000
    numbers = [str(13800000000 + number) for number in range(20_000)]
    for start in range(0, len(numbers), 100):
        simulator.push_receipts(numbers[start : start + 100])
    assert simulator.campaign()["complete"]


# Sending details


def paged(total: int, rows: list[dict[str, Any]]) -> Callable[[ReceivedRequest], FakeResponse]:
    def respond(request: ReceivedRequest) -> FakeResponse:
        body = request.body
        if request.path != "/sms/sendDetails":
            return 200, envelope(bizId="1")
        start = (body["currentPage"] - 1) * body["pageSize"]
        page = rows[start : start + body["pageSize"]]
        return 200, envelope(sendDetailDTOs=page, totalCount=total)

    return respond


def test_all_pages_of_the_sending_details_are_fetched(
    simulator: Simulator, bridge: FakeBridge
) -> None:
    rows = [{**DETAIL_ROW, "phoneNum": phone} for phone in PHONES]
    rows[3]["sendStatus"] = 1
    bridge.respond = paged(4, rows)
    simulator.post("campaigns", campaign())
    shown = simulator.post(f"campaigns/{OUT_ID}/details", {"pageSize": 3})
    assert shown == {
        "pages": 2,
        "rows": 4,
        "totalCount": 4,
        "phones": 4,
        "delivered": 3,
        "failed": 1,
        "problems": [],
    }


def test_inconsistent_sending_details_are_reported(
    simulator: Simulator, bridge: FakeBridge
) -> None:
    rows = [DETAIL_ROW, {**DETAIL_ROW, "sendStatus": 1}, {**DETAIL_ROW, "outId": "other"}]
    bridge.respond = paged(7, rows)
    simulator.post("campaigns", campaign())
    problems = " ".join(simulator.post(f"campaigns/{OUT_ID}/details")["problems"])
    assert "two different sendStatus" in problems
    assert "outId 'other'" in problems
    assert "totalCount is 7" in problems
