"""The one address of API 3.0: it answers every request with HTTP 200 and a RequestId of its own."""

import time
import uuid
from typing import Any

from aiohttp import web

from local.tencent.api3 import calls
from local.tencent.api3.calls import Outcome
from local.tencent.api3.codes import message_of
from local.tencent.api3.errors import ApiError
from local.tencent.api3.gateway import Request
from local.tencent.api3.rows import text_code
from local.tencent.behaviour import Fault
from local.tencent.broken_answers import BrokenAnswers
from local.tencent.formats import encode
from local.tencent.simulator import Simulator

# An official client reads an Error only where the type is exactly this.
_HEADERS = {"Content-Type": "application/json"}
_GARBAGE = '{"Response":{"SendStatusSet":[{"Seria'


def add_route(app: web.Application, simulator: Simulator, faults: BrokenAnswers) -> None:
    """Add API 3.0 to the server."""
    app.router.add_route("*", "/", _Endpoint(simulator, faults).answer)


class _Endpoint:
    def __init__(self, simulator: Simulator, faults: BrokenAnswers) -> None:
        self._simulator = simulator
        self._faults = faults

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        raw = await request.read()
        action = request.headers.get("X-TC-Action", "")
        fault = self._simulator.faults.pick(action)
        in_rows = fault is not None and fault.level == "row"
        if fault is not None and not fault.accept and not in_rows:
            outcome = Outcome()
        else:
            arrived = Request(request.method, request.headers, raw, time.time())
            outcome = calls.execute(self._simulator, arrived, fault if in_rows else None)
            fault = outcome.fault if in_rows else fault or outcome.fault
        self._log(action, outcome, fault)
        if outcome.early_receipts:
            await self._simulator.pusher.push_at_once(outcome.early_receipts)
        if fault is None:
            return self._own(outcome)
        await self._faults.wait(fault)
        if fault.answer in {"error", "gateway"}:
            return self._json(_error(_fault_error(fault)))
        return self._faults.answer(request, fault, _GARBAGE) or self._own(outcome)

    def _log(self, action: str, outcome: Outcome, fault: Fault | None) -> None:
        answer: dict[str, Any] | None = None
        if outcome.error is not None:
            answer = {"result": outcome.error.code, "errmsg": outcome.error.message}
        elif outcome.fields is not None:
            answer = {"result": "Ok"}
        self._simulator.call_log.add(action or "?", outcome.recipients, answer, fault)

    def _own(self, outcome: Outcome) -> web.Response:
        """Return the call's own answer."""
        if outcome.error is not None:
            return self._json(_error(outcome.error))
        return self._json(outcome.fields or {})

    def _json(self, fields: dict[str, Any]) -> web.Response:
        response = {**fields, "RequestId": str(uuid.uuid4())}
        if self._simulator.behaviour.api3.unknown_fields:
            response = {"DeprecatedWarning": "simulated", "Trace": {"Hops": [1]}, **response}
        body = encode({"Response": response}, self._simulator.behaviour.json_style)
        return web.Response(body=body, headers=_HEADERS)


def _error(error: ApiError) -> dict[str, Any]:
    return {"Error": {"Code": error.code, "Message": error.message}}


def _fault_error(fault: Fault) -> ApiError:
    code = text_code(fault.code or 0)
    return ApiError(code, message_of(code) if fault.text is None else fault.text)
