"""Report final states to Quick Audience: queue them for pushing, and store them for its own queries (§12).

    note the log's head ─▶ store the receipt, unless the message has one ─▶ report it, if this work stored it

When several pieces of work learn a message's final state at once (two callbacks, or a callback and the sweep),
one of them stores the receipt, and only that one reports it. If it dies in between, it is repeated, finds its
own receipt, and reports it. The log of final states then takes only the rows that it lacks.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib import metrics, settings
from chalicelib.delivery import failure_watch
from chalicelib.domain.messages import Message
from chalicelib.queues import batching, sending
from chalicelib.store import final_state_log, messages

Request = tuple[str, str]
"""The outId and the bizId of a request."""


@dataclass(frozen=True, slots=True)
class Report:
    """Messages to report, of any requests. All have their receipts.

    `heads` are the heads of the requests' logs from before the receipts were stored. `repeated` are the keys of
    messages that may have been reported before. `alongside` are the numbers of messages that Tencent accepted at the
    same time. The failure rates of the requests are looked at if they are `watched`.
    """

    messages: Sequence[Message]
    heads: Mapping[Request, final_state_log.Head]
    repeated: frozenset[tuple[str, str]]
    alongside: Mapping[Request, int] = field(default_factory=dict)
    watched: bool = True


def record_and_report(settled: Sequence[Message], *, watched: bool = True) -> list[Message]:
    """Store the receipts of messages that had none, report them, and return the messages that were reported.

    Each receipt names the piece of work that learned it (`receipt.by`), by the same name whenever that work is
    repeated. An operator's command does not have the failure rate `watched`: only functions count metrics.
    """
    heads = _heads(settled)
    stored = messages.settle(settled)
    report(Report(stored.messages, heads, stored.repeated, watched=watched))
    return stored.messages


def record_new_and_report(learned: Sequence[Message], *, repeated: bool) -> None:
    """Store new messages, and report those that have a receipt: their recipients were refused.

    `repeated` means that another function may have done so before it died.
    """
    refused = [message for message in learned if message.receipt]
    heads = _heads(refused)
    messages.record(learned)
    keys = map(messages.key, refused if repeated else ())
    accepted = Counter(_request(message) for message in learned if not message.receipt)
    report(Report(refused, heads, frozenset(keys), accepted))


def report(reported: Report) -> None:
    """Report messages that have their receipts.

    With QA_RECEIPTS=poll, receipts are not pushed: Quick Audience queries them itself (§12). Replies, which are
    reported elsewhere, are pushed in either case, because no interface queries them.
    """
    by_request: dict[Request, list[Message]] = {}
    by_out_id: dict[str, list[Message]] = {}
    for message in reported.messages:
        by_request.setdefault(_request(message), []).append(message)
        by_out_id.setdefault(message.origin.out_id, []).append(message)
    if settings.load().qa_receipts == "push":
        for out_id, group in by_out_id.items():
            entries = [entry for message in group for entry in message.entries()]
            sending.send("receipts", batching.of_entries("details", out_id, entries))
    for request, group in by_request.items():
        repeated = not reported.repeated.isdisjoint(map(messages.key, group))
        head = final_state_log.append(
            group,
            reported.heads[request],
            repeated=repeated,
            alongside=reported.alongside.get(request, 0),
        )
        if reported.watched:
            failure_watch.look(*request, head)


def _heads(settled: Iterable[Message]) -> dict[Request, final_state_log.Head]:
    requests = dict.fromkeys(map(_request, settled))
    return {request: final_state_log.head(*request) for request in requests}


def _request(message: Message) -> Request:
    return message.origin.out_id, message.origin.biz_id


def count(reported: Sequence[Message]) -> None:
    """Publish how many of these messages were delivered, and how many failed."""
    delivered = sum(message.state == "delivered" for message in reported)
    metrics.count(Delivered=delivered, Failed=len(reported) - delivered)
