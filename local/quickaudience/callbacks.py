"""The two endpoints that platforms push to: delivery receipts (§13) and replies (§14)."""

import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from .behaviour import answer_wrongly
from .beijing import format_date
from .entries import BadContentError, DetailsPush, ReplyPush, read_push, require_known_forms
from .gate import Credentials, NotAdmittedError
from .signature import SIGNATURE_HEADER
from .state import Simulator

DETAILS_PATH = "/restapi/marketing2/third/sms/callback/send/details"
REPLY_PATH = "/restapi/marketing2/third/sms/callback/send/reply"

# The two sides' clocks and the cut to whole seconds; a missed time zone is hours.
_CLOCK_TOLERANCE_SECONDS = 120


def routes(simulator: Simulator) -> list[web.RouteDef]:
    """Return the routes of the two endpoints."""

    def take_details(raw: bytes, content_type: str, nonce: str) -> Callable[[], int]:
        push = read_push(DetailsPush, content_type, raw, simulator.settings.max_entries)
        require_known_forms(push, simulator.ledger.is_recipient)

        def record() -> int:
            simulator.ledger.tell(push.entries, nonce)
            _question_dates(simulator, push)
            return len(push.entries)

        return record

    def take_replies(raw: bytes, content_type: str, nonce: str) -> Callable[[], int]:
        push = read_push(ReplyPush, content_type, raw, simulator.settings.max_entries)
        require_known_forms(push, simulator.ledger.is_recipient)

        def record() -> int:
            simulator.ledger.reply(push.entries, nonce)
            return len(push.entries)

        return record

    return [
        web.post(DETAILS_PATH, _endpoint(simulator, "details", take_details)),
        web.post(REPLY_PATH, _endpoint(simulator, "reply", take_replies)),
    ]


_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Take = Callable[[bytes, str, str], Callable[[], int]]


def _endpoint(simulator: Simulator, name: str, take: _Take) -> _Handler:
    """Make a push endpoint.

    Args:
        simulator: what it acts upon.
        name: ``details`` or ``reply``.
        take: checks a body and returns what records it and says how many entries it had.
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
            # Checked before anything is spoilt: a retry has to have a nonce of its own even if
            # the first attempt never got an answer.
            simulator.gate.admit(credentials, settings)
            record = take(raw, request.content_type, credentials.nonce)
        except (NotAdmittedError, BadContentError) as refusal:
            counts["refused"] += 1
            simulator.report(f"push {name}", str(refusal))
            code = refusal.code if isinstance(refusal, NotAdmittedError) else 400
            return web.json_response(
                {"code": str(code), "message": str(refusal)},
                status=code if settings.refusals == "http" else 200,
            )
        misbehaviour = simulator.misbehaviours.draw(name)
        counts["spoilt" if misbehaviour else "accepted"] += 1
        if misbehaviour is None or misbehaviour.recorded:
            counts["entries"] += record()
        answer = web.json_response({"code": settings.success_code, "message": "OK"})
        if misbehaviour is None:
            return answer
        return await answer_wrongly(misbehaviour, request, answer, simulator.stopping)

    return receive


def _question_dates(simulator: Simulator, push: DetailsPush) -> None:
    """Report dates that can't be true; the real one can't know, so this refuses nothing."""
    campaign = simulator.ledger.find(push.entries[0].out_id)
    if campaign is None or campaign.start is None:
        return
    earliest = format_date(campaign.start.at - _CLOCK_TOLERANCE_SECONDS)
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
