"""Receipts: queue them again for Quick Audience."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from chalicelib import settings
from chalicelib.domain import erased_numbers, push_batches
from chalicelib.domain.messages import Message
from chalicelib.domain.push_batches import Entry
from chalicelib.domain.send_request import SendRequest
from chalicelib.queues import batching, sending
from chalicelib.store import chunks, final_state_log, messages, pushed, send_requests
from chalicelib.store import replies as stored_replies
from ops import audit, not_taken, phone_numbers
from ops.errors import OperatorError

_COUNTS = ("settled", "pushed", "queued", "rowsAdded", "repliesQueued")


def pushes() -> bool:
    """Return whether receipts are pushed at all; with QA_RECEIPTS=poll, Quick Audience asks for them."""
    return settings.load().qa_receipts == "push"


@audit.recorded(
    "receipts replay", "out_id", "biz_id", "phone", "every", "replies", unless="dry_run"
)
def replay(
    out_id: str,
    *,
    biz_id: str = "",
    phone: str = "",
    every: bool = False,
    replies: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Queue receipts of a campaign again: those that Quick Audience is not known to have, or `every` one.

    `biz_id` narrows it to one request, `phone` to one recipient. Missing sending details (§12) are added.
    `replies` queues all replies, too. With `dry_run`, nothing changes. Returns the counts.

    Raises OperatorError if there is no such campaign or request, or if the arguments contradict each other.
    """
    accepted = [one for one in send_requests.of_out_id(out_id) if biz_id in ("", one.biz_id)]
    if not accepted:
        under = f"{out_id} and the bizId {biz_id}" if biz_id else out_id
        raise OperatorError(f"nothing was accepted under the outId {under}")
    if replies and biz_id:
        raise OperatorError(
            "a reply belongs to an outId, and its bizId is not known: leave out --biz-id"
        )
    wanted = phone_numbers.parse(phone) if phone else ""
    counts: Counter[str] = Counter()
    refused = not_taken.Refused(out_id)
    for request in accepted:
        counts += _replay(request, wanted, refused, every=every, dry_run=dry_run)
    if pushes() and not dry_run:
        refused.forget_queued()
    if replies:
        counts["repliesQueued"] = _replay_replies(out_id, wanted, dry_run=dry_run)
    return {
        "outId": out_id,
        "requests": len(accepted),
        **{name: counts[name] for name in _COUNTS},
        "dryRun": dry_run,
    }


def _replay(
    request: SendRequest,
    phone: str,
    refused: not_taken.Refused,
    *,
    every: bool,
    dry_run: bool,
) -> Counter[str]:
    counts: Counter[str] = Counter()
    push = pushes()
    known = pushed.pushed_positions(request.out_id, request.biz_id)
    listed = _listed(request)
    unlisted: list[Message] = []
    for settled in _settled(request, phone):
        refused.queued(settled)
        # The receipt of an erased number names nobody.
        chosen = [
            one
            for one in settled
            if (every or one.position not in known) and not erased_numbers.is_erased(one.phone)
        ]
        counts["settled"] += len(settled)
        counts["pushed"] += sum(one.position in known for one in settled)
        counts["queued"] += len(chosen) if push else 0
        unlisted += [one for one in settled if messages.key(one) not in listed]
        if push and not dry_run:
            entries = [entry for one in chosen for entry in one.entries()]
            sending.send("receipts", batching.of_entries("details", request.out_id, entries))
    counts["rowsAdded"] += _add_rows(request, unlisted, dry_run=dry_run)
    return counts


def _settled(request: SendRequest, phone: str) -> Iterator[Sequence[Message]]:
    """Yield the messages that have their receipts, chunk by chunk."""
    for _, progress in chunks.all_progress(request.out_id, request.biz_id):
        found = messages.settled_of_chunk(request.biz_id, progress)
        yield [one for one in found if phone in ("", one.phone)]


def _listed(request: SendRequest) -> set[final_state_log.Row]:
    """Return the rows of a request's sending details."""
    count = final_state_log.length(request.out_id, request.biz_id)
    return set(final_state_log.rows(request.out_id, request.biz_id, 0, count)) if count else set()


def _add_rows(request: SendRequest, unlisted: Sequence[Message], *, dry_run: bool) -> int:
    """Add the sending details that are missing; return how many there are."""
    if not unlisted:
        return 0
    # Some may have been settled, and listed, since the list was read. The log is read in parts, each once.
    read, listed, added = 0, set[final_state_log.Row](), 0
    for first in range(0, len(unlisted), push_batches.MAX_PER_CALL):
        head = final_state_log.head(request.out_id, request.biz_id)
        if head.rows > read:
            rows = final_state_log.rows(request.out_id, request.biz_id, read, head.rows - read)
            listed |= set(rows)
            read = head.rows
        part = unlisted[first : first + push_batches.MAX_PER_CALL]
        missing = [one for one in part if messages.key(one) not in listed]
        if missing and not dry_run:
            final_state_log.append(missing, head, repeated=False)
        added += len(missing)
    return added


def _replay_replies(out_id: str, phone: str, *, dry_run: bool) -> int:
    """Queue the replies of a campaign again; return how many there are."""
    names = ("outId", "phoneNum", "sendTime", "content")
    entries = [
        Entry({name: reply[name] for name in names})
        for reply in stored_replies.of_out_id(out_id)
        if reply["phoneNum"] != erased_numbers.FORM
        and (not phone or phone_numbers.parse(reply["phoneNum"]) == phone)
    ]
    if not dry_run:
        refused = not_taken.Refused(out_id, "reply")
        sending.send("receipts", batching.of_entries("reply", out_id, entries))
        if not phone:
            refused.forget_all()
    return len(entries)
