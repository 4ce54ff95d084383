"""The bundle under AWS's own runtime client, with events in the forms that AWS documents.

The process sees the bundle, the client and the standard library, and nothing else of this checkout.
"""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from chalicelib import __version__
from local.runtime import Answer, Function
from tests.support.deployment.bundle import SIGN, Queues, Simulator, event


@pytest.fixture(scope="module")
def http(code: Path, environment: dict[str, str]) -> Iterator[Function]:
    with Function(code, "app.app", environment) as function:
        yield function


def body(answer: Answer) -> Any:
    """Return the body of an HTTP answer, after checking that API Gateway accepts it."""
    assert not answer.error
    assert answer.payload.keys() == {"statusCode", "headers", "multiValueHeaders", "body"}
    return json.loads(answer.payload["body"])


def signed_as(recorded: Any, other: str) -> Any:
    """Return a recorded request with the nonce and signature of another one, because each is valid for one request."""
    signed = event(other)
    for name in ("queryStringParameters", "multiValueQueryStringParameters"):
        recorded[name] = signed[name]
    header = "X-QA-Hmac-Signature"
    recorded["headers"][header] = signed["headers"][header]
    recorded["multiValueHeaders"][header] = signed["multiValueHeaders"][header]
    return recorded


def sqs_event(name: str, queue: str, queues: Queues, *bodies: Any) -> Any:
    """Return a recorded event whose messages are really in flight. `bodies` replace the recorded one."""
    recorded = event(name)
    for record, given in zip(recorded["Records"], bodies, strict=False):
        record["body"] = json.dumps(given)
    [record] = recorded["Records"]
    # A message that waits for more than 72 hours is not tried again.
    record["attributes"]["SentTimestamp"] = str(int(time.time() * 1000))
    queues.send(queue, record["body"])
    _, record["receiptHandle"] = queues.receive(queue)
    return recorded


def test_a_monitors_request_is_answered(http: Function) -> None:
    assert body(http.invoke(event("http_health"))) == {"status": "ok", "version": __version__}


def test_a_route_without_a_handler_is_answered_in_the_envelope(http: Function) -> None:
    answer = http.invoke(event("http_unknown"))

    assert answer.payload["statusCode"] == 404
    assert body(answer)["code"] == "404"


@pytest.mark.parametrize("nonce", ["http_sign", "http_template"])
def test_a_chinese_name_in_the_path_arrives_encoded_or_not(http: Function, nonce: str) -> None:
    recorded = signed_as(event("http_sign"), nonce)
    if nonce == "http_template":
        recorded["path"] = unquote(recorded["path"])
        recorded["pathParameters"]["sign_name"] = unquote(recorded["pathParameters"]["sign_name"])

    answer = http.invoke(recorded)

    assert answer.payload["statusCode"] == 404
    assert SIGN in body(answer)["message"]


@pytest.mark.parametrize("name", ["http_send", "http_send_base64"])
def test_a_body_arrives_as_text_or_as_base64(http: Function, name: str) -> None:
    answer = http.invoke(event(name))

    # The signature was valid, and the body was read up to the name of the sign.
    assert answer.payload["statusCode"] == 404
    assert SIGN in body(answer)["message"]
    assert answer.payload["headers"]["Content-Type"] == "application/json; charset=utf-8"


def test_a_wrong_signature_is_refused(http: Function) -> None:
    answer = http.invoke(event("http_wrong_signature"))

    assert answer.payload["statusCode"] == 401
    assert body(answer)["code"] == "401"


@pytest.mark.parametrize("name", ["http_callback", "http_callback_base64"])
def test_a_callback_is_on_its_queue_before_it_is_answered(
    http: Function, queues: Queues, name: str
) -> None:
    recorded = event(name)
    text = recorded["body"]
    pushed = json.loads(base64.b64decode(text) if recorded["isBase64Encoded"] else text)

    answer = http.invoke(recorded)

    assert (answer.payload["statusCode"], body(answer)["result"]) == (200, 0)
    queued, _ = queues.receive("callbacks")
    assert json.loads(queued)["statuses"] == pushed


