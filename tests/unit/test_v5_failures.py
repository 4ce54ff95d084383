"""How the client reports a failing network, through the real session of requests and urllib3."""

import errno
import http.client
import socket
import ssl
import traceback
from collections.abc import Callable
from typing import Any

import pytest
import requests
import urllib3.connection
from urllib3.connection import HTTPConnection, HTTPSConnection

from chalicelib.connections import new_session
from chalicelib.domain.planning import Call
from chalicelib.tencent.interface import (
    CallRefusedError,
    NotSentError,
    OutcomeUnknownError,
    TencentError,
)
from chalicelib.tencent.v5 import Client
from tests.support.transport import Transport

KEY = "5f03a35d00ee52a21327ab048186a2c4"
Break = Callable[[pytest.MonkeyPatch], None]


def failing(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def when_connecting(error: Exception) -> Break:
    return lambda patch: patch.setattr("urllib3.util.connection.create_connection", failing(error))


def in_the_handshake(error: Exception) -> Break:
    return lambda patch: patch.setattr(HTTPSConnection, "connect", failing(error))


def once_connected(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HTTPSConnection, "connect", lambda _: None)
    patch.setattr(HTTPSConnection, "is_verified", True)


def while_sending(error: Exception) -> Break:
    def break_it(patch: pytest.MonkeyPatch) -> None:
        once_connected(patch)
        patch.setattr(HTTPConnection, "request", failing(error))

    return break_it


def while_waiting(error: Exception) -> Break:
    def break_it(patch: pytest.MonkeyPatch) -> None:
        once_connected(patch)
        patch.setattr(HTTPConnection, "request", lambda *_, **__: None)
        patch.setattr(HTTPConnection, "getresponse", failing(error))

    return break_it


def send() -> None:
    session = new_session(1, max_idle_seconds=80)
    client = Client("https://yun.tim.qq.com/v5/tlssmssvr", "1400006666", KEY, session)
    client.send(Call(("8613788888888",), ()), sign="s", tpl_id=1)


NOT_SENT = {
    "refused": when_connecting(ConnectionRefusedError(errno.ECONNREFUSED, "refused")),
    "unreachable": when_connecting(OSError(errno.ENETUNREACH, "unreachable")),
    "connect-timeout": when_connecting(TimeoutError("timed out")),
    "dns": when_connecting(socket.gaierror(-2, "Name or service not known")),
    "certificate": in_the_handshake(ssl.SSLCertVerificationError(1, "certificate verify failed")),
}
UNKNOWN = {
    "handshake-eof": in_the_handshake(ssl.SSLEOFError(8, "EOF occurred in violation of protocol")),
    "timeout-while-sending": while_sending(TimeoutError("timed out")),
    "aborted-while-sending": while_sending(ConnectionAbortedError(errno.ECONNABORTED, "aborted")),
    "error-while-sending": while_sending(OSError(errno.EIO, "input/output error")),
    "read-timeout": while_waiting(TimeoutError("timed out")),
    "reset": while_waiting(ConnectionResetError(errno.ECONNRESET, "reset")),
    "closed": while_waiting(http.client.RemoteDisconnected("closed without response")),
    "bad-status-line": while_waiting(http.client.BadStatusLine("garbage")),
    "incomplete": while_waiting(http.client.IncompleteRead(b"half")),
    "tls-eof": while_waiting(ssl.SSLEOFError(8, "EOF occurred in violation of protocol")),
    "tls-error": while_waiting(ssl.SSLError(1, "bad record mac")),
}


@pytest.mark.parametrize("break_it", NOT_SENT.values(), ids=NOT_SENT)
def test_without_a_connection_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch, break_it: Break
) -> None:
    break_it(monkeypatch)
    with pytest.raises(NotSentError, match="sendsms: "):
        send()


@pytest.mark.parametrize("break_it", UNKNOWN.values(), ids=UNKNOWN)
def test_a_failure_after_connecting_leaves_the_outcome_unknown(
    monkeypatch: pytest.MonkeyPatch, break_it: Break
) -> None:
    break_it(monkeypatch)
    with pytest.raises(OutcomeUnknownError, match="sendsms: "):
        send()


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError(),
        requests.ConnectionError("text"),
        requests.Timeout(),
        requests.ReadTimeout("x"),
        requests.exceptions.ChunkedEncodingError("x"),
        requests.exceptions.ContentDecodingError("x"),
        requests.exceptions.SSLError("x"),
        requests.exceptions.SSLError(urllib3.exceptions.SSLError()),
        requests.RequestException(),
    ],
    ids=lambda error: repr(error)[:40],
)
def test_an_error_at_an_unknown_stage_leaves_the_outcome_unknown(
    error: requests.RequestException,
) -> None:
    session = requests.Session()
    session.mount("https://", Transport(error))
    client = Client("https://yun.tim.qq.com/v5/tlssmssvr", "1400006666", KEY, session)
    with pytest.raises(OutcomeUnknownError):
        client.get_sign([1])


ALL = NOT_SENT | UNKNOWN


@pytest.mark.parametrize("break_it", ALL.values(), ids=ALL)
def test_an_error_reveals_neither_key_nor_signature_nor_address(
    monkeypatch: pytest.MonkeyPatch, break_it: Break
) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda _: 7226249334 - 10**9)
    break_it(monkeypatch)
    with pytest.raises(TencentError) as caught:
        send()
    printed = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    for secret in (KEY, "7226249334", "1400006666", "yun.tim.qq.com"):
        assert secret not in printed


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"<html>"),
        (429, b""),
        (404, b""),
        {"result": 1001, "errmsg": "sig error"},
        {"result": 1008},
    ],
    ids=str,
)
def test_an_error_about_an_answer_reveals_neither_key_nor_signature_nor_address(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda _: 7226249334 - 10**9)
    session, transport = requests.Session(), Transport(answer)
    session.mount("https://", transport)
    client = Client("https://yun.tim.qq.com/v5/tlssmssvr", "1400006666", KEY, session)
    with pytest.raises(TencentError) as caught:
        client.get_sign([1])
    printed = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    if isinstance(caught.value, CallRefusedError):
        printed += caught.value.explain()
    for secret in (KEY, "7226249334", "1400006666", "yun.tim.qq.com", transport.body()["sig"]):
        assert secret not in printed
