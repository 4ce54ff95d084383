"""The HTTP front: the app's routes on loopback, as API Gateway and Lambda would answer them.

`python -m local.http --port 8000` serves with `chalice local`'s own server, less its faults: it
stalls 44 ms on every request of a kept-alive connection, sends a body after the headers of a HEAD,
takes a chunked body for none, dies of a malformed Content-Length, and shows one request another's
Lambda context. SIGTERM: requests in flight are finished first.
"""

import argparse
import functools
import json
import os
import re
import signal
import socket
import sys
import threading
import time
import traceback
import uuid
from contextlib import suppress
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any

from chalice.local import (
    ChaliceRequestHandler,
    ForbiddenError,
    LambdaContext,
    LocalChalice,
    LocalDevServer,
    LocalGatewayException,
    ThreadedHTTPServer,
)

from local import faults
from local.functions import App, log
from local.processes import StackError
from local.state import adopt_environment

if TYPE_CHECKING:
    from chalice.config import Config

HOST = "127.0.0.1"

_LARGEST_BODY = 10 * 1024 * 1024  # API Gateway's limit
_LONGEST_LINE = 8_192
_LONGEST_FLIGHT = 29.0  # seconds: API Gateway gives a function up after as many


class _Refusal(Exception):
    """The request is answered without asking the app."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Server(ThreadedHTTPServer):
    """Knows its connections and which of them have a request in flight."""

    # The default of 5 drops connections of a burst, and a dropped one tries again after a second.
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        handler: functools.partial["_Handler"],
        listener: socket.socket | None = None,
    ) -> None:
        self._changed = threading.Condition()
        self._idle: set[socket.socket] = set()
        self._busy: set[socket.socket] = set()
        self.draining = False
        self._listener = listener
        super().__init__(address, handler)

    def server_bind(self) -> None:
        if self._listener is None:
            # HTTPServer's own asks the resolver for the host's name, which may take seconds.
            TCPServer.server_bind(self)
        else:
            self.server_close()
            self.socket: socket.socket = self._listener
            self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._idle.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._idle.discard(request)
            self._busy.discard(request)
            self._changed.notify_all()

    def begin(self, connection: socket.socket) -> None:
        """A request has begun to arrive."""
        with self._changed:
            self._idle.discard(connection)
            self._busy.add(connection)

    def end(self, connection: socket.socket) -> None:
        """It has been answered."""
        with self._changed:
            self._busy.discard(connection)
            self._idle.add(connection)

    def drain(self, timeout: float) -> None:
        """After `shutdown`: close the connections, those with a request in flight when answered."""
        deadline = time.monotonic() + timeout
        with self._changed:
            self.draining = True
            for connection in self._idle:
                # What has arrived already is still read and answered; then comes the end.
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
            while (self._idle or self._busy) and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)


class _Handler(ChaliceRequestHandler):
    """One connection."""

    server: _Server
    timeout = 75
    # Headers and body go out together and at once. Apart, the second waits for the other side's
    # delayed acknowledgement of the first: those are the 44 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle(self) -> None:
        # The other side may go away at any point; that is no news.
        with suppress(ConnectionError):
            super().handle()

    def handle_one_request(self) -> None:
        super().handle_one_request()
        self.server.end(self.connection)
        if self.server.draining:
            self.close_connection = True

    def parse_request(self) -> bool:
        self.server.begin(self.connection)
        return bool(super().parse_request())

    def handle_expect_100(self) -> bool:
        go_on = bool(super().handle_expect_100())
        self.wfile.flush()
        return go_on

    def _generic_handle(self) -> None:
        try:
            body = self._read_body()
        except _Refusal as refusal:
            self._refuse(refusal)
        else:
            self._answer(body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _generic_handle  # noqa: N815 - http.server's
    do_PATCH = do_OPTIONS = _generic_handle  # noqa: N815

    def _read_body(self) -> bytes | None:
        if "transfer-encoding" in self.headers:
            if self.headers["transfer-encoding"].strip().lower() != "chunked":
                raise _Refusal(400, "This transfer encoding is not supported")
            return self._read_chunks()
        lengths = {length.strip() for length in self.headers.get_all("content-length", ["0"])}
        length = lengths.pop()
        if lengths or not re.fullmatch(r"[0-9]{1,18}", length):
            raise _Refusal(400, "Malformed Content-Length")
        return self._read_exactly(int(length)) or None

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := self._read_chunk_size():
            body += self._read_exactly(size, already=len(body))
            if self.rfile.readline(_LONGEST_LINE).strip():
                raise _Refusal(400, "Malformed chunk")
        while self.rfile.readline(_LONGEST_LINE).strip():
            pass  # trailers
        return bytes(body)

    def _read_chunk_size(self) -> int:
        size = self.rfile.readline(_LONGEST_LINE).partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
            raise _Refusal(400, "Malformed chunk size")
        return int(size, 16)

    def _read_exactly(self, size: int, already: int = 0) -> bytes:
        if already + size > _LARGEST_BODY:
            raise _Refusal(413, "Request Too Long")
        data: bytes = self.rfile.read(size)
        if len(data) < size:
            raise ConnectionAbortedError("The request's body was cut off")
        return data

    def _refuse(self, refusal: _Refusal) -> None:
        self.close_connection = True
        self._send_json(refusal.status, str(refusal))
        self.wfile.flush()
        # To close while the other side still sends would reset the connection, and the answer
        # would be lost with it. So what it sends is taken, for as long as it has something.
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(1)
        with suppress(TimeoutError):
            while self.rfile.read(65_536):
                pass

    def _answer(self, body: bytes | None) -> None:
        try:
            response = self._handle_binary(
                self.local_gateway.handle_request(
                    method=self.command, path=self.path, headers=dict(self.headers), body=body
                )
            )
            if isinstance(response["body"], str):
                response["body"] = response["body"].encode()
        except LocalGatewayException as error:
            if isinstance(error, ForbiddenError) and self._below_sms:
                self._send_no_such_route()
            else:
                self._send_error_response(error)
        except Exception as error:
            log("ERROR", str(error), stackTrace=traceback.format_exception(error))
            self._send_json(502, "Internal server error")
        else:
            if response["statusCode"] == 405 and self._below_sms:
                self._send_no_such_route()
                return
            headers = {**response["headers"], **response["multiValueHeaders"]}
            self._send_http_response(response["statusCode"], headers, response["body"])

    def _send_no_such_route(self) -> None:
        self._send_json(404, f"{self.command} {self._route} does not exist")

    @property
    def _route(self) -> str:
        return getattr(self, "path", "").partition("?")[0]

    @property
    def _below_sms(self) -> bool:
        return self._route.startswith("/sms/")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what `http.server` itself refuses, in JSON rather than HTML, and never as a fault of ours."""
        self.close_connection = True
        if code == 501:
            # A method that nothing serves: what API Gateway says of those, and of routes.
            code, message = (
                (404, message) if self._below_sms else (403, "Missing Authentication Token")
            )
        elif code == 505:
            code = 400
        # Of a line that is not understood, http.server supposes HTTP 0.9, which has no status.
        self.request_version = self.protocol_version
        self._send_json(code, message or explain or self.responses[code][0])

    def _send_json(self, status: int, message: str) -> None:
        answer = {"message": message}
        if self._below_sms:
            answer = {
                "platformName": os.environ.get("QA_PLATFORM_NAME", ""),
                "code": str(status),
                "message": message,
                "requestId": str(uuid.uuid4()),
            }
        self._send_http_response(status, {}, json.dumps(answer, ensure_ascii=False))

    def _send_http_response_with_body(
        self, code: int, headers: dict[str, Any], body: str | bytes
    ) -> None:
        data = body if isinstance(body, bytes) else body.encode()
        headers = {"Content-Type": "application/json", **headers, "Content-Length": str(len(data))}
        self.send_response(code)
        self._send_headers(headers)
        if self.command != "HEAD":
            self.wfile.write(data)

    def _send_headers(self, headers: dict[str, Any]) -> None:
        if self.close_connection or self.server.draining:
            headers = {**headers, "Connection": "close"}
        super()._send_headers(headers)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """No access log: what deserves a line, the app logs itself."""


