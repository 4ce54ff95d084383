"""What the log and the metrics say of requests from strangers."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from chalicelib import metrics
from chalicelib.logs import log
from tests.support.in_process.bridge import SIGN, Bridge, template_body
from tests.support.in_process.quickaudience import signed

PATH = f"/sms/smsSign/{SIGN}"
HEADER = "X-QA-Hmac-Signature"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Return what the bridge logs, as Lambda would print it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.registered_formatter)
    logger = logging.getLogger(log.name)
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


def lines(logged: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in logged.getvalue().splitlines()]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    found: dict[str, int] = {}
    monkeypatch.setattr(metrics, "_emit", lambda values, _: found.update(values))
    return found


def test_a_wrong_signature_is_counted_and_logged_with_its_source(
    linked: Bridge, logged: io.StringIO, counted: dict[str, int]
) -> None:
    linked.send("GET", signed(PATH)[0], headers={HEADER: "0" * 64})
    assert counted == {"SignaturesRefused": 1}
    assert [line["source"] for line in lines(logged) if line["message"] == "refused"] == [
        "127.0.0.1"
    ]


def test_a_reused_nonce_is_counted(linked: Bridge, counted: dict[str, int]) -> None:
    for content in ("您好", "再见"):
        linked.ask("POST", "/sms/smsTemplate", template_body(content), nonce="n" * 32)
    assert counted == {"NoncesReused": 1}


def test_a_foreign_address_is_counted(linked: Bridge, counted: dict[str, int]) -> None:
    linked.configure(QA_SOURCE_ADDRESSES="203.0.113.7")
    linked.ask("GET", PATH)
    assert counted == {"SignaturesRefused": 1}


def test_a_wrong_token_is_counted_and_logged_with_its_source_but_without_the_token(
    linked: Bridge, logged: io.StringIO, counted: dict[str, int]
) -> None:
    assert linked.callback([], token="guessed-token")[0] == 403
    assert counted == {"CallbackTokensRefused": 1}
    printed = lines(logged)
    assert [line.get("source") for line in printed] == ["127.0.0.1"]
    assert "guessed-token" not in json.dumps(printed)


@pytest.mark.parametrize("path", ["/sms/" + "x" * 7500, "/sms/138-1234-5678/" + "长" * 700])
def test_the_lines_of_unknown_paths_are_short(
    linked: Bridge, logged: io.StringIO, path: str
) -> None:
    answer = linked.send("GET", path)
    assert answer.status == 404
    printed = logged.getvalue()
    assert len(printed) < 1500
    assert "1234-5678" not in printed


def test_a_callback_does_not_carry_the_id_of_the_request_before(
    linked: Bridge, logged: io.StringIO
) -> None:
    linked.ask("GET", "/sms/smsSign/nobody")
    assert "requestId" in lines(logged)[-1]
    linked.callback([{"sid": "1", "mobile": "13900001111", "nationcode": "86"}])
    queued = [line for line in lines(logged) if line["message"] == "callback queued"]
    assert queued
    assert not any("requestId" in line for line in queued)
