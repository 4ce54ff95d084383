"""The recipients of a campaign who may be sent to again: Tencent certainly never accepted them (docs/decisions/0061).

The chunks of all its requests are read twice. The first time shows which phones were sent to, perhaps were, or still
may be, under any request. The second time yields the failed recipients of other phones. What changes in between does no
harm: a failure is final, and a recipient who failed since then still counts as under way.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from chalicelib.domain import erased_numbers, phones
from chalicelib.domain.chunks import ChunkKey, ChunkProgress
from chalicelib.domain.digest_set import GrowingDigestSet
from chalicelib.domain.messages import NOT_SENT, STOPPED
from chalicelib.domain.periods import CLOSED_AFTER_SECONDS, RETENTION_SECONDS, SAME_REQUEST_SECONDS
from chalicelib.domain.planning import Failure
from chalicelib.domain.send_request import SendRequest
from chalicelib.store import chunks, files
from chalicelib.store.files import File
from chalicelib.tencent import error_codes
from ops.errors import OperatorError
from ops.resend_reasons import (
    ACCEPTED,
    ERASED,
    LATER,
    NO_NUMBER,
    OTHER_CODE,
    UNCERTAIN,
    UNDER_WAY,
    UNKNOWN,
    WHOLE_FILE,
)

# A request that was cut off while it was accepted can be repeated for this long, and is then continued.
_CONTINUED_SECONDS = SAME_REQUEST_SECONDS + 3600
# After that, no file is read any further; a function that began before has ended 15 minutes later.
_READ_SECONDS = CLOSED_AFTER_SECONDS + 15 * 60
# Receipts and the counts of a campaign have codes of this length.
_CODE = 40


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recipient who may be sent to again, if sign, template and destination still allow it.

    `forms` are the number as its request wrote it. `params` are the values of the template's variables in the request's
    own revision, None if they are not stored. `failure` is why the recipient failed.
    """

    request: SendRequest
    phone: str
    forms: tuple[str, ...]
    params: tuple[str, ...] | None
    failure: Failure

    @property
    def code(self) -> str:
        """Return the code of the failure as receipts have it."""
        return self.failure.code[:_CODE]


@dataclass(slots=True)
class _Phones:
    """The phones that must not be sent to again, each by the strongest reason for it."""

    accepted: GrowingDigestSet = field(default_factory=GrowingDigestSet)
    unknown: GrowingDigestSet = field(default_factory=GrowingDigestSet)
    uncertain: GrowingDigestSet = field(default_factory=GrowingDigestSet)
    under_way: GrowingDigestSet = field(default_factory=GrowingDigestSet)

    def why(self, phone: str) -> str:
        """Return why a phone must not be sent to again; empty if it may."""
        if phone in self.accepted:
            return ACCEPTED
        if phone in self.unknown:
            return UNKNOWN
        if phone in self.uncertain:
            return UNCERTAIN
        return UNDER_WAY if phone in self.under_way else ""


