"""Sending again, under the same outId, to recipients whom Tencent certainly never accepted (docs/decisions/0061).

    who may be sent to ─▶ begin ─▶ plan the chunks ─▶ commit ─▶ queue the chunks

Nothing is sent before the commit, and only one of several resends at once can commit. From there on, its requests are
like any other request of the outId: the functions send, settle, push and count them.
"""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import settings
from chalicelib.delivery import resuming
from chalicelib.delivery.permits import Permits
from chalicelib.domain import parameters, phones, reviews, segments, template_text
from chalicelib.domain.chunks import ChunkKey
from chalicelib.domain.destinations import Destinations, NotSendableError
from chalicelib.domain.digest_set import GrowingDigestSet
from chalicelib.domain.planning import Failure
from chalicelib.domain.recipients import Recipients
from chalicelib.domain.send_request import SendRequest
from chalicelib.endpoints import digital_templates, signs, submission, text_templates
from chalicelib.errors import BridgeError, Refused
from chalicelib.queues import sending
from chalicelib.queues.bodies import SendBody
from chalicelib.store import chunks, daily_counts, resends, send_requests, templates
from chalicelib.store.resends import MAX_REQUESTS, Resends
from chalicelib.store.send_requests import UnknownRequestError
from chalicelib.store.templates import Revision
from ops import audit, campaign, costs, errors, failure_words
from ops.errors import OperatorError
from ops.resend_candidates import Candidate, Candidates

# Recipients that are planned in one go, and held in memory until then.
STEP = 5000

NO_VALUES = "the values of its variables are not stored: it was refused at acceptance"
NO_REVISION = "the text that its request was sent with is not stored any more"
OTHER_NUMBER = "the number would be read differently now"
REPEATED = "the same text to the same phone, once more"

_OVERTAKEN = "another resend of {} began meanwhile, so this one sent nothing: see campaign show"


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
    drafts = _Drafts(candidates.sources, int(time.time()))
    if dry_run:
        drafts.add_all(candidates, codes)
        return _account(out_id, drafts, candidates, known, dry_run=True)
    begun = resends.begin(known, [draft.request for draft in drafts.usable])
    if begun is None:
        raise OperatorError(_OVERTAKEN.format(out_id))
    try:
        for biz_id, accepted_at in known.begun.items():
            chunks.remove_plans(out_id, biz_id, accepted_at)
        drafts.add_all(candidates, codes, plan=True)
        _check(drafts, accepted, at_most)
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


def _check(drafts: "_Drafts", accepted: Sequence[SendRequest], at_most: int | None) -> None:
    """Raise OperatorError if there are more recipients than were confirmed, or if a request came meanwhile."""
    if at_most is not None and drafts.recipients > at_most:
        raise OperatorError(
            f"there are {drafts.recipients} recipients by now, and {at_most} were confirmed, so nothing was sent: "
            "look again"
        )
    [out_id] = {request.out_id for request in accepted}
    before = {request.biz_id for request in accepted}
    for request in send_requests.of_out_id(out_id):
        if request.biz_id not in before:
            raise OperatorError(
                _OVERTAKEN.format(out_id)
                if request.resend
                else f"a request was accepted under {out_id} meanwhile, so nothing was sent: try again"
            )


def _commit(begun: Resends, drafts: "_Drafts") -> Resends:
    """Accept the planned requests. An error of AWS leaves their plans alone, since they may be accepted."""
    limit = settings.load().daily_limit
    committed = resends.commit(begun, [draft.accepted for draft in drafts.used], limit)
    if isinstance(committed, Resends):
        return committed
    _remove_plans(drafts)
    if committed == "limit":
        raise submission.over_daily_limit(limit or 0, drafts.recipients)
    raise OperatorError(_OVERTAKEN.format(begun.out_id))


def _queue(committed: Resends, drafts: "_Drafts") -> None:
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


def _remove_plans(drafts: "_Drafts") -> None:
    """Remove what was planned. What can't be removed counts for nothing, and the next resend removes it."""
    with suppress(BotoCoreError, ClientError, TimeoutError):
        for draft in drafts.used:
            request = draft.request
            chunks.remove_plans(request.out_id, request.biz_id, request.accepted_at)


@dataclass(slots=True)
class _Draft:
    """A new request of a resend: the recipients of all earlier requests with one sign and one template."""

    request: SendRequest
    revision: Revision
    destinations: Destinations
    recipients: int = 0
    segments: int = 0
    _step: Recipients = field(default_factory=Recipients)
    _starts: list[int] = field(default_factory=list)
    _planned: int = 0

    @property
    def accepted(self) -> SendRequest:
        """Return the request with the number of its recipients, once all are planned."""
        return replace(self.request, recipients=self._planned)

    def add(self, phone: str, params: tuple[str, ...], forms: Sequence[str]) -> None:
        """Add a recipient: the stored number, the values, and the number as Quick Audience wrote it."""
        for form in forms:
            self._step.add(phone, params, form)
        text = f"【{self.request.sign}】{template_text.render(self.revision.text, params)}"
        self.recipients += 1
        self.segments += segments.estimate(text, mainland=phones.is_mainland(phone))

    def plan(self) -> None:
        """Store the chunks of the recipients that were added since the last call."""
        planned = list(self._step.chunks(self._planned))
        self._starts += [key.start for key in chunks.record_plan(self.request, planned)]
        self._planned += self._step.total
        self._step = Recipients()

    def forget(self) -> None:
        """Forget the recipients that were added since the last call, without storing their chunks."""
        self._step = Recipients()

    def bodies(self) -> Iterator[SendBody]:
        """Yield the queue's messages of all chunks."""
        request = self.request
        for start in self._starts:
            key = ChunkKey(request.out_id, request.biz_id, start)
            yield SendBody(key, since=request.accepted_at)


