"""What the bridge needs of Tencent, whichever of its two APIs is called; and the results and errors of calls.

`TencentApi` has two implementations: `v5_api` and `api3`. `api.client()` returns the one that is configured.

    TencentError
     ├── CallRefusedError     Tencent refused the call: nothing was done
     ├── NotSentError         Tencent never got the request (no connection): nothing was done
     │    └── TooManyCallsError  or it rejected the request for the rate of calls (HTTP 429)
     └── OutcomeUnknownError  Tencent may have carried out the request, and no answer says whether it did

The last one covers every case in which the request was sent and no answer came that can be understood: timeout,
reset, garbage, HTTP 5xx, and the codes of class UNKNOWN (`error_codes`). A send that ends with it must never be
repeated.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.errors import BridgeError
from chalicelib.logs import mask_numbers
from chalicelib.tencent import error_codes
from chalicelib.tencent.error_codes import Code

if TYPE_CHECKING:
    from chalicelib.domain.planning import Call
    from chalicelib.tencent.answers import (
        Package,
        ReportCounts,
        SendCounts,
        SendRecords,
        SignApplication,
        SignReview,
        TemplateDraft,
        TemplateReview,
    )

Event = dict[str, Any]
"""A delivery status or a reply, in the shape of the callbacks (`events`)."""

MAX_PULLED = 100
"""The maximum number of events in one pull ("The maximum: 100")."""


class TencentError(BridgeError):
    """Base of the errors of a call. The text may be logged.

    `answer` is Tencent's answer; empty if there was none that could be read.
    """

    answer: Mapping[str, Any] = {}


class CallRefusedError(TencentError):
    """Tencent answered with a code that means failure: nothing was done."""

    def __init__(self, code: Code, said: str) -> None:
        super().__init__(f"Tencent {code}: {mask_numbers(said)}")
        self.code = code
        self.said = said
        self.meaning = error_codes.meaning(code)

    def explain(self) -> str:
        """Return a sentence for a marketer, with Tencent's own code and text."""
        return error_codes.explain(self.code, self.said)


class NotSentError(TencentError):
    """The request never reached Tencent, or was rejected before it was read."""


class TooManyCallsError(NotSentError):
    """The request was rejected for the rate of calls, before it was read."""


class OutcomeUnknownError(TencentError):
    """The request may have been carried out."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A number that Tencent accepted: its delivery id, and the number of segments that are billed."""

    sid: str
    fee: int


@dataclass(frozen=True, slots=True)
class NumberRefused:
    """A number that Tencent refused, in a call that it accepted.

    It is `contradicted` if the refusal is the call's, which does not hold for other numbers of the call. Such a number
    must not be sent to again.
    """

    code: Code
    said: str
    contradicted: bool = False


NumberResult = Accepted | NumberRefused | None
"""The result of one number; None if the answer does not say it, so that its outcome is unknown."""


def best_result(results: Sequence[NumberResult]) -> NumberResult:
    """Return the result of a number from several results: accepted if any is, else unknown if any is."""
    for one in results:
        if isinstance(one, Accepted):
            return one
    return None if None in results else results[0]


def results_despite(
    error: CallRefusedError | OutcomeUnknownError,
    read: Callable[[NumberResult], list[NumberResult]],
) -> list[NumberResult]:
    """Return the results of a call that failed as a whole although its rows say otherwise.

    `read` returns the results of the answer's rows; a number without a row has the result that it is given. Raises the
    error if the rows agree with it: no row says accepted, and where the call was refused, none leaves the outcome open.
    If they contradict it, a number without a row has the call's refusal, as one that is contradicted.
    """
    refusal = None
    if isinstance(error, CallRefusedError):
        refusal = NumberRefused(error.code, error.said, contradicted=True)
    results = read(refusal)
    if any(isinstance(one, Accepted) for one in results) or (refusal and None in results):
        return results
    raise error


