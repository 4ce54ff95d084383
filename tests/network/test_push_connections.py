"""Pushes over real connections, to a server that forgets idle ones."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from io import BufferedReader

import pytest
import time_machine

from chalicelib import settings
from chalicelib.quickaudience import client
from tests.support.settings import ENVIRONMENT

YES = b'{"code":"OK"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(YES), YES)


class ForgetfulServer:
    """Serves one request of each connection, and resets the connection at the second."""

    def __init__(self) -> None:
        self.entries: list[int] = []
        self.resets = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            stream = connection.makefile("rb")
            self.entries.append(_read(stream))
            connection.sendall(ANSWER)
            if stream.readline():
                self.resets += 1
                # Closing a socket without lingering resets its connection.
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def close(self) -> None:
        self._listener.close()


def _read(stream: BufferedReader) -> int:
    """Read a push; return the number of its entries."""
    length = 0
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return len(json.loads(stream.read(length))["thirdSmsSendDetailModelList"])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ForgetfulServer]:
    made = ForgetfulServer()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("QA_BASE_URL", f"http://127.0.0.1:{made.port}")
    settings.load.cache_clear()
    client._session.cache_clear()
    yield made
    made.close()
    settings.load.cache_clear()
    client._session.cache_clear()


@pytest.mark.parametrize("idle", [client.MAX_IDLE_SECONDS + 1, 60, 350, 3600])
def test_a_push_after_an_idle_time_uses_a_new_connection(
    server: ForgetfulServer, idle: int
) -> None:
    with time_machine.travel(1_772_416_800, tick=False) as clock:
        client.push("details", [{}])
        clock.shift(idle)
        client.push("details", [{}, {}])
    assert server.entries == [1, 2]
    assert server.resets == 0


def test_a_connection_in_use_is_kept(server: ForgetfulServer) -> None:
    with time_machine.travel(1_772_416_800, tick=False) as clock:
        client.push("details", [{}])
        clock.shift(client.MAX_IDLE_SECONDS - 1)
        with pytest.raises(client.PushError):
            client.push("details", [{}])
    assert server.resets == 1
