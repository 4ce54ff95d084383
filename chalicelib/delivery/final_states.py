"""Report final states to Quick Audience: queue them for pushing, and store them for its own queries (§12).

    store the receipt, unless the message has one ─▶ report it, if this piece of work stored it

When several pieces of work learn a message's final state at once (two callbacks, or a callback and the sweep),
one of them stores the receipt, and only that one reports it. If it dies in between, it is repeated, finds its
own receipt, and reports it.
"""

from collections.abc import Iterable, Sequence

from chalicelib import settings
from chalicelib.domain.messages import Message
from chalicelib.queues import bodies, sending
from chalicelib.store import final_state_log, messages


def record_and_report(settled: Sequence[Message]) -> list[Message]:
    """Store the receipts of messages that had none, report them, and return the messages that were reported.

    Each receipt names the piece of work that learned it (`receipt.by`), by the same name whenever that work is
    repeated.
    """
    reported = messages.settle(settled)
    report(reported)
    return reported


def report(reported: Iterable[Message]) -> None:
    """Report messages that have their receipts. They may be of several requests.

    With QA_RECEIPTS=poll, receipts are not pushed: Quick Audience queries them itself (§12). Replies, which are
    reported elsewhere, are pushed in either case, because no interface queries them.
    """
    by_request: dict[tuple[str, str], list[Message]] = {}
    by_out_id: dict[str, list[Message]] = {}
    for message in reported:
        origin = message.origin
        by_request.setdefault((origin.out_id, origin.biz_id), []).append(message)
        by_out_id.setdefault(origin.out_id, []).append(message)
    if settings.load().qa_receipts == "push":
        for out_id, group in by_out_id.items():
            entries = [entry for message in group for entry in message.entries()]
            sending.send("receipts", bodies.of_entries("details", out_id, entries))
    for group in by_request.values():
        final_state_log.append(group)
