"""From queued receipts and replies to Quick Audience, at least once."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalicelib.campaigns import receipts, retries
from chalicelib.campaigns.receipts import Kind
from chalicelib.logs import clean, log
from chalicelib.queues import receiving
from chalicelib.queues.receiving import Record
from chalicelib.quickaudience import push as quick_audience
from chalicelib.store import campaigns

# Calls to Quick Audience at once, by one function: as many as an event can make, so that all of them
# may take their longest (25 s) and the function (60 s) still ends by itself.
_PARALLEL = 10


def handle(event: Mapping[str, Any]) -> None:
    """Work through an SQS event of the `receipts` queue: up to 100 entries of an outId in one call."""
    bodies: dict[Record, dict[str, Any]] = {}
    done: list[Record] = []
    later: dict[Record, int] = {}
    for record in receiving.records(event):
        try:
            bodies[record] = json.loads(record.body)
        except ValueError:
            log.exception("a message that nobody understands")
            later[record] = retries.push_delay(record.tries)
    calls = list(
        receipts.calls(
            (record, body["kind"], body["outId"], len(body["entries"]))
            for record, body in bodies.items()
        )
    )

    def push(call: tuple[Kind, list[Record]]) -> bool:
        kind, parts = call
        return _push(kind, [entry for record in parts for entry in bodies[record]["entries"]])

    with ThreadPoolExecutor(_PARALLEL) as pool:
        for (_, parts), taken in zip(calls, pool.map(push, calls), strict=True):
            if taken:
                done += parts
            else:
                later |= {record: retries.push_delay(record.tries) for record in parts}
    receiving.finish("receipts", done, later)


def _push(kind: Kind, entries: list[dict[str, Any]]) -> bool:
    shown = [{name: value for name, value in entry.items() if name != "at"} for entry in entries]
    try:
        quick_audience.push(kind, shown)
        if kind == "details":
            _record(entries)
    except quick_audience.PushError as error:
        log.warning(
            "not pushed", extra={"kind": kind, "entries": len(entries), "why": clean(str(error))}
        )
        return False
    except Exception:
        log.exception("push failed", extra={"kind": kind, "entries": len(entries)})
        return False
    log.info("pushed", extra={"kind": kind, "entries": len(entries)})
    return True


def _record(entries: list[dict[str, Any]]) -> None:
    positions: dict[str, list[int]] = {}
    for entry in entries:
        biz_id, position = entry["at"]
        positions.setdefault(biz_id, []).append(position)
    campaigns.record_pushed(entries[0]["outId"], positions)
