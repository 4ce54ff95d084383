"""The calling side: signed requests, campaigns and their accounts, restarts."""

import json
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests

from local.quickaudience.background import running
from local.quickaudience.settings import DEFAULT_KEY, Settings
from local.quickaudience.signature import SIGNATURE_HEADER, new_nonce, new_timestamp, sign

PREFIX = "/api"
OUT_ID = "campaign-1"


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


Reaction = tuple[int, Any] | None


@dataclass
class FakeBridge:
    """Answers what the test says; None as an answer closes the connection."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    react: Callable[[Request], Reaction] = lambda _request: (200, envelope(bizId="biz-1"))


def envelope(**fields: Any) -> dict[str, Any]:
    return {
        "platformName": "qa-sms-bridge",
        "code": "OK",
        "message": "OK",
        "requestId": "F655A8D5-B967-440B-8683-DAD6FF8DE990",
        **fields,
    }


@pytest.fixture(scope="module")
def running_bridge() -> Iterator[FakeBridge]:
    fake = FakeBridge()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(
                method=self.command,
                path=parts.path.removeprefix(PREFIX),
                query=parse_qs(parts.query),
                headers=dict(self.headers),
                raw=raw,
            )
            fake.requests.append(request)
            reaction = fake.react(request)
            if reaction is None:
                self.close_connection = True
                return
            status, body = reaction
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        fake.url = f"http://127.0.0.1:{server.server_address[1]}{PREFIX}"
        yield fake
        server.shutdown()
        thread.join()


class Simulator:
    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def get(self, path: str, *, status: int = 200, **params: Any) -> Any:
        answer = self.session.get(f"{self.url}/_sim/{path}", params=params, timeout=10)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = self.session.post(f"{self.url}/_sim/{path}", json=body or {}, timeout=20)
        assert answer.status_code == status, answer.text
        return answer.json()

    def tell(self, phones: list[str], *, status: int = 2, **changes: Any) -> None:
        entry = {
            "outId": OUT_ID,
            "sendStatus": status,
            "sendDate": beijing_now(),
            "receiveDate": beijing_now(),
            "errCode": "DELIVERED" if status == 2 else "MK:0001",
            "message": "",
            **changes,
        }
        self.push(
            "details",
            {"thirdSmsSendDetailModelList": [{**entry, "phoneNum": phone} for phone in phones]},
        )

    def push(self, endpoint: str, body: Any) -> None:
        timestamp, nonce = new_timestamp(), new_nonce()
        answer = self.session.post(
            f"{self.url}/restapi/marketing2/third/sms/callback/send/{endpoint}",
            params={"timestamp": timestamp, "nonce": nonce},
            json=body,
            headers={SIGNATURE_HEADER: sign(DEFAULT_KEY, timestamp, nonce)},
            timeout=5,
        )
        assert answer.json()["code"] == "200", answer.text

    def campaign(self, **params: Any) -> Any:
        return self.get(f"campaigns/{OUT_ID}", **params)

    def violations(self) -> list[str]:
        return [violation["problem"] for violation in self.get("state")["violations"]]


def beijing_now(hours: float = 0) -> str:
    return (datetime.now(UTC) + timedelta(hours=8 + hours)).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture(scope="module")
def running_simulator() -> Iterator[Simulator]:
    with running() as url:
        simulator = Simulator(url)
        yield simulator
        simulator.session.close()


@pytest.fixture
def bridge(running_bridge: FakeBridge) -> FakeBridge:
    running_bridge.requests.clear()
    running_bridge.react = FakeBridge.react
    return running_bridge


@pytest.fixture
def simulator(running_simulator: Simulator, bridge: FakeBridge) -> Simulator:
    running_simulator.post("reset")
    settings = Settings(bridge_url=f"{bridge.url}/", bridge_timeout_seconds=5)
    running_simulator.post("settings", settings.model_dump(by_alias=True))
    return running_simulator


def campaign(**changes: Any) -> dict[str, Any]:
    return {
        "outId": OUT_ID,
        "signName": "腾讯云",
        "templateCode": "1001",
        "phones": {"count": 4, "start": "13800000000"},
        **changes,
    }


PHONES = ["13800000000", "13800000001", "13800000002", "13800000003"]


REVIEW = {"createDate": "2026-11-21 10:00:00", "reason": "无审批备注"}
TEXT_TEMPLATE = {
    **REVIEW,
    "templateCode": "1001",
    "templateName": "n",
    "templateContent": "c",
    "templateStatus": 1,
    "templateType": 2,
}
DIGITAL_TEMPLATE = {
    **REVIEW,
    "templateCode": "DIGITAL_1",
    "templateName": "n",
    "templateStatus": 2,
    "supportFactory": '{"UNICOM":"Success","MOBILE":"x","TELCOM":"Success"}',
}
DETAIL_ROW = {
    "content": "【腾讯云】c",
    "errCode": "DELIVERED",
    "outId": OUT_ID,
    "phoneNum": PHONES[0],
    "receiveDate": "2026-11-21 10:00:01",
    "sendDate": "2026-11-21 10:00:00",
    "sendStatus": 2,
    "templateCode": "1001",
}


# Requests


def test_requests_are_signed_as_documented(simulator: Simulator, bridge: FakeBridge) -> None:
    answer = simulator.post("request", {"path": "/sms/smsTemplate/1001"})
    [request] = bridge.requests
    [timestamp], [nonce] = request.query["timestamp"], request.query["nonce"]
    assert abs(int(timestamp) - time.time()) < 60
    assert re.fullmatch("[0-9a-f]{32}", nonce)
    assert request.headers[SIGNATURE_HEADER] == sign(DEFAULT_KEY, timestamp, nonce)
    assert request.headers["Content-Type"] == "application/json"
    assert request.method == "GET"
    assert answer["sent"] == {"timestamp": timestamp, "nonce": nonce}
    assert (answer["status"], answer["body"]["code"]) == (200, "OK")


def test_each_request_has_a_nonce_of_its_own(simulator: Simulator, bridge: FakeBridge) -> None:
    for _ in range(3):
        simulator.post("request", {"path": "/sms/smsTemplate/1001"})
    assert len({request.query["nonce"][0] for request in bridge.requests}) == 3


def test_disabled_authentication_has_an_empty_header(
    simulator: Simulator, bridge: FakeBridge
) -> None:
    simulator.post("settings", {"auth": False})
    simulator.post("request", {"path": "/sms/smsTemplate/1001"})
    assert bridge.requests[0].headers[SIGNATURE_HEADER] == ""


def test_requests_can_be_odd(simulator: Simulator, bridge: FakeBridge) -> None:
    odd = {"method": "POST", "path": "/sms/sendBatchList", "nonce": "n", "timestamp": 1}
    simulator.post("request", {**odd, "body": {"签名": None}})
    simulator.post("request", {**odd, "sign": "wrong", "rawBody": "{"})
    simulator.post("request", {**odd, "sign": False})
    simulator.post(
        "request",
        {**odd, "headers": {SIGNATURE_HEADER: None, "Content-Type": "text/plain", "X-More": "1"}},
    )
    good, wrong, unsigned, bare = bridge.requests
    assert good.raw == '{"签名":null}'.encode()
    assert good.headers[SIGNATURE_HEADER] == sign(DEFAULT_KEY, "1", "n")
    assert wrong.raw == b"{"
    assert re.fullmatch("[0-9a-f]{64}", wrong.headers[SIGNATURE_HEADER])
    assert wrong.headers[SIGNATURE_HEADER] != good.headers[SIGNATURE_HEADER]
    assert unsigned.headers[SIGNATURE_HEADER] == ""
    assert SIGNATURE_HEADER not in bare.headers
    assert (bare.headers["Content-Type"], bare.headers["X-More"]) == ("text/plain", "1")


@pytest.mark.parametrize(
    ("path", "arrives"),
    [
        ("/sms/smsSign/签名", "/sms/smsSign/%E7%AD%BE%E5%90%8D"),
        ("/sms/smsSign/a%2Fb", "/sms/smsSign/a%2Fb"),
        ("/sms/smsSign/%E7%AD%BE", "/sms/smsSign/%E7%AD%BE"),
        ("/sms/smsSign/a b", "/sms/smsSign/a%20b"),
    ],
)
def test_paths_arrive_as_given(
    simulator: Simulator, bridge: FakeBridge, path: str, arrives: str
) -> None:
    simulator.post("request", {"path": path})
    assert bridge.requests[0].path == arrives


def test_path_may_have_a_query(simulator: Simulator, bridge: FakeBridge) -> None:
    simulator.post("request", {"path": "/sms/smsTemplate/1?more=2"})
    assert bridge.requests[0].query["more"] == ["2"]
    assert "nonce" in bridge.requests[0].query


def test_no_answer_is_a_502(simulator: Simulator, bridge: FakeBridge) -> None:
    bridge.react = lambda _request: None
    error = simulator.post("request", {"path": "/health"}, status=502)["error"]
    assert "no answer" in error
    assert simulator.get("state")["calls"]["unanswered"] == 1


def test_without_an_address_nothing_is_called(simulator: Simulator) -> None:
    simulator.post("settings", {"bridgeUrl": None})
    for path, body in (
        ("request", {"path": "/health"}),
        ("templates", {"name": "n", "content": "c"}),
        ("campaigns", campaign()),
    ):
        assert "bridgeUrl" in simulator.post(path, body, status=409)["error"]


# Answers


def test_violations_are_recorded(simulator: Simulator, bridge: FakeBridge) -> None:
    bridge.react = lambda _request: (200, envelope(platformName="x", bizId="1"))
    answer = simulator.post("request", {"method": "POST", "path": "/sms/sendBatchList"})
    assert answer["violations"] == ["platformName is 'x', not 'qa-sms-bridge'"]
    [violation] = simulator.get("state")["violations"]
    assert violation["where"] == "POST /sms/sendBatchList"
    assert violation["problem"] == answer["violations"][0]


def test_routes_outside_the_document_are_not_judged(
    simulator: Simulator, bridge: FakeBridge
) -> None:
    bridge.react = lambda _request: (200, b"fine")
    answer = simulator.post("request", {"path": "/health"})
    assert (answer["body"], answer["text"], answer["violations"]) == (None, "fine", [])


# Templates


def test_text_template(simulator: Simulator, bridge: FakeBridge) -> None:
    bridge.react = lambda _request: (200, envelope(templateCode="1001"))
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
    bridge.react = lambda _request: (200, envelope(**TEXT_TEMPLATE))
    shown = simulator.get("templates/1001")
    assert (shown["approved"], shown["templateStatus"]) == (True, 1)
    assert simulator.violations() == []


def test_digital_template(simulator: Simulator, bridge: FakeBridge) -> None:
    bridge.react = lambda _request: (200, envelope(templateCode="DIGITAL_1"))
    parts = [{"fileSuffix": "txt", "fileName": "", "fileContents": "${name}", "index": "1"}]
    wanted = {"name": "n", "content": parts, "digital": True, "signName": "腾讯云"}
    simulator.post("templates", wanted)
    body = bridge.requests[0].body
    assert bridge.requests[0].path == "/sms/digitalSmsTemplate"
    assert json.loads(body["templateContent"]) == parts
    assert (body["templateTheme"], body["smsSignName"], body["isVariable"]) == ("n", "腾讯云", True)
    bridge.react = lambda _request: (200, envelope(**DIGITAL_TEMPLATE))
    assert simulator.get("templates/DIGITAL_1", digital="1")["templateStatus"] == 2


def test_refused_template(simulator: Simulator, bridge: FakeBridge) -> None:
    refusal = envelope(code="isv.SMS_TEMPLATE_ILLEGAL", message="太长", templateCode="")
    bridge.react = lambda _request: (200, refusal)
    error = simulator.post("templates", {"name": "n", "content": "c"}, status=502)["error"]
    assert "isv.SMS_TEMPLATE_ILLEGAL" in error
    assert "太长" in error
    simulator.post("templates", {"name": "n", "content": []}, status=400)


# Campaigns


def test_campaign_goes_out_in_batches(simulator: Simulator, bridge: FakeBridge) -> None:
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


def test_digital_campaign(simulator: Simulator, bridge: FakeBridge) -> None:
    simulator.post("campaigns", campaign(digital=True, limit=9))
    assert bridge.requests[0].path == "/sms/sendDigitalBatchList"
    assert bridge.requests[0].body["limit"] == 9
    assert "templateParamJson" not in bridge.requests[0].body


def test_parameters_can_be_generated(simulator: Simulator, bridge: FakeBridge) -> None:
    generator = {"generate": {"who": "{index}:{phone}:{last4}", "team": "{group}"}, "groups": 2}
    simulator.post("campaigns", campaign(params=generator, batch=2, parallel=1))
    values = [entry for r in bridge.requests for entry in r.body["templateParamJson"]]
    assert values[3] == {"who": "3:13800000003:0003", "team": "1"}
    assert [entry["team"] for entry in values] == ["0", "1", "0", "1"]


def test_parameters_per_recipient(simulator: Simulator, bridge: FakeBridge) -> None:
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
def test_bad_campaigns(simulator: Simulator, changes: dict[str, Any], field_name: str) -> None:
    assert field_name in simulator.post("campaigns", campaign(**changes), status=400)["error"]


def test_out_id_is_made_up_if_not_given(simulator: Simulator) -> None:
    first = simulator.post("campaigns", campaign(outId=None))["outId"]
    second = simulator.post("campaigns", campaign(outId=None))["outId"]
    assert first
    assert first != second
    listed = simulator.get("campaigns")["campaigns"]
    assert [entry["outId"] for entry in listed] == [first, second]


def test_refused_and_unanswered_batches(simulator: Simulator, bridge: FakeBridge) -> None:
    reactions: dict[str, Reaction] = {
        PHONES[0]: (200, envelope(code="isv.AMOUNT_NOT_ENOUGH", message="1031", bizId="")),
        PHONES[1]: None,
        PHONES[2]: (500, envelope(code="isp.SYSTEM_ERROR", bizId="")),
        PHONES[3]: (200, envelope(bizId="1")),
    }
    bridge.react = lambda request: reactions[request.body["phoneNumberJson"][0]]
    sent = simulator.post("campaigns", campaign(batch=1))
    assert (sent["accepted"], sent["refused"], sent["unanswered"]) == (1, 1, 2)
    # Who may have been sent a message is missed until told of.
    assert simulator.campaign(missing="1")["missingPhones"] == PHONES[1:]
    assert {"code": "isv.AMOUNT_NOT_ENOUGH", "message": "1031"}.items() <= next(
        call for call in sent["sendCalls"] if call.get("code", "").startswith("isv")
    ).items()
    assert simulator.campaign(calls="1")["sendCalls"] == sent["sendCalls"]


def test_sending_the_same_again_keeps_the_better_standing(
    simulator: Simulator, bridge: FakeBridge
) -> None:
    simulator.post("campaigns", campaign())
    bridge.react = lambda _request: (200, envelope(code="isv.BUSINESS_LIMIT_CONTROL", bizId=""))
    again = simulator.post("campaigns", campaign(phones=[*PHONES, "13800000009"]))
    assert (again["recipients"], again["accepted"], again["refused"]) == (5, 4, 1)


def test_complete_account(simulator: Simulator) -> None:
    simulator.post("campaigns", campaign())
    simulator.tell(PHONES[:2])
    partly = simulator.campaign(missing="1")
    assert (partly["told"], partly["missing"], partly["complete"]) == (2, 2, False)
    assert partly["missingPhones"] == PHONES[2:]
    simulator.tell(PHONES[2:], status=1)
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


def test_repetition_is_counted_and_harmless(simulator: Simulator) -> None:
    simulator.post("campaigns", campaign())
    simulator.tell(PHONES)
    simulator.tell(PHONES[:3])
    simulator.tell(PHONES[:1])
    account = simulator.campaign()
    assert (account["told"], account["repeated"], account["contradictory"]) == (4, 3, 0)
    assert account["complete"]
    assert simulator.get("receipts", phoneNum=PHONES[0])["total"] == 3


def test_contradiction_spoils_the_account(simulator: Simulator) -> None:
    simulator.post("campaigns", campaign())
    simulator.tell(PHONES)
    simulator.tell(PHONES[:1], status=1)
    simulator.tell(PHONES[1:2], status=1)
    simulator.tell(PHONES[1:2], status=1, errCode="MK:0002")
    account = simulator.campaign(contradictory="1")
    assert (account["contradictory"], account["repeated"], account["complete"]) == (2, 0, False)
    assert account["contradictoryPhones"] == PHONES[:2]
    assert account["failureReasons"] == {"MK:0001": 1, "MK:0002": 1}
    assert account["delivered"] + account["failed"] == account["told"] == 4


def test_two_reasons_of_failure_contradict(simulator: Simulator) -> None:
    simulator.post("campaigns", campaign())
    simulator.tell(PHONES[:1], status=1)
    simulator.tell(PHONES[:1], status=1, errCode="MK:0002")
    assert simulator.campaign()["contradictory"] == 1


def test_unexpected_recipients_spoil_the_account(simulator: Simulator) -> None:
    simulator.post("campaigns", campaign())
    simulator.tell([*PHONES, "13900000000"])
    account = simulator.campaign(unexpected="1")
    assert (account["unexpected"], account["complete"]) == (1, False)
    assert account["unexpectedPhones"] == ["13900000000"]


def test_pushes_of_an_unknown_out_id(simulator: Simulator) -> None:
    simulator.get(f"campaigns/{OUT_ID}", status=404)
    simulator.tell(PHONES)
    account = simulator.campaign()
    assert (account["known"], account["told"], account["unexpected"]) == (False, 4, 4)
    assert not account["complete"]


def test_replies_are_counted_once(simulator: Simulator) -> None:
    simulator.post("campaigns", campaign())
    entry = {"outId": OUT_ID, "phoneNum": PHONES[0], "sendTime": beijing_now(), "content": "T"}
    for content in ("T", "T", "谢谢"):
        simulator.push("reply", {"thirdSmsSendReplyModelList": [{**entry, "content": content}]})
    account = simulator.campaign()
    assert (account["replies"], account["repliesRepeated"]) == (2, 1)


@pytest.mark.parametrize(
    ("hours", "problem"), [(-8, "before the campaign was sent"), (8, "in the future")]
)
def test_dates_in_another_zone_are_noticed(simulator: Simulator, hours: int, problem: str) -> None:
    simulator.post("campaigns", campaign())
    simulator.tell(PHONES, sendDate=beijing_now(hours), receiveDate=beijing_now(hours))
    [violation] = simulator.violations()
    assert problem in violation
    assert simulator.campaign()["complete"]


def test_campaign_without_waiting(simulator: Simulator, bridge: FakeBridge, wait: "Wait") -> None:
    released = threading.Event()

    def hold(_request: Request) -> Reaction:
        released.wait(10)
        return 200, envelope(bizId="1")

    bridge.react = hold
    sent = simulator.post("campaigns", campaign(wait=False), status=202)
    assert sent["recipients"] == 4
    wait(lambda: bridge.requests)
    assert simulator.campaign()["sending"]
    simulator.tell(PHONES)
    assert not simulator.campaign()["complete"]
    released.set()
    wait(lambda: simulator.campaign()["complete"])


def test_reset_ends_a_campaign(simulator: Simulator, bridge: FakeBridge, wait: "Wait") -> None:
    released = threading.Event()

    def hold(_request: Request) -> Reaction:
        released.wait(10)
        return None

    bridge.react = hold
    simulator.post("campaigns", campaign(wait=False), status=202)
    wait(lambda: bridge.requests)
    simulator.post("reset")
    released.set()
    simulator.get(f"campaigns/{OUT_ID}", status=404)
    assert simulator.get("state")["calls"]["total"] == 0


def test_large_campaign(simulator: Simulator) -> None:
    phones = {"count": 20_000, "start": "13800000000"}
    sent = simulator.post("campaigns", campaign(phones=phones, batch=1000))
    assert sent["accepted"] == 20_000
    numbers = [str(13800000000 + number) for number in range(20_000)]
    for start in range(0, len(numbers), 100):
        simulator.tell(numbers[start : start + 100])
    assert simulator.campaign()["complete"]


# Sending details


def paged(total: int, rows: list[dict[str, Any]]) -> Callable[[Request], Reaction]:
    def react(request: Request) -> Reaction:
        body = request.body
        if request.path != "/sms/sendDetails":
            return 200, envelope(bizId="1")
        start = (body["currentPage"] - 1) * body["pageSize"]
        page = rows[start : start + body["pageSize"]]
        return 200, envelope(sendDetailDTOs=page, totalCount=total)

    return react


def test_sending_details_are_paged(simulator: Simulator, bridge: FakeBridge) -> None:
    rows = [{**DETAIL_ROW, "phoneNum": phone} for phone in PHONES]
    rows[3]["sendStatus"] = 1
    bridge.react = paged(4, rows)
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


def test_sending_details_at_odds_are_noticed(simulator: Simulator, bridge: FakeBridge) -> None:
    rows = [DETAIL_ROW, {**DETAIL_ROW, "sendStatus": 1}, {**DETAIL_ROW, "outId": "other"}]
    bridge.react = paged(7, rows)
    simulator.post("campaigns", campaign())
    problems = " ".join(simulator.post(f"campaigns/{OUT_ID}/details")["problems"])
    assert "two different sendStatus" in problems
    assert "outId 'other'" in problems
    assert "totalCount is 7" in problems


# Restarts and the command line


def test_restart_keeps_the_accounts(bridge: FakeBridge, tmp_path: Path) -> None:
    settings = Settings(bridge_url=bridge.url)
    with running(settings, tmp_path) as url:
        first = Simulator(url)
        first.post("campaigns", campaign())
        first.tell(PHONES[:3])
        first.tell(PHONES[:1], status=1)
        entry = {"outId": OUT_ID, "phoneNum": PHONES[0], "sendTime": beijing_now(), "content": "T"}
        first.push("reply", {"thirdSmsSendReplyModelList": [entry]})
        account = first.campaign()
        receipts = first.get("receipts")
        first.session.close()
    with (tmp_path / "quickaudience.jsonl").open("ab") as journal:
        journal.write(b'{"event":"tell","call":9')  # as a kill in the middle of writing leaves it
    with running(settings, tmp_path) as url:
        second = Simulator(url)
        assert second.campaign() == account
        assert second.get("receipts") == receipts
        second.tell(PHONES[3:])
        assert second.campaign()["missing"] == 0
        assert second.get("receipts", phoneNum=PHONES[3])["receipts"][0]["call"] == 4
        second.session.close()
    with running(settings, tmp_path) as url:
        third = Simulator(url)
        assert third.campaign()["missing"] == 0
        third.post("reset")
        third.session.close()
    with running(settings, tmp_path) as url:
        fourth = Simulator(url)
        assert fourth.get("campaigns") == {"campaigns": []}
        fourth.session.close()


def test_a_nonce_stays_spent_across_restarts(tmp_path: Path) -> None:
    timestamp, nonce = new_timestamp(), new_nonce()
    entry = {"outId": "1", "phoneNum": PHONES[0], "sendTime": beijing_now(), "content": "T"}
    statuses = []
    for _ in range(2):
        with running(state=tmp_path) as url:
            answer = requests.post(
                f"{url}/restapi/marketing2/third/sms/callback/send/reply",
                params={"timestamp": timestamp, "nonce": nonce},
                json={"thirdSmsSendReplyModelList": [entry]},
                headers={SIGNATURE_HEADER: sign(DEFAULT_KEY, timestamp, nonce)},
                timeout=5,
            )
            statuses.append(answer.status_code)
    assert statuses == [200, 401]


def test_a_state_folder_is_for_one(tmp_path: Path) -> None:
    with (
        running(state=tmp_path),
        pytest.raises(RuntimeError, match="in use"),
        running(state=tmp_path),
    ):
        pass


COMMAND = [sys.executable, "-m", "local.quickaudience"]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QA_KEY", "QA_AUTH", "QA_PLATFORM_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serving_from_the_command_line(bridge: FakeBridge, number: int) -> None:
    arguments = ["--port", "0", "--bridge-url", bridge.url, "--key", "k", "--platform-name", "p"]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", line)
        assert match
        simulator = Simulator(match[1])
        assert simulator.get("settings")["platformName"] == "p"
        simulator.post("request", {"path": "/sms/smsTemplate/1"})
        # Something must be going on when it is told to end.
        simulator.post("settings", {"auth": False})
        simulator.post("behaviour", {"kind": "hang"})
        with pytest.raises(requests.ReadTimeout):
            simulator.session.post(
                f"{match[1]}/restapi/marketing2/third/sms/callback/send/reply",
                json={
                    "thirdSmsSendReplyModelList": [
                        {
                            "outId": "1",
                            "phoneNum": PHONES[0],
                            "sendTime": beijing_now(),
                            "content": "",
                        }
                    ]
                },
                timeout=0.2,
            )
        started = time.monotonic()
        process.send_signal(number)
        assert process.wait(timeout=5) == 0
        assert time.monotonic() - started < 2
        assert process.stdout.read() == ""
        simulator.session.close()
    request = bridge.requests[0]
    [timestamp], [nonce] = request.query["timestamp"], request.query["nonce"]
    assert request.headers[SIGNATURE_HEADER] == sign("k", timestamp, nonce)


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=30, check=False
    )


def test_send_by_hand(bridge: FakeBridge) -> None:
    common = ["send", "--url", bridge.url, "--sign", "腾讯云", "--template", "1001"]
    done = run_command(*common, "--phone", "1", "--phone", "2", "--param", "name=a=b")
    assert done.returncode == 0, done.stderr
    assert '"bizId": "biz-1"' in done.stdout
    assert Counter(bridge.requests[0].body["phoneNumberJson"]) == {"1": 1, "2": 1}
    assert bridge.requests[0].body["templateParamJson"] == [{"name": "a=b"}] * 2
    bridge.react = lambda _request: (401, envelope(code="401", bizId=""))
    refused = run_command(*common, "--phone", "1", "--digital", "--no-auth")
    assert refused.returncode == 1
    assert "HTTP 401" in refused.stdout
    assert bridge.requests[1].path == "/sms/sendDigitalBatchList"
    assert bridge.requests[1].headers[SIGNATURE_HEADER] == ""
    wrong = run_command(*common, "--phone", "1", "--param", "name")
    assert wrong.returncode == 2
    assert "name=value" in wrong.stderr


def test_curl_command(bridge: FakeBridge) -> None:
    body = '{"outId":"it\'s"}'
    done = run_command("curl", "--url", bridge.url, "post", "/sms/smsSign/签名", body)
    words = shlex.split(done.stdout)
    assert words[:4] == ["curl", "-sS", "-X", "POST"]
    assert unquote(urlsplit(words[4]).path) == f"{PREFIX}/sms/smsSign/签名"
    query = parse_qs(urlsplit(words[4]).query)
    signature = sign(DEFAULT_KEY, query["timestamp"][0], query["nonce"][0])
    assert f"{SIGNATURE_HEADER}: {signature}" in words
    assert words[words.index("--data-binary") + 1] == body
    unsigned = run_command("curl", "--url", bridge.url, "--no-auth", "GET", "/sms/smsSign/a")
    assert f"{SIGNATURE_HEADER};" in shlex.split(unsigned.stdout)


def test_the_bridge_s_environment_is_honoured(
    bridge: FakeBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("curl", "--url", bridge.url, "GET", "/sms/smsSign/a")
    monkeypatch.setenv("QA_KEY", "k")
    words = shlex.split(run_command(*arguments).stdout)
    query = parse_qs(urlsplit(words[4]).query)
    signature = sign("k", query["timestamp"][0], query["nonce"][0])
    assert f"{SIGNATURE_HEADER}: {signature}" in words
    monkeypatch.setenv("QA_AUTH", "off")
    assert f"{SIGNATURE_HEADER};" in shlex.split(run_command(*arguments).stdout)


Wait = Callable[[Callable[[], object]], None]


@pytest.fixture
def wait() -> Wait:
    def until(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.01)

    return until
