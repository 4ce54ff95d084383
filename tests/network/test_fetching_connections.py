"""`fetching` with well-behaved and faulty servers."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib import settings
from chalicelib.fetching import connection, stream
from chalicelib.fetching.addresses import FetchError
from tests.support.settings import ENVIRONMENT

DATA = bytes(range(256)) * 40
Handle = Callable[[socket.socket, dict[str, str]], None]


class Server:
    """A server that answers each connection by `handle`, and keeps the heads of the requests."""

    def __init__(self, handle: Handle, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[str] = []
        self._handle = handle
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                part = connection.recv(4096)
                if not part:
                    return
                head += part
            text = head.decode()
            self.requests.append(text)
            lines = [line.partition(": ") for line in text.split("\r\n")[1:] if line]
            self._handle(connection, {name.lower(): value for name, _, value in lines})
        except OSError:
            pass
        finally:
            connection.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(60)


def answering(status: str, body: bytes = b"", **headers: str) -> Handle:
    fields = {"Content-Length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)

    def handle(connection: socket.socket, _: dict[str, str]) -> None:
        connection.sendall(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)

    return handle


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, handle: Handle) -> Iterator[tuple[str, Server]]:
    server = Server(handle)
    origin = f"http://127.0.0.1:{server.port}"
    made = settings.from_environment(ENVIRONMENT | {"OSS_ALLOWED_HOSTS": origin})
    monkeypatch.setattr(settings, "load", lambda: made)
    try:
        yield origin, server
    finally:
        server.close()


def fetch(url: str, start: int = 0, max_bytes: int = 100_000, seconds: float = 5) -> bytes:
    with stream.open_stream(url, max_bytes=max_bytes, seconds=seconds, start=start) as parts:
        return b"".join(parts)


def ranged(connection: socket.socket, headers: dict[str, str]) -> None:
    """Respond to ranges as OSS does."""
    start = int(headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
    size = len(DATA)
    if start >= size:
        handle = answering("416 Range Not Satisfiable", Content_Range=f"bytes */{size}")
    elif "range" in headers:
        place = f"bytes {start}-{size - 1}/{size}"
        handle = answering("206 Partial Content", DATA[start:], Content_Range=place, ETag='"v1"')
    else:
        handle = answering("200 OK", DATA, ETag='"v1"')
    handle(connection, headers)


def test_a_file_is_read_and_the_request_reveals_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serving(monkeypatch, answering("200 OK", DATA, Set_Cookie="a=b")) as (origin, server):
        for _ in range(2):
            url = f"{origin}/目录/a b.txt?Signature=%2B/=#part".replace("a b", "a%20b")
            assert stream.read_all(url, max_bytes=len(DATA), seconds=5) == DATA
    for request in server.requests:
        lines = request.split("\r\n")
        assert lines[0] == "GET /%E7%9B%AE%E5%BD%95/a%20b.txt?Signature=%2B/= HTTP/1.1"
        names = {line.partition(":")[0].lower() for line in lines[1:] if line}
        assert names == {"host", "accept-encoding", "user-agent"}
        assert f"Host: 127.0.0.1:{server.port}" in lines


def test_size_and_version_are_known_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serving(monkeypatch, ranged) as (origin, _),
        stream.open_stream(origin, max_bytes=10**6, seconds=5, start=7) as body,
    ):
        assert (body.version, body.size) == ('"v1"', len(DATA))


@pytest.mark.parametrize(
    "handle", [ranged, answering("200 OK", DATA)], ids=["by Range", "by skipping"]
)
@pytest.mark.parametrize("start", [0, 1, 5000, len(DATA) - 1, len(DATA)])
def test_a_file_is_read_from_an_offset(
    monkeypatch: pytest.MonkeyPatch, handle: Handle, start: int
) -> None:
    with serving(monkeypatch, handle) as (origin, _):
        assert fetch(origin, start) == DATA[start:]
        with pytest.raises(FetchError, match="上限"):
            fetch(origin, start, max_bytes=len(DATA) - 1)


@pytest.mark.parametrize(
    "handle", [ranged, answering("200 OK", DATA)], ids=["by Range", "by skipping"]
)
def test_a_file_that_became_shorter_is_an_error(
    monkeypatch: pytest.MonkeyPatch, handle: Handle
) -> None:
    with serving(monkeypatch, handle) as (origin, _), pytest.raises(FetchError, match="变短"):
        fetch(origin, len(DATA) + 1)


def chunked(connection: socket.socket, _: dict[str, str]) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for first in range(0, len(DATA), 1000):
        part = DATA[first : first + 1000]
        connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
    connection.sendall(b"0\r\n\r\n")


def test_the_bytes_of_a_chunked_file_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(monkeypatch, chunked) as (origin, _):
        assert fetch(origin) == DATA
        with pytest.raises(FetchError, match="上限"):
            fetch(origin, max_bytes=5000)


@pytest.mark.parametrize(
    ("handle", "why"),
    [
        (answering("404 Not Found"), "不存在"),
        (answering("403 Forbidden"), "没有权限"),
        (answering("500 Oh"), "HTTP 500"),
        (answering("204 No Content"), "HTTP 204"),
        (answering("206 Partial Content", b"x", Content_Range="bytes 0-0/9"), "HTTP 206"),
        *(
            (answering(f"{status} Elsewhere", Location="http://127.0.0.1:1/"), "跳转")
            for status in (301, 302, 303, 307, 308)
        ),
        (answering("200 OK", b"x", Content_Encoding="gzip"), "压缩"),
        (answering("200 OK", b"x", Content_Encoding="br"), "压缩"),
        (answering("200 OK", b"x", Content_Length=""), "没有说明文件长度"),
        (answering("200 OK", b"x", Content_Length="1000000000000"), "上限"),
        (answering("200 OK", b"x", Content_Length="9"), "网络错误"),
        (answering("200 OK", b"x", Content_Length="", Transfer_Encoding="chunked"), "网络错误"),
        (lambda connection, _: connection.sendall(b"no HTTP at all\r\n\r\n"), "网络错误"),
        (lambda connection, _: connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"a" * 99999), "网络"),
        (lambda connection, _: None, "网络错误"),
    ],
)
def test_an_answer_without_a_file_is_an_error(
    monkeypatch: pytest.MonkeyPatch, handle: Handle, why: str
) -> None:
    with (
        serving(monkeypatch, handle) as (origin, server),
        pytest.raises(FetchError, match=why) as caught,
    ):
        fetch(f"{origin}/x?Signature=secret")
    assert "secret" not in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "place"),
    [("206 Partial Content", "bytes 4-9/10"), ("206 Partial Content", ""), ("416 No", "bytes */3")],
)
def test_a_range_that_was_not_requested_is_an_error(
    monkeypatch: pytest.MonkeyPatch, status: str, place: str
) -> None:
    handle = answering(status, b"xxxxxx", Content_Range=place)
    with serving(monkeypatch, handle) as (origin, _), pytest.raises(FetchError, match="HTTP"):
        fetch(origin, 5)


def drip_head(connection: socket.socket, _: dict[str, str]) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(1000):
        connection.sendall(b"X-%d: x\r\n"[: 1 + number % 8])
        time.sleep(0.02)


def drip_body(connection: socket.socket, _: dict[str, str]) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _number in range(1000):
        connection.sendall(b"x")
        time.sleep(0.02)


def drip_chunks(connection: socket.socket, _: dict[str, str]) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1")
    for _number in range(1000):
        connection.sendall(b";")
        time.sleep(0.02)


def stand_still(connection: socket.socket, _: dict[str, str]) -> None:
    connection.recv(1)


@pytest.mark.parametrize("handle", [drip_head, drip_body, drip_chunks, stand_still])
def test_no_server_takes_more_time_than_allowed(
    monkeypatch: pytest.MonkeyPatch, handle: Handle
) -> None:
    began = time.monotonic()
    with serving(monkeypatch, handle) as (origin, _), pytest.raises(FetchError, match="超过 0 秒"):
        fetch(origin, seconds=0.3)
    # The servers would take 20 s and more.
    assert time.monotonic() - began < 10


# --- TLS ------------------------------------------------------------------------------------------

NAME = "bucket.aliyuncs.com"


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """Return a self-signed certificate, and a TLS context of a server with it."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    public = folder / "public.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key = folder / "key.pem"
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, key)
    return public, context


