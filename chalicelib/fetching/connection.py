"""A connection to an address that was checked, with one deadline for everything that happens on it.

The name is looked up once, and the connection goes to an address of that answer: a second answer can't
lead elsewhere. No redirect, proxy, cookie or credential is followed, used or kept.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from certifi import where
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from chalicelib.fetching import addresses
from chalicelib.fetching.addresses import FetchError, Place

# Seconds of silence after which the other side counts as gone.
_SILENCE = 15
PART = 64 * 1024
"""Bytes that are read at once."""


class Deadline:
    """The end of all patience, even with a server that sends a byte now and then.

    A timer shuts the connection down: no reading or shaking of hands outlives that. It holds a second
    handle on the socket, because TLS takes the first one away.
    """

    def __init__(self, host: str, seconds: float) -> None:
        self._host = host
        self._seconds = seconds
        self._expired = False
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

    def watch(self, connected: socket.socket) -> None:
        """Take a connection under watch."""
        with self._lock:
            self._socket = connected.dup()
            if self._expired:
                _shut(self._socket)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Turn what goes wrong on the connection into FetchError; time that ran out, too."""
        try:
            yield
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            if not self._expired:
                raise FetchError(
                    f"读取 {self._host} 的文件失败: 网络错误 {type(error).__name__}"
                ) from error
        if self._expired:
            raise FetchError(f"读取 {self._host} 的文件超过 {self._seconds:.0f} 秒")

    def _expire(self) -> None:
        with self._lock:
            self._expired = True
            if self._socket:
                _shut(self._socket)


def _shut(connected: socket.socket) -> None:
    # It may have ended by itself.
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


class _CheckedMixin:
    """Connects to an address that was checked, in place of looking the name up once more."""

    place: Place
    deadline: Deadline

    def _new_conn(self) -> socket.socket:
        last: OSError | None = None
        for address in addresses.resolve(
            self.place.host, self.place.port, private=self.place.private
        ):
            try:
                connected = socket.create_connection((address, self.place.port), _SILENCE)
            except OSError as error:
                last = error
                continue
            self.deadline.watch(connected)
            return connected
        raise last or OSError("no address")


class _CheckedHTTP(_CheckedMixin, HTTPConnection):
    pass


class _CheckedHTTPS(_CheckedMixin, HTTPSConnection):
    pass


def connect(place: Place, deadline: Deadline) -> HTTPConnection:
    """Return a connection to a place; it is made at the first request, under the deadline."""
    connection: Any
    if place.scheme == "https":
        connection = _CheckedHTTPS(
            place.host, place.port, timeout=_SILENCE, ssl_context=_tls(), blocksize=PART
        )
    else:
        connection = _CheckedHTTP(place.host, place.port, timeout=_SILENCE, blocksize=PART)
    connection.place, connection.deadline = place, deadline
    made: HTTPConnection = connection
    return made


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=where())