class Candidates:
    """The recipients of a campaign's requests, as they were when this object was made.

    `left_out` counts those who are no candidates, by the reason; it is complete once all candidates were read.
    `unaccepted` has how many chunks and files are stored of each request that is not accepted, by bizId.
    `ignored` are the bizIds of resends that never count. Raises OperatorError if a file is not read to its end, since
    nobody knows yet whom it names.
    """

    def __init__(
        self, out_id: str, requests: Sequence[SendRequest], ignored: Collection[str]
    ) -> None:
        self._out_id = out_id
        self._requests = {request.biz_id: request for request in requests}
        self._ignored = ignored
        self._now = time.time()
        self._files = files.of_out_id(out_id)
        self._phones = _Phones()
        self._with_calls: set[str] = set()
        self._with_failures: set[str] = set()
        self._not_failed: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.unaccepted: Counter[str] = Counter()
        for biz_id, file in self._files.items():
            self.unaccepted[biz_id] += biz_id not in self._requests and biz_id not in ignored
            accepted_at = file.expires - RETENTION_SECONDS
            if self._may_be_read(file, accepted_at) and self._may_go_on(biz_id, accepted_at):
                raise OperatorError(
                    f"the file of the request {biz_id} is not read to its end, so it is not known yet whom it names: "
                    "try again once it is (ops campaign show). A file that could not be fetched may still be replayed "
                    "(ops deadletters replay); it counts as read 72 hours after its acceptance"
                )
        for key, progress in chunks.of_out_id(out_id):
            self._look_at(key, progress)

    @property
    def sources(self) -> list[SendRequest]:
        """Return the requests that have failed recipients who were never sent to, newest first."""
        found = [one for one in self._requests.values() if one.biz_id in self._with_failures]
        # A resend comes after the requests that it repeats, also within one second.
        order = sorted(found, key=lambda one: (one.accepted_at, one.resend, one.biz_id))
        return order[::-1]

    def read(self, codes: Collection[str]) -> Iterator[Candidate]:
        """Yield the candidates who failed with one of these codes, with any code if there is none.

        Where several requests name a phone, its failure in the newest of them counts, and that request's recipients of
        it are the candidates.
        """
        self.left_out = Counter(self._not_failed)
        self.left_out[NO_NUMBER] = sum(
            request.blank + (file.unreadable if file else 0)
            for request, file in (
                (one, self._files.get(one.biz_id)) for one in self._requests.values()
            )
        )
        sources = self.sources
        later = GrowingDigestSet()
        for request in sources:
            whole_file = self._failed_as_a_whole(request)
            own = GrowingDigestSet()
            for _, progress in chunks.all_progress(self._out_id, request.biz_id, consistent=True):
                for candidate in _failed(request, progress):
                    why = self._why_not(candidate, codes, whole_file=whole_file, later=later)
                    # A file that failed as a whole does not hide the phone's older failures.
                    if request is not sources[-1] and not whole_file:
                        own.add(candidate.phone)
                    if why:
                        self.left_out[why] += 1
                    else:
                        yield candidate
            later.update(own)

    def _may_be_read(self, file: File, accepted_at: int) -> bool:
        """Return whether a file may still be read: it has not ended, or a replay of its dead letter may begin again."""
        may_go_on = not file.ended or file.replayable
        return may_go_on and accepted_at + _READ_SECONDS > self._now

    def _may_go_on(self, biz_id: str, accepted_at: int) -> bool:
        """Return whether a request is accepted, or was cut off and may still be continued."""
        return biz_id in self._requests or accepted_at + _CONTINUED_SECONDS > self._now

    def _look_at(self, key: ChunkKey, progress: ChunkProgress) -> None:
        """Note which phones of a chunk must not be sent to again."""
        biz_id, plan = key.biz_id, progress.plan
        if biz_id in self._ignored:
            return
        accepted = biz_id in self._requests
        if not accepted:
            self.unaccepted[biz_id] += 1
            if not self._may_go_on(biz_id, chunks.planned_at(key)):
                return
        if plan.calls and biz_id in self._files:
            self._with_calls.add(biz_id)
        for position, phone in enumerate(plan.phones, plan.start):
            if position not in progress.outcomes:
                why, of_phones = UNDER_WAY, self._phones.under_way
            elif (outcome := progress.outcomes[position]) is None:
                why, of_phones = UNKNOWN, self._phones.unknown
            elif isinstance(outcome, str):
                why, of_phones = ACCEPTED, self._phones.accepted
            else:
                self._with_failures.add(biz_id)
                self.codes[outcome.code[:_CODE]] += 1
                if position < plan.first_refused and not _is_certain(outcome):
                    # `read` counts it, as a failure that is left out.
                    self._phones.uncertain.add(phone)
                continue
            self._not_failed[why] += accepted
            # Nobody sends to a recipient whom the plan refuses.
            if position < plan.first_refused:
                of_phones.add(phone)

    def _failed_as_a_whole(self, request: SendRequest) -> bool:
        """Return whether a request's file failed before anything of it was sent.

        Such a request counts as a new one when Quick Audience repeats it (`delivery/file_ends.py`), and a resend would
        then be the second message.
        """
        file = self._files.get(request.biz_id)
        return bool(file and file.state == "failed" and request.biz_id not in self._with_calls)

    def _why_not(
        self,
        candidate: Candidate,
        codes: Collection[str],
        *,
        whole_file: bool,
        later: GrowingDigestSet,
    ) -> str:
        if erased_numbers.is_erased(candidate.phone):
            return ERASED
        if why := self._phones.why(candidate.phone):
            return why
        if whole_file:
            return WHOLE_FILE
        if candidate.phone in later:
            return LATER
        return OTHER_CODE if codes and candidate.code not in codes else ""


def _is_certain(failure: Failure) -> bool:
    """Return whether a failure of a recipient with a call says that Tencent certainly sent nothing.

    Either no call was made, or the stored text names a code of Tencent's that is documented.
    """
    if failure.code in (NOT_SENT.code, STOPPED.code):
        return True
    return error_codes.explains_certain(failure.message)


def _failed(request: SendRequest, progress: ChunkProgress) -> Iterator[Candidate]:
    """Yield the recipients of a chunk who failed without a message that Tencent accepted."""
    plan, outcomes = progress.plan, progress.outcomes
    for start, call in plan.call_starts():
        for position, phone in enumerate(call.phones, start):
            failure = outcomes.get(position)
            if isinstance(failure, Failure):
                first = plan.original_forms.get(position) or phones.to_quick_audience(phone)
                forms = (first, *plan.other_forms.get(position, ()))
                yield Candidate(request, phone, forms, call.params, failure)
    for position, (number, _) in enumerate(plan.refused, plan.first_refused):
        failure = outcomes.get(position)
        if isinstance(failure, Failure):
            yield Candidate(request, phones.stored_form(number), (number,), None, failure)
