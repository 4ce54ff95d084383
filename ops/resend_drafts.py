"""The new requests of a resend: one for each sign and template of the requests that its recipients come from."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from chalicelib import settings
from chalicelib.delivery.permits import Permits
from chalicelib.domain import parameters, phones, reviews, segments, template_text
from chalicelib.domain.chunks import ChunkKey
from chalicelib.domain.destinations import Destinations, NotSendableError
from chalicelib.domain.digest_set import GrowingDigestSet
from chalicelib.domain.planning import Failure
from chalicelib.domain.recipients import Recipients
from chalicelib.domain.send_request import SendRequest
from chalicelib.endpoints import digital_templates, signs, submission, text_templates
from chalicelib.errors import Refused
from chalicelib.queues.bodies import SendBody
from chalicelib.store import chunks, daily_counts, templates
from chalicelib.store.resends import MAX_REQUESTS
from chalicelib.store.templates import Revision
from ops.errors import OperatorError
from ops.resend_candidates import Candidate, Candidates
from ops.resend_reasons import NO_REVISION, NO_VALUES, OTHER_NUMBER, REPEATED

# Recipients that are planned in one go, and held in memory until then.
STEP = 5000


@dataclass(slots=True)
class Draft:
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


class Drafts:
    """The new requests of a resend, one for each sign and template of the requests that recipients come from.

    Sign and template are looked at as for any request. Where one can't be used, the recipients are left out.
    """

    def __init__(self, sources: Sequence[SendRequest], now: int) -> None:
        self.accepted_at = now
        self._drafts: dict[tuple[str, str], Draft | Refused] = {}
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
    def usable(self) -> list[Draft]:
        """Return the requests whose sign and template can be used."""
        return [draft for draft in self._drafts.values() if isinstance(draft, Draft)]

    @property
    def used(self) -> list[Draft]:
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

    def _draft(self, source: SendRequest, now: int) -> Draft | Refused:
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
        return Draft(request, revision, submission.destinations(revision))

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
