"""All accounts, restored from the journal after a restart.

Every change is written to the journal before it is applied. The names of the events and their keys
are the journal's format, which older state folders contain.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from .account import Account
from .entries import SendDetail, SendReply
from .journal import Event, Journal
from .records import CampaignStart, Receipt, Reply, RequestOutcome, SendCall


class Ledger:
    """The accounts of all outIds."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._accounts: dict[str, Account] = {}
        self.push_count = 0
        self.receipt_count = 0
        self.reply_count = 0

    def restore(self) -> Iterator[str]:
        """Replay the journal, and yield the nonces of its pushes."""
        for event in self._journal.read():
            self._apply(event)
            if "nonce" in event:
                yield event["nonce"]

    def clear(self) -> None:
        """Delete every account."""
        self._journal.clear()
        self._accounts.clear()
        self.push_count = self.receipt_count = self.reply_count = 0

    def start_campaign(self, start: CampaignStart) -> Account:
        """Open the account of a campaign, or add recipients to an existing one."""
        self._record({"event": "begin", **asdict(start)})
        return self._accounts[start.out_id]

    def record_send_call(self, call: SendCall) -> None:
        """Record how the platform answered a send request."""
        self._record(
            {
                "event": "settle",
                "out_id": call.out_id,
                "phones": call.phones,
                "standing": call.outcome,
                "answer": call.answer,
            }
        )

    def record_receipts(self, entries: Iterable[SendDetail], nonce: str) -> None:
        """Record the delivery receipts of one push."""
        rows = [
            (
                entry.out_id,
                entry.phone_num,
                entry.send_status,
                entry.send_date,
                entry.receive_date,
                entry.err_code,
                entry.message,
            )
            for entry in entries
        ]
        self._record_push("tell", nonce, rows)

    def record_replies(self, entries: Iterable[SendReply], nonce: str) -> None:
        """Record the replies of one push."""
        rows = [
            (entry.out_id, entry.phone_num, entry.send_time, entry.content) for entry in entries
        ]
        self._record_push("reply", nonce, rows)

    def is_recipient(self, out_id: str, phone: str) -> bool:
        """Return whether a campaign was sent to this number, in exactly this spelling."""
        account = self._accounts.get(out_id)
        return account is not None and account.has_recipient(phone)

    def find(self, out_id: str) -> Account | None:
        """Return the account of an outId, or None."""
        return self._accounts.get(out_id)

    def accounts(self, out_id: str | None = None) -> Iterator[Account]:
        """Yield the account of an outId, or all accounts."""
        for account in self._accounts.values():
            if out_id in (None, account.out_id):
                yield account

    def _record_push(self, event: str, nonce: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._record(
            {
                "event": event,
                "call": self.push_count + 1,
                "at": time.time(),
                "nonce": nonce,
                "rows": rows,
            }
        )

    def _record(self, event: Event) -> None:
        self._journal.append(event)
        self._apply(event)

    def _find_or_open(self, out_id: str) -> Account:
        account = self._accounts.get(out_id)
        if account is None:
            account = self._accounts[out_id] = Account(out_id)
        return account

    def _apply(self, event: Event) -> None:
        match event:
            case {"event": "begin", **start}:
                self._find_or_open(start["out_id"]).add_recipients(CampaignStart(**start))
            case {
                "event": "settle",
                "out_id": out_id,
                "phones": phones,
                "standing": outcome,
                "answer": answer,
            }:
                # After a reset, answers to requests that were made before it may still arrive.
                if account := self._accounts.get(out_id):
                    call = SendCall(out_id, phones, RequestOutcome(outcome), answer)
                    account.add_send_call(call)
            case {"event": "tell", "call": number, "at": at, "rows": rows}:
                self.push_count = number
                self.receipt_count += len(rows)
                for row in rows:
                    self._find_or_open(row[0]).add_receipt(Receipt._make((*row, number, at)))
            case {"event": "reply", "call": number, "at": at, "rows": rows}:
                self.push_count = number
                self.reply_count += len(rows)
                for row in rows:
                    self._find_or_open(row[0]).add_reply(Reply._make((*row, number, at)))