class _Drafts:
    """The new requests of a resend, one for each sign and template of the requests that recipients come from.

    Sign and template are looked at as for any request. Where one can't be used, the recipients are left out.
    """

    def __init__(self, sources: Sequence[SendRequest], now: int) -> None:
        self._drafts: dict[tuple[str, str], _Draft | Refused] = {}
        self._revisions: dict[tuple[str, int], Revision | None] = {}
        self._chosen = GrowingDigestSet()
        self._before: set[int] = set()
        self.failures: Counter[str] = Counter()
        self.reported: dict[str, str] = {}
        self.left_out: Counter[str] = Counter()
        for source in sources:
            key = source.sign, source.template_code
            if key not in self._drafts:
                self._drafts[key] = self._draft(source, now)
        if len(self.usable) > MAX_REQUESTS:
            raise OperatorError(
                f"the recipients have more than {MAX_REQUESTS} pairs of sign and template, which is the limit"
            )

    @property
    def usable(self) -> list[_Draft]:
        """Return the requests whose sign and template can be used."""
        return [draft for draft in self._drafts.values() if isinstance(draft, _Draft)]

    @property
    def used(self) -> list[_Draft]:
        """Return the requests that have recipients."""
        return [draft for draft in self.usable if draft.recipients]

    @property
    def recipients(self) -> int:
        """Return the number of recipients of all requests."""
        return sum(draft.recipients for draft in self.usable)

    def add_all(
        self, candidates: Candidates, codes: Collection[str], *, plan: bool = False
    ) -> None:
        """Add the candidates with these codes who can be sent to; with `plan`, store their chunks."""
        added = 0
        for candidate in candidates.read(codes):
            why = self._add(candidate)
            if why:
                self.left_out[why] += 1
                continue
            self.failures[candidate.code] += 1
            self.reported.setdefault(candidate.code, candidate.failure.message)
            added += 1
            if added % STEP == 0:
                self._end_step(plan=plan)
        self._end_step(plan=plan)
        self.left_out += candidates.left_out

    def _end_step(self, *, plan: bool) -> None:
        for draft in self.used:
            if plan:
                draft.plan()
            else:
                draft.forget()

    def _draft(self, source: SendRequest, now: int) -> _Draft | Refused:
        try:
            sign = signs.require_approved(source.sign)
            revision = self._require_approved(source)
            signs.require_kind(sign, revision)
        except Refused as refused:
            return refused
        request = SendRequest(
            out_id=source.out_id,
            biz_id=uuid.uuid4().hex,
            sign=sign.name,
            template_code=revision.code,
            revision=revision.number,
            tpl_id=revision.tpl_id,
            accepted_at=now,
            related=source.related,
            resend=True,
        )
        return _Draft(request, revision, submission.destinations(revision))

    def _require_approved(self, source: SendRequest) -> Revision:
        before = self._revision(source)
        require: Callable[[str], Revision] = (
            digital_templates.require_approved
            if before and before.page
            else text_templates.require_approved
        )
        return require(source.template_code)

    def _revision(self, source: SendRequest) -> Revision | None:
        """Return the revision that a request was accepted with."""
        key = source.template_code, source.revision
        if key not in self._revisions:
            self._revisions[key] = templates.get(*key)
        return self._revisions[key]

    def _add(self, candidate: Candidate) -> str:
        """Add a candidate; return why this one can't be sent to, or an empty text."""
        draft = self._drafts[candidate.request.sign, candidate.request.template_code]
        if isinstance(draft, Refused):
            return f"{draft.code}: {draft.message}"
        params = self._params(candidate, draft.revision)
        if isinstance(params, str):
            return params
        forms = list[str]()
        why = ""
        for form in candidate.forms:
            try:
                if draft.destinations.resolve(form) == candidate.phone:
                    forms.append(form)
                else:
                    why = OTHER_NUMBER
            except NotSendableError as error:
                why = _words(error.failure)
        if not forms:
            return why
        if not self._chosen.add("\0".join((candidate.phone, *params))):
            return REPEATED
        if candidate.request.revision != draft.revision.number:
            self._before.add(candidate.request.revision)
        draft.add(candidate.phone, params, forms)
        return ""

    def _params(self, candidate: Candidate, revision: Revision) -> tuple[str, ...] | str:
        """Return a candidate's values for the variables of a revision, or why there are none."""
        if not revision.names:
            return ()
        if candidate.params is None:
            return NO_VALUES
        before = self._revision(candidate.request)
        if before is None or len(before.names) != len(candidate.params):
            return NO_REVISION
        stored = dict(zip(before.names, candidate.params, strict=True))
        values = parameters.values(stored, revision.names)
        return _words(values) if isinstance(values, Failure) else values

    def warnings(self) -> Iterator[str]:
        """Yield what an operator should know before the recipients are sent to."""
        permits = Permits()
        if not permits.within_hours and any(
            draft.revision.kind == reviews.PROMOTION for draft in self.used
        ):
            yield "outside SEND_HOURS: promotional messages wait until the hours begin"
        if self._before:
            yield "a template has changed since: the text that is approved now is sent"
        limit = settings.load().daily_limit
        if limit and daily_counts.accepted(int(time.time())) + self.recipients > limit:
            yield f"the recipients exceed today's DAILY_LIMIT of {limit}: the resend would be refused"


def _words(failure: Failure) -> str:
    return f"{failure.code}: {failure.message}"


def _account(
    out_id: str, drafts: _Drafts, candidates: Candidates, known: Resends, *, dry_run: bool
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
