"""The HTTP front answers as API Gateway and Lambda would, and as fast as the machine allows."""

import http.client
import json
import os
import socket
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from local import aws
from local.processes import LISTENING, Process
from tests.support.local_stack.processes import TINY, Bridge
from tests.support.waiting import wait_for

BINARY = {"Content-Type": "application/octet-stream"}
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run a front that all tests share: none of them stops it."""
    folder = tmp_path_factory.mktemp("http")
    process = Process(
        "http",
        "local.http",
        *("--port", "0", "--app", TINY),
        environment={
            # The routes of these tests need no AWS.
            **aws.environment("http://127.0.0.1:9", os.environ),
            "QA_PLATFORM_NAME": "tiny-platform",
        },
        log=folder / "http.log",
        ready=LISTENING,
    )
    process.start()
    try:
        yield int(process.wait_ready()["url"].rpartition(":")[2])
    finally:
        process.kill()


@pytest.fixture
def connection(port: int) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as opened:
        yield opened


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, **options: Any
) -> tuple[int, Any]:
    connection.request(method, path, **options)
    response = connection.getresponse()
    return response.status, json.loads(response.read() or b"null")


def raw(port: int, *parts: bytes) -> tuple[bytes, bytes]:
    """Return the status line and body of everything sent before the front closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while data := connection.recv(65_536):
            answer += data
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.splitlines()[0], body


def median_latency(port: int, keep_alive: bool) -> float:
    taken = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(30):
        began = time.perf_counter()
        assert ask(connection, "GET", "/health") == (200, {"status": "ok"})
        taken.append(time.perf_counter() - began)
        if not keep_alive:
            connection.close()
    connection.close()
    return statistics.median(taken)


def test_a_kept_alive_connection_is_not_slower_than_new_ones(port: int) -> None:
    """`chalice local` waits for 44 ms, about thirty times as long as a new connection takes."""
    floor = median_latency(port, keep_alive=False)
    assert median_latency(port, keep_alive=True) < 3 * floor


def test_head_has_no_body_and_leaves_the_connection_in_step(
    connection: http.client.HTTPConnection,
) -> None:
    for _ in range(2):
        connection.request("HEAD", "/health")
        response = connection.getresponse()
        assert response.status == 405
        assert int(response.headers["Content-Length"]) > 0
        assert response.read() == b""
        assert ask(connection, "GET", "/health") == (200, {"status": "ok"})


def test_bodies_arrive_whole_chunked_or_not(connection: http.client.HTTPConnection) -> None:
    chunks = [b"a" * 10, b"b" * 70_000, b"\r\n0\r\n\r\n"]
    length = sum(map(len, chunks))
    for body, chunked in ((iter(chunks), True), (b"".join(chunks), False)):
        answer = ask(connection, "POST", "/echo", body=body, headers=BINARY, encode_chunked=chunked)
        assert answer == (200, {"length": length})


def test_chunks_may_have_extensions_and_trailers(port: int) -> None:
    status, body = raw(
        port,
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"
        b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"3;name=value\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
    )
    assert (status, json.loads(body)) == (b"HTTP/1.1 200 OK", {"length": 3})


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (b"Content-Length: abc", b"", 400),
        (b"Content-Length: -5", b"", 400),
        (b"Content-Length: 3\r\nContent-Length: 4", b"abcd", 400),
        (b"Content-Length: 999999999999999999999999", b"", 400),
        (b"Content-Length: 999999999999", b"", 413),
        (b"Transfer-Encoding: chunked", b"0x3\r\nabc\r\n0\r\n\r\n", 400),
        (b"Transfer-Encoding: chunked", b"3\r\nabcd\r\n0\r\n\r\n", 400),
        (b"Transfer-Encoding: chunked", b"ffffffffff\r\n", 413),
        (b"Transfer-Encoding: gzip", b"", 400),
    ],
)
def test_malformed_requests_are_answered(
    port: int, headers: bytes, body: bytes, status: int
) -> None:
    line, answer = raw(port, b"POST /echo HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n", body)
    assert line.split()[1] == str(status).encode()
    assert json.loads(answer)["message"]


