"""A connection to an address that was checked, with one deadline for everything that happens on it.

The host is resolved once, and the connection is made to an address in that answer, so a second answer can't lead
elsewhere. Redirects are not followed; proxies, cookies and credentials are not used.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from queue import Empty, SimpleQueue
from typing import Any

from certifi import where
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from chalicelib.fetching import addresses
from chalicelib.fetching.addresses import AllowedUrl, FetchError

# Seconds to connect, and seconds to wait for the next bytes.
_TIMEOUT = 15
PART = 64 * 1024
"""Bytes of one read, at most."""


class Deadline:
    """A limit on the total time of a connection: looking up the host, connecting, and reading.

    It holds even if a server sends a byte now and then. A timer shuts the socket down, which ends any read or TLS
    handshake. It keeps a duplicate of the socket, because TLS takes over the original.
    """

    def __init__(self, host: str, seconds: float) -> None:
        self._host = host
        self._seconds = seconds
        self._expired = False
        self._end = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(max(0.0, seconds), self._expire)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._socket:
                self._socket.close()
                self._socket = None

    def left(self) -> float:
        """Return the seconds that are left. Raises TimeoutError if there are none."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the time is up")
        return seconds

    def watch(self, connected: socket.socket) -> None:
        """Shut this socket down when the time is up; at once if it is."""
        with self._lock:
            self._socket = connected.dup()
            if self._expired:
                _shut(self._socket)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Turn errors of the connection into FetchError, and raise it if the time is up."""
        try:
            yield
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            if not self._is_over():
                raise FetchError(
                    f"读取 {self._host} 的文件失败: 网络错误 {type(error).__name__}"
                ) from error
        if self._is_over():
            raise FetchError(f"读取 {self._host} 的文件超过 {self._seconds:.0f} 秒")

    def _is_over(self) -> bool:
        return self._expired or time.monotonic() >= self._end

    def _expire(self) -> None:
        with self._lock:
            self._expired = True
            if self._socket:
                _shut(self._socket)


def _shut(connected: socket.socket) -> None:
    # The server may have closed the connection already.
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


class _CheckedMixin:
    """Connects to one of the addresses that were checked, instead of resolving the host again."""

    url: AllowedUrl
    deadline: Deadline

    def _new_conn(self) -> socket.socket:
        last: OSError | None = None
        for address in _resolve(self.url, self.deadline.left()):
            try:
                seconds = min(_TIMEOUT, self.deadline.left())
                connected = socket.create_connection((address, self.url.port), seconds)
            except OSError as error:
                last = error
                continue
            connected.settimeout(_TIMEOUT)
            self.deadline.watch(connected)
            return connected
        raise last or OSError("no address")


def _resolve(url: AllowedUrl, seconds: float) -> Sequence[str]:
    """Return the checked addresses of a URL's host. Raises TimeoutError if looking it up takes longer.

    A lookup can't be interrupted: it goes on in a thread of its own, and its answer is dropped.
    """
    found: SimpleQueue[Sequence[str] | Exception] = SimpleQueue()

    def look_up() -> None:
        try:
            found.put(addresses.resolve(url.host, url.port, private=url.private))
        except Exception as error:
            found.put(error)

    threading.Thread(target=look_up, daemon=True).start()
    try:
        answer = found.get(timeout=seconds)
    except Empty:
        raise TimeoutError("the host could not be looked up in time") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


class _CheckedHTTP(_CheckedMixin, HTTPConnection):
    pass


class _CheckedHTTPS(_CheckedMixin, HTTPSConnection):
    pass


def connect(url: AllowedUrl, deadline: Deadline) -> HTTPConnection:
    """Return a connection to a URL's host. It connects at the first request, under the deadline."""
    connection: Any
    if url.scheme == "https":
        connection = _CheckedHTTPS(
            url.host, url.port, timeout=_TIMEOUT, ssl_context=_tls(), blocksize=PART
        )
    else:
        connection = _CheckedHTTP(url.host, url.port, timeout=_TIMEOUT, blocksize=PART)
    connection.url, connection.deadline = url, deadline
    checked: HTTPConnection = connection
    return checked


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=where())
