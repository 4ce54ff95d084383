"""The two endpoints that platforms push to: delivery receipts (§13) and replies (§14)."""

import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from .authentication import AuthenticationError, Credentials
from .behaviour import answer_wrongly
from .beijing import format_date
from .entries import BadContentError, DetailsPush, ReplyPush, check_phone_numbers, read_push
from .signature import SIGNATURE_HEADER
from .state import Simulator

DETAILS_PATH = "/restapi/marketing2/third/sms/callback/send/details"
REPLY_PATH = "/restapi/marketing2/third/sms/callback/send/reply"

# Covers the difference of the two clocks and the rounding to seconds. A missing time zone is hours.
_CLOCK_TOLERANCE_SECONDS = 120

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Recorder = Callable[[], int]
_PushReader = Callable[[bytes, str, str], _Recorder]


def routes(simulator: Simulator) -> list[web.RouteDef]:
    """Return the routes of the two endpoints."""

    def read_details(raw: bytes, content_type: str, nonce: str) -> _Recorder:
        push = read_push(DetailsPush, content_type, raw, simulator.settings.max_entries)
        check_phone_numbers(push, simulator.ledger.is_recipient)

        def record() -> int:
            simulator.ledger.record_receipts(push.entries, nonce)
            _report_impossible_dates(simulator, push)
            return len(push.entries)

        return record

    def read_replies(raw: bytes, content_type: str, nonce: str) -> _Recorder:
        push = read_push(ReplyPush, content_type, raw, simulator.settings.max_entries)
        check_phone_numbers(push, simulator.ledger.is_recipient)

        def record() -> int:
            simulator.ledger.record_replies(push.entries, nonce)
            return len(push.entries)

        return record

    return [
        web.post(DETAILS_PATH, _endpoint(simulator, "details", read_details)),
        web.post(REPLY_PATH, _endpoint(simulator, "reply", read_replies)),
    ]


def _endpoint(simulator: Simulator, name: str, read: _PushReader) -> _Handler:
    """Return the handler of a push endpoint.

    Args:
        simulator: the simulator that receives the push.
        name: ``details`` or ``reply``.
        read: checks a body, and returns a function that records the entries and returns their
            number.
    """

    async def receive(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        counts = simulator.pushes[name]
        counts["calls"] += 1
        settings = simulator.settings
        credentials = Credentials(
            timestamp=request.query.get("timestamp", ""),
            nonce=request.query.get("nonce", ""),
            signature=request.headers.get(SIGNATURE_HEADER, ""),
        )
        try:
            # Checked before the answer is spoilt: a retry needs a new nonce, even if the first
            # attempt got no answer.
            simulator.authenticator.authenticate(credentials, settings)
            record = read(raw, request.content_type, credentials.nonce)
        except (AuthenticationError, BadContentError) as refusal:
            counts["refused"] += 1
            simulator.report(f"push {name}", str(refusal))
            code = refusal.code if isinstance(refusal, AuthenticationError) else 400
            return web.json_response(
                {"code": str(code), "message": str(refusal)},
                status=code if settings.refusals == "http" else 200,
            )
        misbehaviour = simulator.misbehaviours.pick(name)
        counts["spoilt" if misbehaviour else "accepted"] += 1
        if misbehaviour is None or misbehaviour.recorded:
            counts["entries"] += record()
        answer = web.json_response({"code": settings.success_code, "message": "OK"})
        if misbehaviour is None:
            return answer
        return await answer_wrongly(misbehaviour, request, answer, simulator.stopping)

    return receive


def _report_impossible_dates(simulator: Simulator, push: DetailsPush) -> None:
    """Report dates that cannot be true.

    The push is accepted all the same: Quick Audience cannot detect such dates.
    """
    account = simulator.ledger.find(push.entries[0].out_id)
    if account is None or account.start is None:
        return
    earliest = format_date(account.start.at - _CLOCK_TOLERANCE_SECONDS)
    latest = format_date(time.time() + _CLOCK_TOLERANCE_SECONDS)
    for entry in push.entries:
        if entry.send_date < earliest:
            problem = f"sendDate {entry.send_date} is before the campaign was sent"
        elif entry.receive_date > latest:
            problem = f"receiveDate {entry.receive_date} is in the future"
        else:
            continue
        simulator.report("push details", f"{problem}; dates are in Beijing time")
        return
