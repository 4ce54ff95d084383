"""Turn Tencent's statuses and replies into receipts and replies for Quick Audience.

statuses (`delivery/status_settling.py`) ─▶ receipts
replies (`delivery/reply_settling.py`) ─▶ replies
inquiries about sends that got no answer (`delivery/outcomes.py`) ─▶ receipts
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from chalicelib.delivery.reply_settling import settle_reply
from chalicelib.delivery.status_settling import Status, settle_statuses
from chalicelib.domain import retries
from chalicelib.logs import log
from chalicelib.queues import receiving
from chalicelib.queues.bodies import CallbackBody, UnreadableBodyError
from chalicelib.queues.receiving import DEAD_LETTER, DONE, Record, Result, again


def handle(event: Mapping[str, Any], seconds_left: float) -> dict[str, list[dict[str, str]]] | None:
    """Work through an SQS event of the `callbacks` queue: all events together, or one by one if that fails.

    Inquiries follow, because they take time. Return what the handler returns to Lambda. `seconds_left` are those until
    Lambda ends the function.
    """
    deadline = time.time() + seconds_left
    records = receiving.records(event)
    inquiries = _inquiries(records)
    asking = {record.handle for record, _ in inquiries}
    callbacks = [record for record in records if record.handle not in asking]
    results: list[tuple[Record, Result]] = [(record, DONE) for record in callbacks]
    try:
        _settle(callbacks)
    except Exception:
        log.exception("callbacks failed together, they are tried one by one")
        results = _one_by_one(callbacks)
    if inquiries:
        results += _inquire(inquiries, deadline)
    return receiving.finish("callbacks", results)


def _inquiries(records: Sequence[Record]) -> list[tuple[Record, CallbackBody]]:
    """Return those messages of the queue that hold inquiries, decoded. What can't be read is left to `_settle`."""
    found: list[tuple[Record, CallbackBody]] = []
    for record in records:
        if CallbackBody.may_inquire(record.body):
            with suppress(UnreadableBodyError):
                body = CallbackBody.decode(record.body)
                found += [(record, body)] if body.inquiry else []
    return found


def _inquire(
    inquiries: Sequence[tuple[Record, CallbackBody]], deadline: float
) -> list[tuple[Record, Result]]:
    # Imported only here: few messages are of unknown outcome, and Tencent's client takes time to import.
    from chalicelib.delivery import outcomes  # noqa: PLC0415

    try:
        return outcomes.settle_unknown(inquiries, deadline)
    except Exception:
        log.exception("inquiries failed")
        return [(record, again(record, retries.CALLBACK)) for record, _ in inquiries]


def _one_by_one(records: Sequence[Record]) -> list[tuple[Record, Result]]:
    results: list[tuple[Record, Result]] = []
    for record in records:
        try:
            _settle([record])
            results.append((record, DONE))
        except UnreadableBodyError:
            log.exception("message can't be read", extra={"tries": record.tries})
            results.append((record, DEAD_LETTER))
        except Exception:
            log.exception("callbacks failed", extra={"tries": record.tries})
            results.append((record, again(record, retries.CALLBACK)))
    return results


def _settle(records: Sequence[Record]) -> None:
    statuses: list[Status] = []
    for record in records:
        body = CallbackBody.decode(record.body)
        since = int(record.sent_at) if body.since is None else body.since
        statuses += [Status(event, body.id, body.looks, since) for event in body.statuses]
        for reply in body.replies:
            settle_reply(reply, body.id, body.looks, since)
    settle_statuses(statuses)
