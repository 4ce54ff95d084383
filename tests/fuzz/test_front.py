"""The local HTTP front over a raw socket: any input is answered or disconnected, and the next request is served.

Invalid HTTP, or too large lines, headers or bodies, are refused with a 4xx. A body that is cut off gets no answer.
On a kept connection, requests before a fault are answered. Methods, encodings and versions that the front does
not support are refused, too: API Gateway lets none of them through.
"""

import os
import re
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local import aws, http
from local.functions import App
from local.processes import LISTENING, Process
from tests.support.fuzz.world import fuzzed
from tests.support.in_process.bridge import ENVIRONMENT
from tests.support.local_stack.processes import TINY

HOST = b"Host: x\r\n"
POST = b"POST /sms/sendBatchList HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
HEALTH = b"GET /health HTTP/1.1\r\n" + HOST
# One byte more than a line may have. Further bytes are not read, and a connection that is closed with unread
# bytes is reset, perhaps before the answer arrives.
_LINE = 65_537
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")

CASES: dict[str, tuple[bytes, list[int]]] = {
    "nothing": (b"", []),
    "empty lines": (b"\r\n\r\n", []),
    "bytes": (b"\x00\xff\x80" * 50, [400]),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400]),
    "HTTP/0.9": (b"GET /health\r\n", []),
    "HTTP/1.0": (b"GET /health HTTP/1.0\r\n\r\n", [200]),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
    "a version": (b"GET /health HTTP/1.9.9\r\n\r\n", [400]),
    "a method": (b"BREW /health HTTP/1.1\r\n" + HOST + b"\r\n", [403]),
    "a long line": (b"GET /" + b"a" * (_LINE - 5), [414]),
    "a long query": (b"GET /sms/smsSign/x?" + b"a=1&" * 15_000 + b" HTTP/1.1\r\n\r\n", [401]),
    "many headers": (b"GET /health HTTP/1.1\r\n" + b"A: b\r\n" * 101, [431]),
    "a long header": (HEALTH + b"A: " + b"b" * (_LINE - 3), [431]),
    "no header": (HEALTH + b"no colon\r\n\r\n", [200]),
    "a header of bytes": (HEALTH + b"Accept: \x00\x01\xff\r\n\r\n", [200]),
    "a path of bytes": (b"GET /sms/smsSign/\xff\x00 HTTP/1.1\r\n" + HOST + b"\r\n", [401]),
    "a path with slashes": (b"GET //sms//smsSign//x HTTP/1.1\r\n" + HOST + b"\r\n", [404]),
    "a path upwards": (b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", [403]),
    "a query of bytes": (
        b"GET /sms/smsSign/x?timestamp=%ff&nonce=%00&&=&%%%=% HTTP/1.1\r\n\r\n",
        [401],
    ),
    "a body cut off": (POST + b"Content-Length: 100\r\n\r\n{}", []),
    "a body too long": (POST + b"Content-Length: 2\r\n\r\n{}GARBAGE", [401, 400]),
    "a length with a sign": (POST + b"Content-Length: +2\r\n\r\n{}", [400]),
    "two lengths": (POST + b"Content-Length: 2, 2\r\n\r\n{}", [400]),
    "length and chunks": (
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        [401],
    ),
    "an encoding": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", [400]),
    "a chunk cut off": (CHUNKED + b"ff\r\nabc", []),
    "a chunk of less than nothing": (CHUNKED + b"-1\r\n\r\n", [400]),
    "no chunk": (CHUNKED, [400]),
    "a long extension": (CHUNKED + b"1;" + b"x" * 20_000 + b"\r\na\r\n0\r\n\r\n", [400]),
    "many trailers": (CHUNKED + b"0\r\n" + b"T: x\r\n" * 20_000 + b"\r\n", [401]),
    "a pipeline": ((HEALTH + b"\r\n") * 20, [200] * 20),
    "a pipeline with a fault": (
        HEALTH + b"\r\n" + b"GARBAGE\r\n\r\n" + HEALTH + b"\r\n",
        [200, 400],
    ),
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run the front of the app. The requests of these tests make no call to AWS."""
    process = Process(
        "http",
        "local.http",
        *("--port", "0"),
        environment={**aws.environment("http://127.0.0.1:9", os.environ), **ENVIRONMENT},
        log=tmp_path_factory.mktemp("front") / "http.log",
        ready=LISTENING,
    )
    process.start()
    try:
        yield int(process.wait_ready()["url"].rpartition(":")[2])
    finally:
        process.kill()


@pytest.fixture(autouse=True)
def no_sockets() -> None:
    """Allow sockets, which these tests need."""


def send(port: int, data: bytes, *, end: bool = True) -> bytes:
    """Send bytes, and return everything received until the front closes the connection. `end` ends the sending."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        try:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                answer += part
        except TimeoutError:
            raise
        except OSError:
            pass  # closed by the other side
    return answer


@pytest.mark.parametrize("case", CASES)
def test_any_request_is_answered_or_its_connection_closed(port: int, case: str) -> None:
    data, statuses = CASES[case]
    assert [int(status) for status in _STATUS.findall(send(port, data))] == statuses
    assert _STATUS.findall(send(port, HEALTH + b"\r\n")) == [b"200"]


def test_any_bytes_are_answered_or_their_connection_closed(port: int) -> None:
    parts = st.sampled_from(
        [
            *(b"GET ", b"POST ", b"/sms/sendBatch", b"/health", b"?a=b", b" HTTP/1.1\r\n", b"\r\n"),
            *(b"Host: x\r\n", b"Content-Length: ", b"Transfer-Encoding: chunked\r\n", b"5", b"\n"),
            *(b"Connection: close\r\n", b"Expect: 100-continue\r\n", b"{}", b"\x00", b":", b"\r"),
        ]
    ) | st.binary(max_size=20)

    @fuzzed(100)
    @given(st.lists(parts, max_size=12).map(b"".join))
    def feed(data: bytes) -> None:
        for status in _STATUS.findall(send(port, data)):
            assert int(status) < 500

    feed()
    assert _STATUS.findall(send(port, HEALTH + b"\r\n")) == [b"200"]


def test_a_client_that_stops_sending_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is 75 s, and a third of a second in this test."""
    monkeypatch.setattr(http._Handler, "timeout", 0.3)
    server = http.create_server(App(TINY), 0).server
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        for data in (b"", b"GET /hea", HEALTH, CHUNKED + b"5\r\nab"):
            assert not _STATUS.findall(send(server.server_port, data, end=False))
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
