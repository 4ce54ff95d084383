"""The HTTP front's server: its connections, and how they end without losing a request."""

import functools
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from socketserver import TCPServer
from typing import Any

from chalice.local import ChaliceRequestHandler, ThreadedHTTPServer

from local.hostile.gateway import Gateway
from local.hostile.slots import Slots
from local.hostile.switches import Switches
from local.ports import HOST


class Server(ThreadedHTTPServer):
    """Knows its connections, and which of them have a request in flight."""

    # With the default of 5, connections of a burst are dropped, and a client retries only after a second.
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        handler: functools.partial[ChaliceRequestHandler],
        listener: socket.socket | None = None,
    ) -> None:
        self._changed = threading.Condition()
        self._idle: set[socket.socket] = set()
        self._busy: set[socket.socket] = set()
        self.draining = False
        self.gateway = Gateway(Switches(), "")
        """What API Gateway answers by itself: nothing, unless HOSTILE says so."""
        self.slots = Slots(Path(), count=0)
        """The pool of concurrent executions that a request needs one of."""
        self._listener = listener
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Bind the server's address, or use the listening socket that was given."""
        if self._listener is None:
            # HTTPServer's own method asks the resolver for the host's name, which may take seconds.
            TCPServer.server_bind(self)
        else:
            self.server_close()
            self.socket: socket.socket = self._listener
            self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a new connection in a thread of its own."""
        with self._changed:
            self._idle.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        super().shutdown_request(request)
        with self._changed:
            self._idle.discard(request)
            self._busy.discard(request)
            self._changed.notify_all()

    def mark_busy(self, connection: socket.socket) -> None:
        """Record that a request has begun to arrive."""
        with self._changed:
            self._idle.discard(connection)
            self._busy.add(connection)

    def mark_idle(self, connection: socket.socket) -> None:
        """Record that the request has been answered."""
        with self._changed:
            self._busy.discard(connection)
            self._idle.add(connection)

    def drain(self, timeout: float) -> None:
        """Close all connections; those with a request in flight after their answer.

        Call it after `shutdown`. It gives up after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            self.draining = True
            for connection in self._idle:
                # Data that have already arrived are still read and answered before the end.
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
            while (self._idle or self._busy) and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