class PullType(IntEnum):
    """The events that a call pulls: the `type` of pullstatus and pullstatus4mobile."""

    STATUSES = 0
    REPLIES = 1


class TencentApi(Protocol):
    """Tencent's SMS API for one application. Safe to use from several threads.

    Every method that calls Tencent may raise TencentError. Signs and templates have the same ids in both APIs.
    """

    @property
    def name(self) -> str:
        """Return which API this is: v5 or 3.0."""

    @property
    def lists_signs(self) -> bool:
        """Return whether `all_signs` works. If it does not, the bridge knows a sign only by its id."""

    @property
    def has_template_rules(self) -> bool:
        """Return whether the rules of `domain/template_rules.py` apply. v5's documents do not have them."""

    @property
    def reports_packages(self) -> bool:
        """Return whether the bridge checks and watches `packages`. Only API 3.0 documents its current answer."""

    @property
    def keeps_records(self) -> bool:
        """Return whether `send_records` works."""

    def send(
        self, call: "Call", *, sign: str, template_id: int, context: str = ""
    ) -> list[NumberResult]:
        """Send a message to the numbers of a call; return one result per number, in the same order.

        The numbers are 1 to 200, all mainland or all foreign. `context` names the call's first recipient. API 3.0
        returns it with the events of the call. Raises TencentError for the call as a whole.
        """

    def is_reachable(self) -> bool:
        """Return whether Tencent answers a call, one that sends nothing and changes nothing. A refusal counts."""

    def check_account(self) -> None:
        """Call Tencent without sending or changing anything. Raises TencentError if it refuses the account."""

    def add_template(self, draft: "TemplateDraft") -> int:
        """Submit a template; return its id."""

    def modify_template(self, template_id: int, draft: "TemplateDraft") -> None:
        """Change a template that is pending or rejected, which submits it again.

        A template can't change between mainland and international.
        """

    def delete_templates(self, template_ids: Sequence[int]) -> None:
        """Delete templates. If there are several and the call fails, some may be deleted."""

    def get_templates(self, template_ids: Sequence[int]) -> "list[TemplateReview]":
        """Return those of these templates that Tencent has, in any order."""

    def all_templates(self) -> "Iterable[TemplateReview]":
        """Return every template of the account."""

    def add_sign(self, application: "SignApplication") -> "SignReview":
        """Apply for a sign."""

    def modify_sign(self, sign_id: int, application: "SignApplication") -> "SignReview":
        """Change a sign that is pending or rejected, which submits it again."""

    def delete_sign(self, sign_id: int) -> None:
        """Delete a sign."""

    def get_signs(self, sign_ids: Sequence[int]) -> "list[SignReview]":
        """Return those of these signs that Tencent has, in any order."""

    def all_signs(self) -> "Iterable[SignReview]":
        """Return every sign of the account. Raises NotImplementedError unless `lists_signs`."""

    def pull(self, kind: PullType, limit: int = MAX_PULLED) -> list[Event]:
        """Pull statuses or replies from Tencent's queue, which removes them from it.

        So OutcomeUnknownError means that up to `limit` of them may be lost.
        """

    def events_of_phone(self, kind: PullType, phone: str, begin: int, end: int) -> list[Event]:
        """Return up to MAX_PULLED statuses or replies of one phone; removes nothing.

        `begin` and `end` are epochs. The documents do not say whether they mean the message or its status.
        """

    def send_records(self, phone: str, begin: int) -> "SendRecords":
        """Return Tencent's records of the messages to a phone since `begin`, an epoch at most 72 hours ago.

        Raises NotImplementedError unless `keeps_records`.
        """

    def send_counts(self, first: int, last: int) -> "SendCounts":
        """Return the counts of messages. `first` and `last` are epochs; both of their hours are included."""

    def report_counts(self, first: int, last: int) -> "ReportCounts":
        """Return the counts of delivery reports. `first` and `last` are epochs; both of their hours are included."""

    def packages(self) -> "list[Package]":
        """Return the account's packages of messages."""
