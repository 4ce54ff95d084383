"""Settle replies that Tencent reports: each is reported under the campaign that it most likely answers."""

import time

from chalicelib import dates
from chalicelib.delivery.unmatched_events import look_again
from chalicelib.domain import reported_times
from chalicelib.domain.messages import Message
from chalicelib.domain.push_batches import Entry
from chalicelib.logs import log, mask
from chalicelib.queues import batching, sending
from chalicelib.queues.bodies import Event
from chalicelib.store import messages, replies
from chalicelib.tencent import events

# Characters of a reply that are pushed. A person's longest message has some 700.
_MAX_REPLY = 2000


def settle_reply(reply: Event, by: str, looks: int, since: int) -> None:
    """Report a reply under the outId of the newest message with its phone and sign.

    A reply names neither a sid nor an outId ("SMS Reply"). `by`, `looks` and `since` are as in
    `status_settling.Status`.
    """
    message = _answered(reply)
    if message is None:
        look_again("replies", [reply], looks, since)
        return
    out_id = message.origin.out_id
    content = str(reply.get("text") or "")[:_MAX_REPLY]
    written = reported_times.read(reply.get("time"))
    sent = since if written is None else min(written, since)
    entry = {
        "outId": out_id,
        "phoneNum": message.phone_num,
        "sendTime": dates.to_beijing(sent),
        "content": content,
    }
    identity = replies.ReplyIdentity(message.phone, content, time=written, arrived=since)
    if not replies.record_reply(out_id, identity, entry, by, int(time.time())):
        return
    sending.send("receipts", batching.of_entries("reply", out_id, [Entry(entry, message.at)]))
    log_fields = {"phone": mask(message.phone), "looks": looks, "bizId": message.origin.biz_id}
    log.info("reply matched", extra=log_fields)


def _answered(reply: Event) -> Message | None:
    """Return the message that a reply most likely answers: of the likeliest of its phones that has any."""
    sign = str(reply.get("sign") or "")
    found = (messages.newest_of_sign(phone, sign) for phone in events.phones_of(reply))
    return next(filter(None, found), None)
