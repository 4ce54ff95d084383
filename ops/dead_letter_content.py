"""The content of a dead letter: the campaigns that it belongs to, and a row that shows it."""

import json
import time
from dataclasses import dataclass
from typing import Any

from chalicelib import dates
from chalicelib.domain.queue_names import QueueName
from chalicelib.logs import mask, mask_numbers
from chalicelib.store import messages
from chalicelib.store.message_items import MAX_SID
from chalicelib.tencent import events

COLUMNS = ("queue", "age", "outId", "bizId", "sid", "entries", "what")
# How many of a message's entries are shown.
_SHOWN_ENTRIES = 3


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A received dead letter. `sent_at`, an epoch, is when it was first queued."""

    queue: QueueName
    id: str
    body: str
    handle: str
    sent_at: int


def out_ids(letter: DeadLetter) -> set[str]:
    """Return the campaigns that a dead letter belongs to, as far as its content tells."""
    try:
        body = json.loads(letter.body)
        if letter.queue != "callbacks":
            return {body["outId"]}
        if inquiry := body.get("inquiry"):
            return {inquiry["outId"]}
        of_statuses = messages.find(
            (phone, events.sid_of(status)[:MAX_SID])
            for status in body.get("statuses", [])
            for phone in events.phones_of(status)
        ).values()
        of_replies = (
            messages.newest_of_sign(events.phone_of(reply), str(reply.get("sign") or ""))
            for reply in body.get("replies", [])
        )
        return {one.origin.out_id for one in [*of_statuses, *of_replies] if one}
    except (ValueError, LookupError, TypeError, AttributeError):
        return set()


def row(letter: DeadLetter) -> dict[str, Any]:
    """Return what a dead letter is about. Phone numbers are masked."""
    common = {
        "queue": letter.queue,
        "queued": dates.to_beijing(letter.sent_at),
        "age": _age(int(time.time()) - letter.sent_at),
        **dict.fromkeys(COLUMNS[2:]),
    }
    try:
        return common | _content(letter.queue, json.loads(letter.body))
    except (ValueError, LookupError, TypeError, AttributeError):
        return common | {"what": f"not understood: {mask_numbers(letter.body[:200])}"}


def _content(queue: QueueName, body: Any) -> dict[str, Any]:
    if queue == "callbacks" and (inquiry := body.get("inquiry")):
        count = len(inquiry["positions"])
        return {
            "outId": inquiry["outId"],
            "bizId": inquiry["bizId"],
            "entries": count,
            "what": f"an inquiry about {count} sends without an answer",
        }
    if queue == "callbacks":
        statuses, replies = body.get("statuses", []), body.get("replies", [])
        shown = [_status(one) for one in statuses[:_SHOWN_ENTRIES]]
        shown += [
            _reply(events.phone_of(one), str(one.get("text"))) for one in replies[:_SHOWN_ENTRIES]
        ]
        return {
            "sid": next((str(one.get("sid")) for one in statuses), None),
            **_entries(shown, len(statuses) + len(replies)),
        }
    named = {"outId": body["outId"], "bizId": body.get("bizId")}
    if queue == "sends":
        return named | {"what": f"recipients from {body['start']} on, attempt {body['attempt']}"}
    if queue == "files":
        return named | {"what": "a file that is not read to its end"}
    entries = body["entries"]
    if body["kind"] == "reply":
        shown = [_reply(one["phoneNum"], one["content"]) for one in entries[:_SHOWN_ENTRIES]]
    else:
        shown = [f"{mask(one['phoneNum'])} {one['errCode']}" for one in entries[:_SHOWN_ENTRIES]]
        named["bizId"] = next((one["at"][0] for one in entries), None)
    return named | _entries(shown, len(entries))


def _entries(shown: list[str], count: int) -> dict[str, Any]:
    more = [f"{count - len(shown)} more"] if count > len(shown) else []
    return {"entries": count, "what": ", ".join([*shown, *more])}


def _status(status: dict[str, Any]) -> str:
    reported = (str(status.get(name) or "") for name in ("report_status", "errmsg"))
    return " ".join([mask(events.phone_of(status)), *(mask_numbers(one[:40]) for one in reported)])


def _reply(phone: str, text: str) -> str:
    return f"reply of {mask(phone)}: {mask_numbers(text[:40])}"


def _age(seconds: int) -> str:
    """Return an age in its two largest units."""
    minutes = max(0, seconds) // 60
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
