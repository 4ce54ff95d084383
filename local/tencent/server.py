"""The HTTP server: v5's calls and those of API 3.0, and the faults that are applied to them."""

import asyncio
from typing import Any

from aiohttp import web

from local.tencent import calls, control
from local.tencent.api3 import endpoint
from local.tencent.behaviour import Fault
from local.tencent.broken_answers import BrokenAnswers
from local.tencent.calls import CallOutcome
from local.tencent.dispatch import as_number
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
        self._faults = BrokenAnswers(self._stopping)
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_post("/v5/tlssmssvr/{call}", self._answer)
        endpoint.add_route(app, simulator, self._faults)
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
        await self._faults.wait(fault)
        if fault.answer == "error":
            call = request.match_info["call"]
            key = calls.text_key(self._simulator.behaviour, call)
            answer = {"result": as_number(fault.code or 0), key: _text(fault)}
            return self._json(answer | {"ext": ""} if call.startswith("send") else answer)
        if fault.answer == "gateway":
            code = as_number(fault.code or 0)
            return self._json(
                {"ActionStatus": "FAIL", "ErrorCode": code, "ErrorInfo": _text(fault)}
            )
        garbage = '{"result":0,"errmsg":"O'
        return self._faults.answer(request, fault, garbage) or self._json(outcome.answer)

    def _json(self, answer: Any) -> web.Response:
        body = encode(answer, self._simulator.behaviour.json_style)
        return web.Response(body=body, content_type="application/json", charset="utf-8")


def _text(fault: Fault) -> str:
    return text_of(as_number(fault.code or 0)) if fault.text is None else fault.text
