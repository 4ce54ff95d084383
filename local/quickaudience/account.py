"""The account of one outId: its recipients, and the receipts and replies reported for them.

Every count is updated entry by entry, so reading the counts is cheap for any number of entries.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .entries import DELIVERED, FAILED
from .records import CampaignStart, Receipt, Reply, RequestOutcome, SendCall

# A recipient of several requests has the best of their outcomes.
_RANK = {RequestOutcome.UNANSWERED: 0, RequestOutcome.REFUSED: 1, RequestOutcome.ACCEPTED: 2}


@dataclass(slots=True)
class _Recipient:
    request_outcome: RequestOutcome | None = None
    receipts: list[Receipt] = field(default_factory=list)
    results: set[tuple[int, str]] = field(default_factory=set)

    @property
    def contradictory(self) -> bool:
        return len(self.results) > 1

    @property
    def missing(self) -> bool:
        may_be_sent = self.request_outcome in (RequestOutcome.ACCEPTED, RequestOutcome.UNANSWERED)
        return may_be_sent and not self.receipts

    @property
    def unexpected(self) -> bool:
        return self.request_outcome is None


class Account:
    """The account of one outId.

    A push may name an outId that no campaign has. It gets an account too, in which every recipient
    is unexpected.
    """

    def __init__(self, out_id: str) -> None:
        self.out_id = out_id
        self.start: CampaignStart | None = None
        self.active_senders = 0
        self._recipients: dict[str, _Recipient] = {}
        self._replies: dict[str, list[Reply]] = {}
        self._distinct_replies: set[tuple[str, str, str]] = set()
        self._reply_count = 0
        self._send_calls: list[Mapping[str, Any]] = []
        self._push_calls: set[int] = set()
        self._counts: Counter[str] = Counter()
        self._failure_reasons: Counter[str] = Counter()

    def add_recipients(self, start: CampaignStart) -> None:
        """Add a campaign's recipients, before anything is sent to them."""
        self.start = self.start or start
        for phone in start.phones:
            recipient = self._recipients.setdefault(phone, _Recipient())
            if recipient.request_outcome is None:
                self._set_outcome(recipient, RequestOutcome.UNANSWERED)

    def has_recipient(self, phone: str) -> bool:
        """Return whether a campaign was sent to this number, in exactly this spelling."""
        recipient = self._recipients.get(phone)
        return recipient is not None and recipient.request_outcome is not None

    def add_send_call(self, call: SendCall) -> None:
        """Record how the platform answered a send request."""
        self._send_calls.append({"phones": len(call.phones), **call.answer})
        for phone in call.phones:
            recipient = self._recipients[phone]
            present = recipient.request_outcome or RequestOutcome.UNANSWERED
            if _RANK[call.outcome] > _RANK[present]:
                self._set_outcome(recipient, call.outcome)

    def add_receipt(self, receipt: Receipt) -> None:
        """Record a delivery receipt."""
        recipient = self._recipients.setdefault(receipt.phone_num, _Recipient())
        self._count(recipient, -1)
        recipient.receipts.append(receipt)
        recipient.results.add(receipt.result)
        self._count(recipient, 1)
        self._push_calls.add(receipt.call)

    def add_reply(self, reply: Reply) -> None:
        """Record a reply."""
        self._replies.setdefault(reply.phone_num, []).append(reply)
        self._distinct_replies.add((reply.phone_num, reply.send_time, reply.content))
        self._reply_count += 1

    def _set_outcome(self, recipient: _Recipient, outcome: RequestOutcome) -> None:
        self._count(recipient, -1)
        recipient.request_outcome = outcome
        self._count(recipient, 1)

    def _count(self, recipient: _Recipient, step: int) -> None:
        """Add a recipient to the counts (step 1), or remove it from them (step -1)."""
        counts = self._counts
        if recipient.request_outcome is not None:
            counts["recipients"] += step
            counts[recipient.request_outcome] += step
        if not recipient.receipts:
            counts["missing"] += step * recipient.missing
            return
        last = recipient.receipts[-1]
        counts["reported"] += step
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

        ``delivered``, ``failed`` and ``failureReasons`` go by each recipient's last receipt.
        ``complete`` means that sending is over, no receipt is missing, no recipient has two
        different receipts, and no receipt names a phone that is not a recipient. Repeated receipts
        are allowed: platforms push at least once.
        """
        counts = self._counts
        flaws = counts["missing"] + counts["contradictory"] + counts["unexpected"]
        start = self.start
        return {
            "outId": self.out_id,
            "known": start is not None,
            "signName": start.sign_name if start else None,
            "templateCode": start.template_code if start else None,
            "digital": start.digital if start else None,
            "startedAt": start.at if start else None,
            "sending": self.active_senders > 0,
            **{_JSON_KEYS.get(name, name): counts[name] for name in _COUNT_NAMES},
            "failureReasons": {code: n for code, n in self._failure_reasons.items() if n},
            "replies": len(self._distinct_replies),
            "repliesRepeated": self._reply_count - len(self._distinct_replies),
            "pushes": len(self._push_calls),
            "complete": start is not None and not self.active_senders and flaws == 0,
        }

    def send_calls(self) -> list[Mapping[str, Any]]:
        """Return the answer to each send request."""
        return self._send_calls

    def phones(self, quality: str) -> list[str]:
        """Return the phones that are ``missing``, ``contradictory`` or ``unexpected``."""
        return [
            phone for phone, recipient in self._recipients.items() if getattr(recipient, quality)
        ]

    def receipts(self, phone: str | None) -> Iterator[Receipt]:
        """Yield the receipts of one phone, or all receipts."""
        if phone is None:
            for recipient in self._recipients.values():
                yield from recipient.receipts
        elif phone in self._recipients:
            yield from self._recipients[phone].receipts

    def replies(self, phone: str | None) -> Iterator[Reply]:
        """Yield the replies of one phone, or all replies."""
        if phone is None:
            for replies in self._replies.values():
                yield from replies
        else:
            yield from self._replies.get(phone, ())


_COUNT_NAMES = (
    "recipients",
    "accepted",
    "refused",
    "unanswered",
    "reported",
    "delivered",
    "failed",
    "missing",
    "unexpected",
    "contradictory",
    "repeated",
)
# The control API's names of counts, where they differ.
_JSON_KEYS = {"reported": "told"}
