"""Settle the messages of unknown outcome to a phone by Tencent's records of it, as `domain/send_records.py` pairs them.

A record gives its message a sid and, if it shows a final state, a receipt.
"""

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chalicelib import settings
from chalicelib.delivery import final_states
from chalicelib.delivery.call_results import waits
from chalicelib.domain import send_records
from chalicelib.domain.messages import Message, Receipt, failure_receipt, read_status
from chalicelib.domain.planning import Failure
from chalicelib.logs import log, mask
from chalicelib.queues.outcome_inquiry import OutcomeInquiry
from chalicelib.store import chunks, messages, send_requests, templates
from chalicelib.store.message_items import MAX_SID
from chalicelib.tencent.answers import SendRecord, SendRecords, SendStatus
from chalicelib.tencent.error_codes import CodeClass, explain, meaning


class Found(NamedTuple):
    """The records of a phone. Those from the epoch `horizon` on may belong to messages that are being sent."""

    records: SendRecords
    horizon: int


class RecordSettling:
    """The settling of one inquiry's messages. `by` identifies the inquiry in the receipts that it stores."""

    def __init__(self, by: str, inquiry: OutcomeInquiry) -> None:
        self.settled = 0
        """Messages that were settled and reported."""
        self.adopted = 0
        """Messages that got the sid of a record."""
        self._by = by
        self._inquiry = inquiry
        self._texts: dict[tuple[str, str], str] = {}
        self._unreported: list[Message] = []

    @property
    def since(self) -> int:
        """Return the epoch since which records may belong to the inquiry's messages."""
        return self._inquiry.began - send_records.CLOCK_TOLERANCE_SECONDS

    def waiting(self) -> dict[str, set[int]]:
        """Return the positions that are not settled, by phone. What this inquiry settled before is reported again."""
        progress = chunks.progress(self._inquiry.chunk)
        if progress is None:
            return {}
        wanted: dict[str, set[int]] = {}
        phones, start = progress.plan.phones, progress.plan.start
        for position in self._inquiry.positions:
            if 0 <= position - start < len(phones):
                wanted.setdefault(phones[position - start], set()).add(position)
        found: dict[str, set[int]] = {}
        for phone, positions in wanted.items():
            for message in self._own(messages.of_phone(phone), positions):
                if message.receipt is None:
                    found.setdefault(phone, set()).add(message.position)
                elif message.receipt.by == self._by:
                    self._unreported.append(message)
        return found

    def _own(self, stored: Sequence[Message], positions: set[int]) -> list[Message]:
        biz_id = self._inquiry.chunk.biz_id
        return [one for one in stored if one.origin.biz_id == biz_id and one.position in positions]

    def settle_phone(
        self, phone: str, positions: set[int], found: Found
    ) -> tuple[set[int], frozenset[str]]:
        """Settle the messages to a phone as far as its records show their outcome.

        Return the positions that stay unknown, and the sids of the phone's messages that have their receipts. The
        messages are read after the records, so a sid in the records that none of them has belongs to no older message.
        """
        stored = messages.of_phone(phone)
        own = self._own(stored, positions)
        records = [_plain(record) for record in found.records.records if _concerns(record)]
        by_sid = {record.sid: record for record in records if record.sid}
        for message in own:
            if message.sid and not message.receipt and message.sid in by_sid:
                # Adopted before, by this inquiry or by another one.
                self._settle(message, by_sid[message.sid])
        own_keys = {message.at for message in own}
        pairs = send_records.pair(
            records,
            [self._send(one, own=one.at in own_keys) for one in stored if one.unknown],
            known_sids={one.sid for one in stored if one.sid},
            refused=[
                self._send(one, own=False) for one in stored if not one.sid and not one.unknown
            ],
            since=self.since,
            horizon=found.horizon,
            complete=found.records.complete,
        )
        still: set[int] = set()
        for message in own:
            # Those of other inquiries are left to them, because each reports what it stored.
            if message.unknown and not message.receipt:
                record = pairs.get(message.at)
                if record is None or not self._assign(message, record):
                    still.add(message.position)
        return still, frozenset(one.sid for one in stored if one.sid and one.receipt)

    def _send(self, message: Message, *, own: bool) -> send_records.Send:
        """Return what is known of the send of a message. A function lives no longer than `adopt_after`."""
        origin = message.origin
        began, ended = origin.sent_at, origin.sent_at + settings.load().adopt_after
        if own:
            began, ended = self._inquiry.began, self._inquiry.ended
        return send_records.Send(
            key=message.at,
            out_id=origin.out_id,
            sign=origin.sign,
            text=self._text(origin.out_id, origin.biz_id),
            sent_at=origin.sent_at,
            began=began,
            ended=ended,
        )

    def _text(self, out_id: str, biz_id: str) -> str:
        """Return the text of the template that a request was sent with; "" if it is no longer stored."""
        key = out_id, biz_id
        if key not in self._texts:
            try:
                request = send_requests.get(out_id, biz_id)
            except LookupError:
                self._texts[key] = ""
            else:
                revision = templates.get(request.template_code, request.revision)
                self._texts[key] = revision.text if revision else ""
        return self._texts[key]

    def _assign(self, message: Message, record: SendRecord) -> bool:
        """Give a message of unknown outcome its record; return False if it stays unknown.

        It stays unknown if its record does not say whether it was sent, or if another piece of work settles it at
        this moment.
        """
        if not record.sid:
            return self._settle(message, record)
        adopted = messages.adopt(message.phone, record.sid, [message])
        if adopted is None:
            return False
        self.adopted += 1
        log.info(
            "unknown outcome settled by a record",
            extra={"phone": mask(message.phone), "bizId": message.origin.biz_id},
        )
        self._settle(adopted, record)
        return True

    def _settle(self, message: Message, record: SendRecord) -> bool:
        """Settle a message if its record has a final state; return whether it has."""
        receipt = _receipt(record, time.time(), self._by)
        if receipt is None:
            return False
        self._unreported.append(message.with_receipt(receipt))
        return True

    def report(self, at_least: int = 0) -> None:
        """Store the receipts of the settled messages and report them, if there are at least this many."""
        if len(self._unreported) < at_least:
            return
        reported = final_states.record_and_report(self._unreported)
        self._unreported.clear()
        self.settled += len(reported)
        final_states.count(reported)