class _LocalApp(LocalChalice):
    """The Lambda context per thread, as `LocalChalice` does with the request."""

    @property
    def lambda_context(self) -> LambdaContext:
        context: LambdaContext = self._THREAD_LOCAL.lambda_context
        return context

    @lambda_context.setter
    def lambda_context(self, context: LambdaContext) -> None:
        self._THREAD_LOCAL.lambda_context = context

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> Any:
        request = event["requestContext"]
        view = self.routes[request["resourcePath"]].get(request["httpMethod"])
        with faults.invocation(view.view_name if view else "none", own_thread=True):
            return super().__call__(event, context)


def create_server(app: App, port: int, listener: socket.socket | None = None) -> LocalDevServer:
    """A server for the app's routes on loopback; port 0 takes any that is free, `listener` is one taken."""
    chalice = app.chalice
    chalice.__class__ = type("LocalApp", (_LocalApp, type(chalice)), {})
    config: Config = app.config("api_handler")
    server = functools.partial(_Server, listener=listener)
    return LocalDevServer(chalice, config, HOST, port, handler_cls=_Handler, server_cls=server)


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local.http", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="0: any that is free")
    parser.add_argument("--fd", type=int, help="an open socket that listens already, inherited")
    parser.add_argument("--app", default="app", help="module of the Chalice app")
    arguments = parser.parse_args()
    adopt_environment()
    faults.install()
    listener = None if arguments.fd is None else socket.socket(fileno=arguments.fd)
    try:
        server: _Server = create_server(App(arguments.app), arguments.port, listener).server
    except OSError as error:
        raise StackError(f"Cannot listen on {HOST}:{arguments.port}: {error.strerror}") from error
    # Blocked before there are threads, so that it is for sigwait alone to receive them.
    signals = (signal.SIGTERM, signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    print(f"listening on http://{HOST}:{server.server_port}", flush=True)
    signal.sigwait(signals)
    server.shutdown()
    serving.join()
    server.socket.close()
    server.drain(_LONGEST_FLIGHT)


if __name__ == "__main__":
    try:
        main()
    except StackError as error:
        sys.exit(f"local.http: {error}")
