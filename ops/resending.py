"""Sending again, under the same outId, to recipients whom Tencent certainly never accepted (docs/decisions/0061).

    who may be sent to ─▶ begin ─▶ plan the chunks ─▶ commit ─▶ queue the chunks

Nothing is sent before the commit, and only one of several resends at once can commit. From there on, its requests are
like any other request of the outId: the functions send, settle, push and count them.
"""

import time
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import settings
from chalicelib.delivery import resuming
from chalicelib.endpoints import submission
from chalicelib.errors import BridgeError
from chalicelib.queues import sending
from chalicelib.store import chunks, resends, send_requests
from chalicelib.store.resends import Resends
from chalicelib.store.send_requests import UnknownRequestError
from ops import audit, campaign, costs, errors, failure_words, resend_arrivals
from ops.errors import OperatorError
from ops.resend_candidates import Candidates
from ops.resend_drafts import Drafts

# A machine may sleep while it plans. What `sweep` finds at the planned chunks 72 hours later must be accepted by then.
_MAX_SECONDS = 3600


@audit.recorded("campaign resend", "out_id", "codes", unless="dry_run")
def resend(
    out_id: str,
    codes: Sequence[str] = (),
    *,
    dry_run: bool = False,
    at_most: int | None = None,
) -> dict[str, Any]:
    """Send again to the recipients of a campaign whom Tencent never accepted; return whom, and who is left out.

    With `codes`, only to those who failed with one of them. With `dry_run`, nothing is sent. Raises OperatorError,
    without sending anything, if there are more recipients than `at_most`, if another resend began at the same time, or
    if it can't be known yet who was sent to; Refused if the recipients exceed DAILY_LIMIT.

    A resend that was cut off before everything was queued is completed first; `cutOff` says that there was one.
    """
    # Read first: whatever is committed later makes `begin` fail.
    known = resends.get(out_id)
    accepted = campaign.accepted(out_id)
    if known.unqueued and not dry_run:
        _queue_again(known)
    candidates = Candidates(out_id, accepted, known.begun)
    _require_known(codes, candidates)
    drafts = Drafts(candidates.sources, int(time.time()))
    if dry_run:
        drafts.add_all(candidates, codes)
        return _account(out_id, drafts, candidates, known, dry_run=True)
    begun = resends.begin(known, [draft.request for draft in drafts.usable])
    if begun is None:
        raise resend_arrivals.overtaken(out_id)
    try:
        for biz_id, accepted_at in known.begun.items():
            chunks.remove_plans(out_id, biz_id, accepted_at)
        drafts.add_all(candidates, codes, plan=True)
        _require_confirmed(drafts, at_most)
        resend_arrivals.check(out_id, accepted, candidates.unaccepted, begun.begun)
    except Exception:
        _remove_plans(drafts)
        raise
    if drafts.used:
        _queue(_commit(begun, drafts), drafts)
    return _account(out_id, drafts, candidates, known, dry_run=False)


def _queue_again(known: Resends) -> None:
    """Queue the chunks of committed requests that are not complete. Those that are queued already are sent once."""
    for biz_id in known.unqueued:
        # It may have expired.
        with suppress(UnknownRequestError):
            request = send_requests.get(known.out_id, biz_id)
            sending.send("sends", (body for body, _ in resuming.incomplete(request)))


def _require_known(codes: Collection[str], candidates: Candidates) -> None:
    """Raise OperatorError if nobody who was never sent to failed with one of these codes."""
    if unknown := sorted(set(codes) - candidates.codes.keys()):
        found = ", ".join(sorted(candidates.codes)) or "none"
        raise OperatorError(
            f"no recipient whom Tencent never accepted failed with {', '.join(unknown)}; the codes are: {found}. "
            "Recipients who failed after Tencent had accepted a message are never sent to again"
        )


def _require_confirmed(drafts: Drafts, at_most: int | None) -> None:
    if at_most is not None and drafts.recipients > at_most:
        raise OperatorError(
            f"there are {drafts.recipients} recipients by now, and {at_most} were confirmed, so nothing was sent: "
            "look again"
        )


def _commit(begun: Resends, drafts: Drafts) -> Resends:
    """Accept the planned requests. An error of AWS leaves their plans alone, since they may be accepted."""
    if time.time() - drafts.accepted_at > _MAX_SECONDS:
        _remove_plans(drafts)
        raise OperatorError("the resend took longer than an hour, so nothing was sent: try again")
    limit = settings.load().daily_limit
    committed = resends.commit(begun, [draft.accepted for draft in drafts.used], limit)
    if isinstance(committed, Resends):
        return committed
    _remove_plans(drafts)
    if committed == "limit":
        raise submission.over_daily_limit(limit or 0, drafts.recipients)
    raise resend_arrivals.overtaken(begun.out_id)


def _queue(committed: Resends, drafts: Drafts) -> None:
    try:
        for draft in drafts.used:
            sending.send("sends", draft.bodies())
        resends.mark_queued(committed)
    except (BotoCoreError, ClientError, BridgeError) as error:
        why = str(error) if isinstance(error, BridgeError) else errors.describe(error)
        raise OperatorError(
            f"the resend is accepted, but perhaps not all of it is queued ({why}): "
            "give the command again to queue the rest. Nobody is sent to twice"
        ) from error


def _remove_plans(drafts: Drafts) -> None:
    """Remove what was planned. What can't be removed counts for nothing, and the next resend removes it."""
    with suppress(BotoCoreError, ClientError, TimeoutError):
        for draft in drafts.used:
            request = draft.request
            chunks.remove_plans(request.out_id, request.biz_id, request.accepted_at)


def _account(
    out_id: str, drafts: Drafts, candidates: Candidates, known: Resends, *, dry_run: bool
) -> dict[str, Any]:
    warnings = list(drafts.warnings()) if dry_run else []
    if known.unqueued:
        warnings.append(
            "an earlier resend was cut off before everything was queued: "
            + ("the next one queues the rest first" if dry_run else "the rest is queued now")
        )
    billed = sum(draft.segments for draft in drafts.used)
    return {
        "outId": out_id,
        "dryRun": dry_run,
        "cutOff": bool(known.unqueued),
        "recipients": drafts.recipients,
        "segments": billed,
        "cost": costs.of_segments(billed),
        "failures": [
            {
                "code": code,
                "reason": failure_words.describe(code, drafts.reported[code]),
                "recipients": recipients,
            }
            for code, recipients in _most_first(drafts.failures)
        ],
        "leftOut": [
            {"why": why, "recipients": recipients}
            for why, recipients in _most_first(drafts.left_out)
        ],
        "requests": [
            {
                "bizId": None if dry_run else draft.request.biz_id,
                "sign": draft.request.sign,
                "templateCode": draft.request.template_code,
                "revision": draft.request.revision,
                "recipients": draft.recipients,
                "segments": draft.segments,
            }
            for draft in drafts.used
        ],
        "warnings": warnings,
    }


def _most_first(counts: Counter[str]) -> list[tuple[str, int]]:
    found = [(name, count) for name, count in counts.items() if count]
    return sorted(found, key=lambda one: (-one[1], one[0]))