def test_a_request_that_is_no_http_is_answered(port: int) -> None:
    line, answer = raw(port, b"GET / HTTP/1.1 nonsense\r\n\r\n")
    assert line.split()[1] == b"400"
    assert json.loads(answer)["message"]


@pytest.mark.parametrize(("megabytes", "status"), [(10, 200), (11, 413)])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_are_limited_as_by_api_gateway(
    connection: http.client.HTTPConnection, megabytes: int, status: int, chunked: bool
) -> None:
    """The client gets the answer although the front did not read the body."""
    whole = b"x" * (megabytes * MEGABYTE)
    body = iter([whole]) if chunked else whole
    answer, _ = ask(connection, "POST", "/echo", body=body, headers=BINARY, encode_chunked=chunked)
    assert answer == status


def test_expecting_100_continue_does_not_stall(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(
            b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"ab")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/sms/nothing"), ("POST", "/sms/a/b?c=d"), ("GET", "/sms/known"), ("PUT", "/sms/")],
)
def test_below_sms_a_missing_route_is_answered_in_the_documented_form(
    connection: http.client.HTTPConnection, method: str, path: str
) -> None:
    # With an Authorization header, API Gateway and the front refuse in another way.
    for headers in ({}, {"Authorization": "anything"}):
        status, answer = ask(connection, method, path, headers=headers)
        assert status == 404
        assert answer["platformName"] == "tiny-platform"
        assert answer["code"] == "404"
        assert path.partition("?")[0] in answer["message"]
        assert len(answer["requestId"]) == 36
    assert ask(connection, "POST", "/sms/known", body=b"{}") == (200, {"code": "OK"})


def test_elsewhere_a_missing_route_is_answered_as_by_api_gateway(
    connection: http.client.HTTPConnection,
) -> None:
    assert ask(connection, "GET", "/nothing") == (403, {"message": "Missing Authentication Token"})


def test_the_front_answers_for_a_function_that_fails(
    connection: http.client.HTTPConnection,
) -> None:
    assert ask(connection, "GET", "/breaks") == (502, {"message": "Internal server error"})
    assert ask(connection, "GET", "/health") == (200, {"status": "ok"})


def test_each_request_has_its_own_lambda_context(port: int) -> None:
    def context(_: int) -> dict[str, str]:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            answer: dict[str, str] = ask(connection, "GET", "/context")[1]
            return answer

    with ThreadPoolExecutor(8) as pool:
        contexts = list(pool.map(context, range(8)))
    assert all(each["mine"] == each["later"] for each in contexts)
    assert len({each["mine"] for each in contexts}) == 8


def test_sigterm_finishes_what_is_in_flight_and_waits_for_nothing_else(
    bridge: Bridge, tmp_path: Path
) -> None:
    process = bridge.start("local.http", "--port", "0", ready=LISTENING)
    port = int(process.wait_ready()["url"].rpartition(":")[2])
    with (
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as busy,
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as idle,
    ):
        assert ask(idle, "GET", "/health")[0] == 200
        busy.request("GET", "/hold")
        bridge.calls(1)
        process.terminate()
        wait_for(lambda: refuses(port))
        assert process.running
        bridge.release()
        response = busy.getresponse()
        assert (response.status, response.read()) == (200, b'{"status":"released"}')
        assert process.wait(60)
    assert process.exit_code == 0


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        # It waited at a socket that was closed at that moment.
        return False
    return False


def test_a_port_in_use_ends_with_a_message(bridge: Bridge) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        process = bridge.start("local.http", "--port", port, ready=LISTENING)
        assert process.wait(60)
    assert process.exit_code == 1
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use" in process.output()
    assert "Traceback" not in process.output()
