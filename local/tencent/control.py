"""The control API under ``/_sim/``: looking in, and making things happen."""

import json
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any, Literal, Self, TypeVar

from aiohttp import web
from pydantic import Field, ValidationError, model_validator

from local.tencent import magic
from local.tencent.behaviour import Behaviour, Seconds, Strict
from local.tencent.pulling import receipt_fields, reply_fields
from local.tencent.records import (
    DeliveryReceipt,
    Message,
    Pushed,
    Reply,
    Review,
    Sign,
    Template,
    unpack,
)
from local.tencent.sending import new_sid
from local.tencent.simulator import Simulator

_MAX_MESSAGES = 1000

_PUSH_NAMES = {
    Pushed.NOT_YET: "not yet",
    Pushed.DONE: "pushed",
    Pushed.GIVEN_UP: "given up",
    Pushed.NO_URL: "no url",
}

Id = Annotated[int, Field(ge=0, le=2**53)]
Digits = Annotated[str, Field(pattern=r"^[0-9]+$")]


class ReplyRequest(Strict):
    """A reply to be made, by default to the newest message of the number."""

    mobile: Digits
    text: str
    nationcode: Digits = "86"
    sign: str | None = None
    extend: str | None = None
    delay: Seconds = 0


class ReceiptRequest(Strict):
    """A receipt to be made; without ``sid``, one that nobody was ever given."""

    mobile: Digits
    nationcode: Digits = "86"
    sid: str | None = None
    report_status: Literal["SUCCESS", "FAIL"] = "SUCCESS"
    errmsg: str = magic.DELIVERED.errmsg
    description: str = magic.DELIVERED.description
    delay: Seconds = 0


class ReviewRequest(Strict):
    """The outcome of a review."""

    tpl_id: Id | None = None
    sign_id: Id | None = None
    status: Literal[0, 1, 2]
    reply: str = ""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.tpl_id is None) == (self.sign_id is None):
            raise ValueError("give either tpl_id or sign_id")
        return self


class ResetRequest(Strict):
    """What to forget."""

    keep_templates: bool = False


Request = TypeVar("Request", bound=Strict)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Bad(Exception):
    """A request that cannot be understood."""


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except _Bad as bad:
        return web.json_response({"error": str(bad)}, status=400)


def add_routes(app: web.Application, simulator: Simulator) -> None:
    """Add the control API to the server."""
    control = Control(simulator)
    app.middlewares.append(_explain)
    app.router.add_get("/_sim/state", control.state)
    app.router.add_get("/_sim/messages", control.messages)
    app.router.add_get("/_sim/calls", control.calls)
    app.router.add_get("/_sim/behaviour", control.behaviour)
    app.router.add_post("/_sim/behaviour", control.set_behaviour)
    app.router.add_delete("/_sim/behaviour", control.restore_behaviour)
    app.router.add_post("/_sim/reply", control.reply)
    app.router.add_post("/_sim/receipt", control.receipt)
    app.router.add_post("/_sim/review", control.review)
    app.router.add_post("/_sim/reset", control.reset)


