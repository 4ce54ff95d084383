"""The accounts: who was to get a message, and what was told about it.

Every count is kept up to date entry by entry, so that asking is cheap however many entries there
are.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from .entries import DELIVERED, FAILED, SendDetail, SendReply
from .journal import Event, Journal


class Standing(StrEnum):
    """What became of the request that named a recipient."""

    UNANSWERED = "unanswered"
    """No answer yet, or none that tells whether the platform will send."""
    ACCEPTED = "accepted"
    REFUSED = "refused"


# A recipient named in several requests has the best standing of them.
_RANK = {Standing.UNANSWERED: 0, Standing.REFUSED: 1, Standing.ACCEPTED: 2}


class Receipt(NamedTuple):
    """A delivery receipt as it was told."""

    out_id: str
    phone_num: str
    send_status: int
    send_date: str
    receive_date: str
    err_code: str
    message: str
    call: int
    told_at: float

    @property
    def outcome(self) -> tuple[int, str]:
        """What this receipt claims; on success the code is only decoration."""
        return self.send_status, self.err_code if self.send_status == FAILED else ""


class Reply(NamedTuple):
    """A mobile-originated reply as it was told."""

    out_id: str
    phone_num: str
    send_time: str
    content: str
    call: int
    told_at: float


@dataclass(slots=True)
class _Recipient:
    standing: Standing | None = None
    receipts: list[Receipt] = field(default_factory=list)
    outcomes: set[tuple[int, str]] = field(default_factory=set)

    @property
    def contradictory(self) -> bool:
        return len(self.outcomes) > 1

    @property
    def missing(self) -> bool:
        return not self.receipts and self.standing in (Standing.ACCEPTED, Standing.UNANSWERED)

    @property
    def unexpected(self) -> bool:
        return self.standing is None


@dataclass(frozen=True, slots=True)
class CampaignStart:
    """What a campaign sends, and to whom."""

    out_id: str
    sign_name: str
    template_code: str
    digital: bool
    phones: Sequence[str]
    at: float


@dataclass(frozen=True, slots=True)
class SendCall:
    """One sendBatchList or sendDigitalBatchList request and what was answered."""

    out_id: str
    phones: Sequence[str]
    standing: Standing
    answer: Mapping[str, Any]


class Campaign:
    """The account of one outId.

    Pushes may name an outId that no campaign has: that gets an account too, whose recipients are
    all unexpected.
    """

    def __init__(self, out_id: str) -> None:
        self.out_id = out_id
        self.start: CampaignStart | None = None
        self.sending = 0
        self._recipients: dict[str, _Recipient] = {}
        self._replies: dict[str, list[Reply]] = {}
        self._distinct_replies: set[tuple[str, str, str]] = set()
        self._reply_count = 0
        self._send_calls: list[Mapping[str, Any]] = []
        self._push_calls: set[int] = set()
        self._counts: Counter[str] = Counter()
        self._failure_reasons: Counter[str] = Counter()

    def begin(self, start: CampaignStart) -> None:
        """Take note of recipients before anything is sent to them."""
        self.start = self.start or start
        for phone in start.phones:
            recipient = self._recipients.setdefault(phone, _Recipient())
            if recipient.standing is None:
                self._count(recipient, -1)
                recipient.standing = Standing.UNANSWERED
                self._count(recipient, 1)

    def names(self, phone: str) -> bool:
        """Whether this number, written like this, is one of those that it was sent to."""
        recipient = self._recipients.get(phone)
        return recipient is not None and recipient.standing is not None

    def settle(self, call: SendCall) -> None:
        """Take note of how a send request was answered."""
        self._send_calls.append({"phones": len(call.phones), **call.answer})
        for phone in call.phones:
            recipient = self._recipients[phone]
            if _RANK[call.standing] > _RANK[recipient.standing or Standing.UNANSWERED]:
                self._count(recipient, -1)
                recipient.standing = call.standing
                self._count(recipient, 1)

    def tell(self, receipt: Receipt) -> None:
        """Take note of a delivery receipt."""
        recipient = self._recipients.setdefault(receipt.phone_num, _Recipient())
        self._count(recipient, -1)
        recipient.receipts.append(receipt)
        recipient.outcomes.add(receipt.outcome)
        self._count(recipient, 1)
        self._push_calls.add(receipt.call)

    def reply(self, reply: Reply) -> None:
        """Take note of a reply."""
        self._replies.setdefault(reply.phone_num, []).append(reply)
        self._distinct_replies.add((reply.phone_num, reply.send_time, reply.content))
        self._reply_count += 1

    def _count(self, recipient: _Recipient, step: int) -> None:
        counts = self._counts
        if recipient.standing is not None:
            counts["recipients"] += step
            counts[recipient.standing] += step
        if not recipient.receipts:
            counts["missing"] += step * recipient.missing
            return
        last = recipient.receipts[-1]
        counts["told"] += step
        counts["delivered" if last.send_status == DELIVERED else "failed"] += step
        if last.send_status == FAILED:
            self._failure_reasons[last.err_code] += step
        if recipient.unexpected:
            counts["unexpected"] += step
        if recipient.contradictory:
            counts["contradictory"] += step
        elif len(recipient.receipts) > 1:
            counts["repeated"] += step

    def as_json(self) -> dict[str, Any]:
        """Return the counts.

        ``delivered``, ``failed`` and ``failureReasons`` go by the last receipt of each recipient.
        ``complete`` means that sending is over, nobody is missing, nobody was told two different
        things, and nobody was told of who isn't a recipient. Repetition is no fault: pushes are
        at least once.
        """
        counts = {name: self._counts[name] for name in _COUNTED}
        flaws = counts["missing"] + counts["contradictory"] + counts["unexpected"]
        start = self.start
        return {
            "outId": self.out_id,
            "known": start is not None,
            "signName": start.sign_name if start else None,
            "templateCode": start.template_code if start else None,
            "digital": start.digital if start else None,
            "startedAt": start.at if start else None,
            "sending": self.sending > 0,
            **counts,
            "failureReasons": {code: n for code, n in self._failure_reasons.items() if n},
            "replies": len(self._distinct_replies),
            "repliesRepeated": self._reply_count - len(self._distinct_replies),
            "pushes": len(self._push_calls),
            "complete": start is not None and not self.sending and flaws == 0,
        }

    def send_calls(self) -> list[Mapping[str, Any]]:
        """Return how each send request was answered."""
        return self._send_calls

    def phones(self, quality: str) -> list[str]:
        """List the phones that are ``missing``, ``contradictory`` or ``unexpected``."""
        return [
            phone for phone, recipient in self._recipients.items() if getattr(recipient, quality)
        ]

    def receipts(self, phone: str | None) -> Iterator[Receipt]:
        """Go through the receipts, of one phone or of all."""
        if phone is None:
            for recipient in self._recipients.values():
                yield from recipient.receipts
        elif phone in self._recipients:
            yield from self._recipients[phone].receipts

    def replies(self, phone: str | None) -> Iterator[Reply]:
        """Go through the replies, of one phone or of all."""
        if phone is None:
            for replies in self._replies.values():
                yield from replies
        else:
            yield from self._replies.get(phone, ())


_COUNTED = (
    "recipients",
    "accepted",
    "refused",
    "unanswered",
    "told",
    "delivered",
    "failed",
    "missing",
    "unexpected",
    "contradictory",
    "repeated",
)


class Ledger:
    """All accounts; whatever changes them is in the journal first."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._campaigns: dict[str, Campaign] = {}
        self.calls = 0
        self.receipts_told = 0
        self.replies_told = 0

    def restore(self) -> Iterator[str]:
        """Replay the journal; returns the nonces of the pushes in it."""
        for event in self._journal.read():
            self._apply(event)
            if "nonce" in event:
                yield event["nonce"]

    def clear(self) -> None:
        """Forget every account."""
        self._journal.clear()
        self._campaigns.clear()
        self.calls = self.receipts_told = self.replies_told = 0

    def begin(self, start: CampaignStart) -> Campaign:
        """Open the account of a campaign, or add recipients to it."""
        self._record({"event": "begin", **asdict(start)})
        return self._campaigns[start.out_id]

    def settle(self, call: SendCall) -> None:
        """Take note of how a send request was answered."""
        self._record({"event": "settle", **asdict(call)})

    def tell(self, entries: Iterable[SendDetail], nonce: str) -> None:
        """Take note of the delivery receipts of one push."""
        rows = [
            (
                e.out_id,
                e.phone_num,
                e.send_status,
                e.send_date,
                e.receive_date,
                e.err_code,
                e.message,
            )
            for e in entries
        ]
        self._record(self._push("tell", nonce, rows))

    def reply(self, entries: Iterable[SendReply], nonce: str) -> None:
        """Take note of the replies of one push."""
        rows = [(e.out_id, e.phone_num, e.send_time, e.content) for e in entries]
        self._record(self._push("reply", nonce, rows))

    def is_recipient(self, out_id: str, phone: str) -> bool:
        """Whether a campaign was sent to this number, written like this."""
        campaign = self._campaigns.get(out_id)
        return campaign is not None and campaign.names(phone)

    def find(self, out_id: str) -> Campaign | None:
        """Return the account of an outId."""
        return self._campaigns.get(out_id)

    def campaigns(self, out_id: str | None = None) -> Iterator[Campaign]:
        """Go through all accounts, or the one of an outId."""
        for campaign in self._campaigns.values():
            if out_id in (None, campaign.out_id):
                yield campaign

    def _push(self, event: str, nonce: str, rows: Sequence[tuple[Any, ...]]) -> Event:
        return {
            "event": event,
            "call": self.calls + 1,
            "at": time.time(),
            "nonce": nonce,
            "rows": rows,
        }

    def _record(self, event: Event) -> None:
        self._journal.append(event)
        self._apply(event)

    def _account(self, out_id: str) -> Campaign:
        campaign = self._campaigns.get(out_id)
        if campaign is None:
            campaign = self._campaigns[out_id] = Campaign(out_id)
        return campaign

    def _apply(self, event: Event) -> None:
        match event:
            case {"event": "begin", **start}:
                self._account(start["out_id"]).begin(CampaignStart(**start))
            case {"event": "settle", **call}:
                call["standing"] = Standing(call["standing"])
                # After a reset, answers of requests made before it may still come.
                if call["out_id"] in self._campaigns:
                    self._campaigns[call["out_id"]].settle(SendCall(**call))
            case {"event": "tell", "call": number, "at": at, "rows": rows}:
                self.calls = number
                self.receipts_told += len(rows)
                for row in rows:
                    self._account(row[0]).tell(Receipt._make((*row, number, at)))
            case {"event": "reply", "call": number, "at": at, "rows": rows}:
                self.calls = number
                self.replies_told += len(rows)
                for row in rows:
                    self._account(row[0]).reply(Reply._make((*row, number, at)))
