"""The HTTP front: the app's routes on loopback, answered as by API Gateway and Lambda.

`python -m local.http --port 8000` serves with the server of `chalice local`, without its faults. That
one stalls 44 ms on every request of a kept-alive connection, sends a body in answer to HEAD, ignores
a chunked body, crashes on a malformed Content-Length, and shows one request another's Lambda context.
On SIGTERM, requests in flight are finished first.
"""

import argparse
import functools
import json
import os
import signal
import socket
import sys
import threading
import traceback
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chalice.local import (
    ChaliceRequestHandler,
    ForbiddenError,
    LocalDevServer,
    LocalGatewayException,
)

from local import faults
from local.functions import App, log
from local.hostile.gateway import GatewayAnswer
from local.http_app import LocalApp, through_gateway
from local.http_bodies import RefusedRequest, read_body
from local.http_server import Server
from local.ports import HOST
from local.processes import StackError
from local.state import adopt_environment
from local.worst import Worst

if TYPE_CHECKING:
    from chalice.config import Config

_MAX_FLIGHT = 29.0  # seconds after which API Gateway stops waiting for a function


class _Handler(ChaliceRequestHandler):
    """Serves one connection."""

    server: Server
    timeout = 75
    # Headers and body go out together and at once. In two packets, the second one waits for the client's
    # delayed acknowledgement of the first: that takes the 44 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle(self) -> None:
        # A client may disconnect at any point, which needs no log line.
        with suppress(ConnectionError):
            super().handle()

    def handle_one_request(self) -> None:
        super().handle_one_request()
        self.server.mark_idle(self.connection)
        if self.server.draining:
            self.close_connection = True

    def parse_request(self) -> bool:
        self.server.mark_busy(self.connection)
        return bool(super().parse_request())

    def handle_expect_100(self) -> bool:
        go_on = bool(super().handle_expect_100())
        self.wfile.flush()
        return go_on

    def _generic_handle(self) -> None:
        try:
            body = read_body(self.headers, self.rfile)
        except RefusedRequest as refusal:
            self._refuse(refusal)
        else:
            self._answer(body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _generic_handle  # noqa: N815 - http.server's
    do_PATCH = do_OPTIONS = _generic_handle  # noqa: N815

    def _refuse(self, refusal: RefusedRequest) -> None:
        self.close_connection = True
        self._send_json(refusal.status, str(refusal))
        self.wfile.flush()
        # Closing while the client still sends would reset the connection, and lose the answer. So its
        # data are read for as long as it sends any.
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(1)
        with suppress(TimeoutError):
            while self.rfile.read(65_536):
                pass

    def _answer(self, body: bytes | None) -> None:
        try:
            response = self._call(body)
        except LocalGatewayException as error:
            if isinstance(error, ForbiddenError) and self._below_sms:
                self._send_no_such_route()
            else:
                self._send_error_response(error)
        except Exception as error:
            log("ERROR", str(error), stackTrace=traceback.format_exception(error))
            self._send_json(502, "Internal server error")
        else:
            if isinstance(response, GatewayAnswer):
                self._send_message(response.status, response.message)
                return
            if response["statusCode"] == 405 and self._below_sms:
                self._send_no_such_route()
                return
            headers = {**response["headers"], **response["multiValueHeaders"]}
            self._send_http_response(response["statusCode"], headers, response["body"])

    def _call(self, body: bytes | None) -> dict[str, Any] | GatewayAnswer:
        """Return the app's response, or API Gateway's own where HOSTILE says so (never to a health check)."""
        request = {"method": self.command, "path": self.path, "headers": dict(self.headers)}

        def handle() -> dict[str, Any]:
            answered = self.local_gateway.handle_request(**request, body=body)
            response: dict[str, Any] = self._handle_binary(answered)
            if isinstance(response["body"], str):
                response["body"] = response["body"].encode()
            return response

        if self._route == "/health":
            return handle()
        return through_gateway(self.server, request, body, handle)

    def _send_no_such_route(self) -> None:
        self._send_json(404, f"{self.command} {self._route} does not exist")

    @property
    def _route(self) -> str:
        return getattr(self, "path", "").partition("?")[0]

    @property
    def _below_sms(self) -> bool:
        return self._route.startswith("/sms/")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that `http.server` itself refuses: in JSON rather than HTML, and with a 4xx."""
        self.close_connection = True
        if code == 501:
            # A method without a route: API Gateway answers so for unknown methods and routes.
            code, message = (
                (404, message) if self._below_sms else (403, "Missing Authentication Token")
            )
        elif code == 505:
            code = 400
        # http.server assumes HTTP 0.9 for a malformed line, and that has no status line.
        self.request_version = self.protocol_version
        self._send_json(code, message or explain or self.responses[code][0])

    def _send_json(self, status: int, message: str) -> None:
        if self.server.gateway.on or not self._below_sms:
            self._send_message(status, message)
        else:
            answer = {
                "platformName": os.environ.get("QA_PLATFORM_NAME", ""),
                "code": str(status),
                "message": message,
                "requestId": str(uuid.uuid4()),
            }
            self._send_http_response(status, {}, json.dumps(answer, ensure_ascii=False))

    def _send_message(self, status: int, message: str) -> None:
        """Send an answer in API Gateway's own shape."""
        self._send_http_response(status, {}, json.dumps({"message": message}, ensure_ascii=False))

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
        """Write no access log: the app has its own log."""


def create_server(
    app: App, port: int, listener: socket.socket | None = None, worst: Worst | None = None
) -> LocalDevServer:
    """Return a server for the app's routes on loopback.

    Port 0 chooses a free port. `listener` is a socket that already listens; with it, `port` is ignored. `worst` is
    what HOSTILE turns on.
    """
    chalice = app.chalice
    chalice.__class__ = type("LocalApp", (LocalApp, type(chalice)), {})
    config: Config = app.config("api_handler")
    server = functools.partial(Server, listener=listener)
    made = LocalDevServer(chalice, config, HOST, port, handler_cls=_Handler, server_cls=server)
    if worst is not None:
        made.server.gateway, made.server.slots = worst.gateway(), worst.slots()
    return made


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local.http", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="0: any free port")
    parser.add_argument("--fd", type=int, help="an inherited socket that already listens")
    parser.add_argument("--app", default="app", help="module of the Chalice app")
    arguments = parser.parse_args()
    adopt_environment()
    worst = Worst("http")
    worst.install()
    faults.install()
    listener = None if arguments.fd is None else socket.socket(fileno=arguments.fd)
    try:
        app = App(arguments.app)
        server: Server = create_server(app, arguments.port, listener, worst).server
    except OSError as error:
        raise StackError(f"Cannot listen on {HOST}:{arguments.port}: {error.strerror}") from error
    # Blocked before any thread starts, so that only sigwait receives them.
    signals = (signal.SIGTERM, signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    print(f"listening on http://{HOST}:{server.server_port}", flush=True)
    signal.sigwait(signals)
    server.shutdown()
    serving.join()
    server.socket.close()
    server.drain(_MAX_FLIGHT)


if __name__ == "__main__":
    try:
        main()
    except StackError as error:
        sys.exit(f"local.http: {error}")