class Control:
    """The handlers."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def state(self, _request: web.Request) -> web.Response:
        """Count what happened."""
        simulator = self._simulator
        counts = simulator.pusher.counts
        queues = {"scheduled": len(simulator.timeline), **simulator.pusher.queue_lengths()}
        return web.json_response(
            {
                "calls": dict(simulator.call_counts),
                "numbers": {
                    "accepted": simulator.state.accepted,
                    "refused": simulator.state.refused,
                },
                "receipts": {
                    "made": counts["receipts_made"],
                    "pushed": counts["receipts_done"],
                    "given_up": counts["receipts_given_up"],
                    "no_url": counts["receipts_no_url"],
                    "dropped": simulator.dropped_receipts,
                },
                "replies": {
                    "made": counts["replies_made"],
                    "pushed": counts["replies_done"],
                    "given_up": counts["replies_given_up"],
                    "no_url": counts["replies_no_url"],
                },
                "pushes": {"made": counts["pushes"], "failed": counts["failed_pushes"]},
                "queues": queues,
                "idle": not any(queues.values()),
                "templates": _by_status(simulator.state.templates()),
                "signs": _by_status(simulator.state.signs()),
            }
        )

    async def messages(self, request: web.Request) -> web.Response:
        """List accepted messages."""
        after = _whole_number(request, "after", 0)
        limit = min(_whole_number(request, "limit", _MAX_MESSAGES), _MAX_MESSAGES)
        messages = self._simulator.state.messages(request.query.get("mobile"), after, limit)
        return web.json_response(
            {
                "messages": [self._message(message) for message in messages],
                "next_after": messages[-1].id if messages else after,
            }
        )

    def _message(self, message: Message) -> dict[str, Any]:
        now = time.time()
        receipts = self._simulator.state.receipts_of(message)
        made = [receipt for receipt in receipts if receipt.due <= now]
        return {
            **asdict(message),
            "params": unpack(message.params),
            "report_status": made[-1].report_status if made else None,
            "reported": bool(made),
            "pushed": any(receipt.push == Pushed.DONE for receipt in receipts),
            "receipts": [
                {
                    **receipt_fields(receipt),
                    "due": receipt.due,
                    "push": _PUSH_NAMES[Pushed(receipt.push)],
                }
                for receipt in receipts
            ],
        }

    async def calls(self, request: web.Request) -> web.Response:
        """List the last calls, the oldest first."""
        limit = _whole_number(request, "limit", 100)
        calls = list(self._simulator.calls)[-limit:] if limit else []
        return web.json_response({"calls": [asdict(call) for call in calls]})

    async def behaviour(self, _request: web.Request) -> web.Response:
        """Show the switches."""
        return self._switches()

    async def set_behaviour(self, request: web.Request) -> web.Response:
        """Set the switches that are named, and leave the others."""
        changes = await _object(request)
        merged = self._simulator.behaviour.model_dump(mode="json") | changes
        self._simulator.set_behaviour(_validated(Behaviour, merged))
        return self._switches()

    async def restore_behaviour(self, _request: web.Request) -> web.Response:
        """Put every switch back to where it was at the start."""
        self._simulator.restore_behaviour()
        return self._switches()

    def _switches(self) -> web.Response:
        return web.json_response(self._simulator.behaviour.model_dump(mode="json"))

    async def reply(self, request: web.Request) -> web.Response:
        """Have a user reply."""
        asked = _validated(ReplyRequest, await _object(request))
        simulator = self._simulator
        last = simulator.state.last_message(asked.nationcode, asked.mobile)
        reply = Reply(
            id=simulator.state.next_id("replies"),
            nationcode=asked.nationcode,
            mobile=asked.mobile,
            text=asked.text,
            sign=asked.sign if asked.sign is not None else (last.sign if last else ""),
            extend=asked.extend if asked.extend is not None else (last.extend if last else ""),
            due=time.time() + asked.delay,
        )
        simulator.state.record([], [], [reply], [])
        simulator.pusher.schedule_reply(reply)
        return web.json_response(reply_fields(reply))

    async def receipt(self, request: web.Request) -> web.Response:
        """Make a delivery receipt that no send asked for."""
        asked = _validated(ReceiptRequest, await _object(request))
        simulator = self._simulator
        now = time.time()
        receipt = DeliveryReceipt(
            id=simulator.state.next_id("receipts"),
            sid=new_sid(now) if asked.sid is None else asked.sid,
            nationcode=asked.nationcode,
            mobile=asked.mobile,
            report_status=asked.report_status,
            errmsg=asked.errmsg,
            description=asked.description,
            due=now + asked.delay,
            first=False,
        )
        simulator.state.record([], [receipt], [], [])
        simulator.pusher.schedule_receipt(receipt)
        return web.json_response(receipt_fields(receipt))

    async def review(self, request: web.Request) -> web.Response:
        """Decide a review by hand."""
        asked = _validated(ReviewRequest, await _object(request))
        state = self._simulator.state
        item: Template | Sign | None = None
        if asked.tpl_id is not None:
            item = state.template(asked.tpl_id)
        if asked.sign_id is not None:
            item = state.sign(asked.sign_id)
        if item is None:
            raise _Bad("there is no such template or sign")
        self._simulator.reviewer.decide(item, Review(asked.status), asked.reply)
        return web.json_response({"id": item.id, "status": item.status, "reply": item.reply})

    async def reset(self, request: web.Request) -> web.Response:
        """Begin anew."""
        asked = _validated(ResetRequest, await _object(request))
        self._simulator.reset(keep_templates=asked.keep_templates)
        return web.json_response({})


def _by_status(items: list[Template] | list[Sign]) -> dict[str, int]:
    counts = Counter(item.status for item in items)
    return {status.name.lower(): counts[status] for status in Review}


def _whole_number(request: web.Request, name: str, default: int) -> int:
    value = request.query.get(name, "")
    if not value:
        return default
    if not re.fullmatch("[0-9]{1,15}", value):
        raise _Bad(f"{name}: must be a whole number")
    return int(value)


async def _object(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    try:
        body = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        raise _Bad("the body is not JSON") from None
    if not isinstance(body, dict):
        raise _Bad("the body is not an object")
    return body


def _validated(model: type[Request], body: dict[str, Any]) -> Request:
    try:
        # From JSON, because JSON knows no tuples and strictness would refuse lists in their place.
        return model.model_validate_json(json.dumps(body))
    except ValidationError as error:
        raise _Bad("; ".join(_sentences(error))) from None


def _sentences(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
        for item in error.errors()
    ]
