"""Every route answers in the envelope before API Gateway gives up, whatever the other side does."""

import json
import time
from typing import Any

import pytest
import requests

from chalicelib.endpoints import envelope, send_details
from chalicelib.store import table
from tests.support.in_process import web
from tests.support.in_process.bridge import Bridge, template_body
from tests.support.in_process.tencent import lost

GATEWAY_SECONDS = 29
TEXT = template_body("您好${name}")
ROUTES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "sign": ("GET", "/sms/smsSign/某某科技", {}),
    "create": ("POST", "/sms/smsTemplate", TEXT),
    "modify": ("PUT", "/sms/smsTemplate/{code}", TEXT),
    "query": ("GET", "/sms/smsTemplate/{code}", {}),
    "send": (
        "POST",
        "/sms/sendBatchList",
        {
            "outId": "late",
            "signName": "某某科技",
            "templateCode": "{code}",
            "phoneNumberJson": ["13900001111"],
            "templateParamJson": [{"name": "李雷"}],
        },
    ),
    "details": ("POST", "/sms/sendDetails", {"outId": "late"}),
}


def hang(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Tencent answer nothing: each call lasts until its caller gives up."""

    def send(*_: Any, timeout: tuple[float, float], **__: Any) -> requests.Response:
        bridge.clock.advance(seconds=sum(timeout))
        raise requests.ReadTimeout

    monkeypatch.setattr(bridge.tencent, "send", send)


@pytest.fixture
def slow(linked: Bridge) -> Bridge:
    linked.template("您好${name}")
    # The approvals of the sign and of the template have to be asked for again.
    linked.clock.advance(hours=1)
    return linked


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_answers_in_time_although_the_table_is_slow(
    slow: Bridge, monkeypatch: pytest.MonkeyPatch, route: str
) -> None:
    for verb in ("get", "put", "put_new", "replace"):
        real = getattr(table, verb)

        def slowly(*args: Any, _real: Any = real, **options: Any) -> Any:
            found = _real(*args, **options)
            slow.clock.advance(seconds=5)
            return found

        monkeypatch.setattr(table, verb, slowly)
    method, path, body = ROUTES[route]
    began = time.time()
    answer = slow.ask(method, path.replace("{code}", "7000"), filled(body))
    assert time.time() - began < GATEWAY_SECONDS
    assert answer.body["platformName"]
    assert answer.body["requestId"]


def filled(body: dict[str, Any]) -> dict[str, Any]:
    filled_in: dict[str, Any] = json.loads(json.dumps(body).replace("{code}", "7000"))
    return filled_in


@pytest.mark.parametrize("route", ["sign", "create", "modify", "query", "send"])
def test_a_route_answers_in_time_although_tencent_says_nothing(
    slow: Bridge, monkeypatch: pytest.MonkeyPatch, route: str
) -> None:
    hang(slow, monkeypatch)
    method, path, body = ROUTES[route]
    began = time.time()
    answer = slow.ask(method, path.replace("{code}", "7000"), filled(body))
    assert time.time() - began < GATEWAY_SECONDS
    assert answer.body["platformName"]


def test_a_template_whose_answer_was_lost_is_found_by_the_repetition(linked: Bridge) -> None:
    """Tencent has made it: a second one would stay there for ever."""
    linked.tencent.next("add_template", lost(web.read_timeout, sent=True))
    first = linked.ask("POST", "/sms/smsTemplate", TEXT)
    assert first.code == "isp.SYSTEM_ERROR"
    again = linked.ask("POST", "/sms/smsTemplate", TEXT)
    assert again.code == "OK"
    assert list(linked.tencent.templates) == [int(again["templateCode"])]
    # What was answered is a template of its own from then on.
    other = linked.ask("POST", "/sms/smsTemplate", TEXT)
    assert other["templateCode"] != again["templateCode"]
    assert len(linked.tencent.templates) == 2


def test_a_template_that_tencent_never_got_is_submitted_again(linked: Bridge) -> None:
    linked.tencent.next("add_template", lost(web.read_timeout, sent=False))
    assert linked.ask("POST", "/sms/smsTemplate", TEXT).code == "isp.SYSTEM_ERROR"
    assert linked.ask("POST", "/sms/smsTemplate", TEXT).code == "OK"
    assert len(linked.tencent.templates) == 1


# --- six megabytes ---


def test_an_answer_is_written_in_utf8_and_not_in_escapes(linked: Bridge) -> None:
    answer = linked.ask("POST", "/sms/smsTemplate", {"templateName": "名"})
    assert "缺少该字段" in answer.message
    assert "缺少该字段".encode() in answer.raw
    assert b"\\u" not in answer.raw


@pytest.mark.parametrize(("version", "bytes_each"), [((3, 11), 6), ((3, 12), 3), ((3, 13), 3)])
def test_a_character_takes_as_many_bytes_as_the_runtime_writes(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], bytes_each: int
) -> None:
    monkeypatch.setattr("sys.version_info", version)
    assert envelope.wire_size("你" * 100) == bytes_each * 100 + 2


def test_a_page_that_lambda_could_not_return_is_refused_with_a_smaller_page_size(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = linked.template("您好" * 100)
    phones = [f"139{number:08d}" for number in range(20)]
    linked.campaign(phones, code=code)
    linked.pump.drain("deliver")
    linked.deliver_all()
    linked.pump.drain()
    monkeypatch.setattr(send_details, "_MAX_WIRE_SIZE", 8_000)
    body = {"outId": "task-1", "currentPage": 1, "pageSize": 20}
    refused = linked.ask("POST", "/sms/sendDetails", body)
    assert (refused.status, refused.code) == (200, "isv.INVALID_PARAMETERS")
    assert refused["sendDetailDTOs"] == []
    smaller = int(refused.message.rpartition(" ")[2])
    assert 1 <= smaller < 20
    page = linked.ask("POST", "/sms/sendDetails", body | {"pageSize": smaller})
    assert len(page["sendDetailDTOs"]) == smaller
    assert page["totalCount"] == 20