def _concerns(record: SendRecord) -> bool:
    """Return whether a record can be that of a message of unknown outcome.

    A recipient who waits (for its rate limit, or at a hold) has no message yet, so a refusal for such a reason may be
    that recipient's.
    """
    if record.status is not SendStatus.NOT_SENT:
        return True
    kind = meaning(record.request_code).kind
    return kind is not CodeClass.CONFIG and not waits(record.request_code)


def _plain(record: SendRecord) -> SendRecord:
    """Return a record with its sid as it is stored. If the message was not sent, its sid is left out."""
    return record._replace(sid="" if record.status is SendStatus.NOT_SENT else record.sid[:MAX_SID])


def _receipt(record: SendRecord, now: float, by: str) -> Receipt | None:
    """Return the receipt that a record shows; None if it shows no final state."""
    reports: Mapping[SendStatus, str] = {
        SendStatus.DELIVERED: "SUCCESS",
        SendStatus.FAILED: "FAIL",
    }
    if record.status in reports and record.sid:
        report = {
            "report_status": reports[record.status],
            "errmsg": record.status_code,
            "user_receive_time": record.received_at,
            "sub_error": record.sub_error,
            "sub_error_desc": record.sub_error_desc,
        }
        return read_status(report, now, by)
    code = record.request_code
    if record.status is SendStatus.NOT_SENT and meaning(code).kind is not CodeClass.UNKNOWN:
        return failure_receipt(Failure(meaning(code).aliyun, explain(code, "")), now, by)
    return None