def test_an_unknown_page_is_answered_in_html(http: Function) -> None:
    answer = http.invoke(event("http_page"))

    assert answer.payload["statusCode"] == 404
    assert answer.payload["headers"]["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in answer.payload["headers"]["Content-Security-Policy"]


FED = {
    "deliver": ("sqs_sends", "sends"),
    "read": ("sqs_files", "files"),
    "push": ("sqs_receipts", "receipts"),
    "settle": ("sqs_callbacks", "callbacks"),
}


@pytest.mark.parametrize("function", FED)
@pytest.mark.parametrize("partial", ["off", "on"])
def test_a_message_that_a_function_cannot_finish_is_received_again(
    code: Path, environment: dict[str, str], queues: Queues, function: str, partial: str
) -> None:
    name, queue = FED[function]
    recorded = sqs_event(name, queue, queues)
    [record] = recorded["Records"]
    broken = environment | {"BRIDGE_TABLE": "no-such-table", "BRIDGE_PARTIAL_BATCHES": partial}

    with Function(code, f"app.{function}", broken) as started:
        answer = started.invoke(recorded)

    if partial == "on":
        assert not answer.error
        failures = [{"itemIdentifier": record["messageId"]}]
        assert answer.payload == {"batchItemFailures": failures}
    else:
        # An error is what keeps Lambda from deleting the message.
        assert answer.error
        assert answer.payload["errorType"] == "UnfinishedError"


@pytest.mark.parametrize("function", FED)
def test_what_can_never_succeed_becomes_a_dead_letter(
    code: Path, environment: dict[str, str], queues: Queues, function: str
) -> None:
    queue = FED[function][1]
    recorded = sqs_event("sqs_garbage", queue, queues)
    before = queues.count(f"{queue}-dead")

    with Function(code, f"app.{function}", environment) as started:
        answer = started.invoke(recorded)

    assert not answer.error, answer.payload
    assert queues.count(f"{queue}-dead") == before + 1


def test_a_receipt_is_pushed(
    code: Path,
    environment: dict[str, str],
    queues: Queues,
    quick_audience_simulator: Simulator,
) -> None:
    recorded = sqs_event("sqs_receipts", "receipts", queues)

    with Function(code, "app.push", environment) as started:
        answer = started.invoke(recorded)

    assert not answer.error, answer.payload
    reported = quick_audience_simulator.get("/_sim/receipts?outId=recorded")
    assert [entry["phoneNum"] for entry in reported["receipts"]] == ["13800000000"]


@pytest.mark.parametrize("function", ["sweep", "pull", "release", "inquire"])
def test_a_schedule_starts_its_function(
    code: Path, environment: dict[str, str], tencent_simulator: Simulator, function: str
) -> None:
    tencent_simulator.post("/_sim/behaviour", {"pull_enabled": True})
    before = tencent_simulator.get("/_sim/state")["calls"].get("pullstatus", 0)

    with Function(code, f"app.{function}", {**environment, "TENCENT_RECEIPTS": "pull"}) as started:
        answer = started.invoke(event("schedule"))

    assert (answer.payload, answer.error) == (None, False)
    calls = tencent_simulator.get("/_sim/state")["calls"].get("pullstatus", 0) - before
    assert bool(calls) == (function == "pull")


@pytest.mark.parametrize("function", ["deliver", "read", "settle", "push", "sweep", "pull"])
def test_a_function_without_its_settings_says_which(
    code: Path, environment: dict[str, str], function: str
) -> None:
    recorded = event("schedule" if function in {"sweep", "pull"} else "sqs_garbage")
    lacking = {name: value for name, value in environment.items() if name != "QA_PLATFORM_NAME"}

    with Function(code, f"app.{function}", lacking) as started:
        answer = started.invoke(recorded)
        said = json.dumps(answer.payload) + started.output()

    assert answer.error
    assert "QA_PLATFORM_NAME is not set (expected: API name entered in Quick Audience)" in said


def test_http_without_its_settings_answers_and_says_which_in_its_log(
    code: Path, environment: dict[str, str]
) -> None:
    with Function(code, "app.app", environment | {"QA_RECEIPTS": "carrier pigeon"}) as function:
        answer = function.invoke(event("http_sign"))
        said = function.output()

    assert answer.payload["statusCode"] == 500
    assert body(answer)["code"] == "isp.SYSTEM_ERROR"
    assert "QA_RECEIPTS is not an allowed value (expected: push or poll)" in said
