"""The control API under ``/_sim/``: inspecting the simulator, and triggering events."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from local.tencent.behaviour import Behaviour
from local.tencent.control_bodies import (
    BadRequestError,
    ReceiptRequest,
    ReplyRequest,
    ResetRequest,
    ReviewRequest,
    read_model,
    read_object,
    validated,
    whole_number,
)
from local.tencent.formats import new_sid
from local.tencent.pulling import receipt_fields, reply_fields
from local.tencent.records import (
    DeliveryReceipt,
    Message,
    PushStatus,
    Reply,
    Review,
    Sign,
    Template,
    unpack,
)
from local.tencent.simulator import Simulator

_MAX_MESSAGES = 1000

_PUSH_STATUS_NAMES = {
    PushStatus.PENDING: "not yet",
    PushStatus.DONE: "pushed",
    PushStatus.GIVEN_UP: "given up",
    PushStatus.NO_URL: "no url",
}

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _answer_bad_requests(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except BadRequestError as error:
        return web.json_response({"error": str(error)}, status=400)


def add_routes(app: web.Application, simulator: Simulator) -> None:
    """Add the control API to the server."""
    control = _Control(simulator)
    app.middlewares.append(_answer_bad_requests)
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


class _Control:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def state(self, _request: web.Request) -> web.Response:
        """Return counts and queue lengths."""
        simulator = self._simulator
        counts = simulator.pusher.counts
        queues = {"scheduled": len(simulator.timeline), **simulator.pusher.queue_lengths()}
        return web.json_response(
            {
                "calls": dict(simulator.call_log.counts),
                "numbers": {
                    "accepted": simulator.state.traffic.accepted,
                    "refused": simulator.state.traffic.refused,
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
                "templates": _by_status(simulator.state.catalogue.templates()),
                "signs": _by_status(simulator.state.catalogue.signs()),
            }
        )

    async def messages(self, request: web.Request) -> web.Response:
        """Return accepted messages, oldest first."""
        after = whole_number(request, "after", 0)
        limit = min(whole_number(request, "limit", _MAX_MESSAGES), _MAX_MESSAGES)
        mobile = request.query.get("mobile")
        messages = self._simulator.state.traffic.messages(mobile, after, limit)
        return web.json_response(
            {
                "messages": [self._message(message) for message in messages],
                "next_after": messages[-1].id if messages else after,
            }
        )

    def _message(self, message: Message) -> dict[str, Any]:
        now = time.time()
        receipts = self._simulator.state.traffic.receipts_of(message)
        due = [receipt for receipt in receipts if receipt.due <= now]
        return {
            **asdict(message),
            "params": unpack(message.params),
            "report_status": due[-1].report_status if due else None,
            "reported": bool(due),
            "pushed": any(receipt.push == PushStatus.DONE for receipt in receipts),
            "receipts": [
                {
                    **receipt_fields(receipt),
                    "due": receipt.due,
                    "push": _PUSH_STATUS_NAMES[PushStatus(receipt.push)],
                }
                for receipt in receipts
            ],
        }

    async def calls(self, request: web.Request) -> web.Response:
        """Return the last calls, oldest first."""
        limit = whole_number(request, "limit", 100)
        calls = list(self._simulator.call_log.entries)[-limit:] if limit else []
        return web.json_response({"calls": [asdict(call) for call in calls]})

    async def behaviour(self, _request: web.Request) -> web.Response:
        """Return the switches."""
        return self._switches()

    async def set_behaviour(self, request: web.Request) -> web.Response:
        """Set the given switches; the others stay."""
        changes = await read_object(request)
        switches = self._simulator.behaviour.model_dump(mode="json")
        merged = switches | changes
        if isinstance(changes.get("api3"), dict):
            merged["api3"] = switches["api3"] | changes["api3"]
        self._simulator.set_behaviour(validated(Behaviour, merged))
        return self._switches()

    async def restore_behaviour(self, _request: web.Request) -> web.Response:
        """Set every switch to its initial value."""
        self._simulator.restore_behaviour()
        return self._switches()

    def _switches(self) -> web.Response:
        return web.json_response(self._simulator.behaviour.model_dump(mode="json"))

    async def reply(self, request: web.Request) -> web.Response:
        """Make a user reply."""
        wanted = await read_model(request, ReplyRequest)
        simulator = self._simulator
        traffic = simulator.state.traffic
        last = traffic.last_message(wanted.nationcode, wanted.mobile)
        reply = Reply(
            id=traffic.next_id("replies"),
            nationcode=wanted.nationcode,
            mobile=wanted.mobile,
            text=wanted.text,
            sign=wanted.sign if wanted.sign is not None else (last.sign if last else ""),
            extend=wanted.extend if wanted.extend is not None else (last.extend if last else ""),
            due=time.time() + wanted.delay,
        )
        traffic.record([], [], [reply], [])
        simulator.pusher.schedule_reply(reply)
        return web.json_response(reply_fields(reply))

    async def receipt(self, request: web.Request) -> web.Response:
        """Make a delivery receipt that does not belong to a send."""
        wanted = await read_model(request, ReceiptRequest)
        simulator = self._simulator
        now = time.time()
        receipt = DeliveryReceipt(
            id=simulator.state.traffic.next_id("receipts"),
            sid=new_sid(now) if wanted.sid is None else wanted.sid,
            nationcode=wanted.nationcode,
            mobile=wanted.mobile,
            report_status=wanted.report_status,
            errmsg=wanted.errmsg,
            description=wanted.description,
            due=now + wanted.delay,
            first=False,
        )
        simulator.state.traffic.record([], [receipt], [], [])
        simulator.pusher.schedule_receipt(receipt)
        return web.json_response(receipt_fields(receipt))

    async def review(self, request: web.Request) -> web.Response:
        """Set the result of a review."""
        wanted = await read_model(request, ReviewRequest)
        catalogue = self._simulator.state.catalogue
        item: Template | Sign | None = None
        if wanted.tpl_id is not None:
            item = catalogue.template(wanted.tpl_id)
        if wanted.sign_id is not None:
            item = catalogue.sign(wanted.sign_id)
        if item is None:
            raise BadRequestError("no such template or sign")
        self._simulator.reviewer.decide(item, Review(wanted.status), wanted.reply)
        return web.json_response({"id": item.id, "status": item.status, "reply": item.reply})

    async def reset(self, request: web.Request) -> web.Response:
        """Delete all data and restore the initial switches."""
        wanted = await read_model(request, ResetRequest)
        self._simulator.reset(keep_templates=wanted.keep_templates)
        return web.json_response({})


def _by_status(items: list[Template] | list[Sign]) -> dict[str, int]:
    counts = Counter(item.status for item in items)
    return {status.name.lower(): counts[status] for status in Review}