@pytest.mark.parametrize(
    ("name", "trusted", "why"),
    [(NAME, True, ""), ("other.aliyuncs.com", True, "网络错误"), (NAME, False, "网络错误")],
)
def test_the_connection_to_a_checked_address_is_verified_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, *, trusted: bool, why: str
) -> None:
    public, context = certificate(tmp_path, name)
    asked: list[Any] = []
    context.sni_callback = lambda _, server_name, __: asked.append(server_name)
    server = Server(answering("200 OK", DATA), context)
    url = f"https://{NAME}:{server.port}/x"
    made = settings.from_environment(ENVIRONMENT | {"OSS_ALLOWED_HOSTS": url.removesuffix("/x")})
    monkeypatch.setattr(settings, "load", lambda: made)
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, *_, **__: [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
        ],
    )
    if trusted:
        client = ssl.create_default_context(cafile=str(public))
        monkeypatch.setattr(connection, "_tls", lambda: client)
    try:
        if why:
            with pytest.raises(FetchError, match=why):
                fetch(url)
        else:
            assert fetch(url) == DATA
    finally:
        server.close()
    assert asked == [NAME]
    assert len(server.requests) == (0 if why else 1)


# --- the deadline includes looking up and connecting ------------------------------------------------


URL = "http://127.0.0.1:9/a"


def took_too_long(monkeypatch: pytest.MonkeyPatch) -> float:
    """Fetch with a deadline of half a second; return the seconds that it took to fail."""
    monkeypatch.setattr(
        settings,
        "load",
        lambda: settings.from_environment(ENVIRONMENT | {"OSS_ALLOWED_HOSTS": URL[:18]}),
    )
    begun = time.monotonic()
    with pytest.raises(FetchError, match="超过"):
        stream.read_all(URL, max_bytes=100, seconds=0.5)
    return time.monotonic() - begun


def test_a_slow_lookup_of_the_host_ends_with_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: Any, **__: Any) -> list[Any]:
        time.sleep(3)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert took_too_long(monkeypatch) < 2


def test_dead_addresses_share_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", 9)) for n in range(2, 10)]
    tried: list[str] = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        tried.append(address[0])
        time.sleep(min(timeout, 0.2))
        raise TimeoutError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(socket, "create_connection", connect)
    assert took_too_long(monkeypatch) < 1.5
    assert 2 <= len(tried) < 8
