"""The HTTP server: Tencent's calls, and the faults that are applied to them."""

import asyncio
import socket
import struct
from typing import Any

from aiohttp import web

from local.tencent import calls, control
from local.tencent.behaviour import Fault
from local.tencent.calls import CallOutcome
from local.tencent.errors import text_of
from local.tencent.formats import encode
from local.tencent.simulator import Simulator

_MAX_BODY_BYTES = 16 * 1024 * 1024
_SHUTDOWN_SECONDS = 0.5
_HOST = "127.0.0.1"


class Server:
    """Serves one simulator on loopback."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._stopping = asyncio.Event()
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_post("/v5/tlssmssvr/{call}", self._answer)
        control.add_routes(app, simulator)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)

    async def start(self, port: int) -> int:
        """Listen on a port, or on a free one for 0; return the port."""
        await self._runner.setup()
        self._simulator.start()
        await web.TCPSite(self._runner, _HOST, port, backlog=1024).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close every connection and stop the simulator."""
        self._stopping.set()
        await self._runner.cleanup()
        await self._simulator.stop()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        call = request.match_info["call"]
        raw = await request.read()
        fault = self._simulator.faults.pick(call)
        if fault is not None and not fault.accept:
            outcome = CallOutcome(None)
        else:
            outcome = calls.execute(self._simulator, call, request.query, raw)
            fault = fault or outcome.fault
        self._simulator.call_log.add(call, outcome.recipients, outcome.answer, fault)
        if outcome.early_receipts:
            await self._simulator.pusher.push_at_once(outcome.early_receipts)
        if fault is None:
            return self._json(outcome.answer)
        return await self._misbehave(request, fault, outcome)

    async def _misbehave(
        self, request: web.Request, fault: Fault, outcome: CallOutcome
    ) -> web.StreamResponse:
        if fault.seconds:
            await self._pause(fault.seconds)
        if fault.answer == "error":
            call = request.match_info["call"]
            key = calls.text_key(self._simulator.behaviour, call)
            answer = {"result": fault.code, key: _text(fault)}
            return self._json(answer | {"ext": ""} if call.startswith("send") else answer)
        if fault.answer == "gateway":
            return self._json(
                {"ActionStatus": "FAIL", "ErrorCode": fault.code, "ErrorInfo": _text(fault)}
            )
        if fault.answer == "http":
            return web.Response(status=fault.status or 500, text="simulated error\n")
        if fault.answer == "garbage":
            return web.Response(text='{"result":0,"errmsg":"O', content_type="application/json")
        if fault.answer in {"hang", "reset"}:
            _drop_connection(request, reset=fault.answer == "reset")
        return self._json(outcome.answer)

    def _json(self, answer: Any) -> web.Response:
        body = encode(answer, self._simulator.behaviour.json_style)
        return web.Response(body=body, content_type="application/json", charset="utf-8")

    async def _pause(self, seconds: float) -> None:
        """Wait for some seconds, or until the server stops."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass


def _text(fault: Fault) -> str:
    return text_of(fault.code or 0) if fault.text is None else fault.text


def _drop_connection(request: web.Request, *, reset: bool) -> None:
    transport = request.transport
    if transport is None:
        return
    if reset:
        # A linger time of zero makes the kernel send RST in place of FIN.
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
