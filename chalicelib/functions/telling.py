"""Telling Quick Audience of final states: queued for pushing, and kept for its own queries (§12).

    a receipt, written where none is ─▶ told by whose receipt it is

Of several pieces of work that know a final state at once (two callbacks, the sweep), one writes it, and
that one tells it. Where it dies in between, it is done again, finds its own receipt, and tells.
"""

from collections.abc import Iterable, Sequence

from chalicelib import settings
from chalicelib.campaigns import receipts
from chalicelib.campaigns.messages import Message
from chalicelib.queues import sending
from chalicelib.store import details, messages


def settle(settled: Sequence[Message]) -> list[Message]:
    """Keep the receipts of messages that were recorded without one, and tell them; answers those told.

    Each receipt says by whose work it is known (`receipt.by`), the same whenever that work is repeated.
    """
    told = messages.settle(settled)
    tell(told)
    return told


def tell(told: Iterable[Message]) -> None:
    """Tell of messages that have their receipts, of whatever requests.

    With QA_RECEIPTS=poll, Quick Audience asks by itself and nothing is pushed. Replies are pushed in
    either case: no interface asks for them.
    """
    by_request: dict[tuple[str, str], list[Message]] = {}
    by_out_id: dict[str, list[Message]] = {}
    for message in told:
        origin = message.origin
        by_request.setdefault((origin.out_id, origin.biz_id), []).append(message)
        by_out_id.setdefault(origin.out_id, []).append(message)
    if settings.load().qa_receipts == "push":
        for out_id, group in by_out_id.items():
            entries = [message.entry() for message in group]
            sending.send("receipts", receipts.pack("details", out_id, entries))
    for group in by_request.values():
        details.append(group)
