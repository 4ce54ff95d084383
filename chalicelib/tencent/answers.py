"""Requests to Tencent and its answers, in types that both of its APIs share.

They are named tuples, because a dataclass costs an importing function eight times as much (docs/cold-start.md).
"""

from enum import IntEnum
from typing import NamedTuple


class ReviewStatus(IntEnum):
    """Tencent's review of a sign or a template, with the numbers that the bridge stores.

    A status that the API's document does not list counts as PENDING, because only an approved one may be used.
    """

    APPROVED = 0
    PENDING = 1
    REJECTED = 2


class TemplateDraft(NamedTuple):
    """A template as it is submitted. `type` is Quick Audience's (§2): 0 to 3."""

    text: str
    title: str
    remark: str
    type: int


class TemplateReview(NamedTuple):
    """A template at Tencent, with its review.

    `type` is Quick Audience's, as far as the answer shows it. `anywhere` says that the template is not bound to
    mainland or foreign numbers, or that the answer does not say to which. `applied` is a date in Beijing time, or "".
    """

    id: int
    text: str
    status: ReviewStatus
    type: int
    reply: str = ""
    title: str = ""
    anywhere: bool = False
    applied: str = ""


class SignApplication(NamedTuple):
    """An application for a sign. `picture` is a supporting document in Base64, without a data URL's prefix.

    The fields after `international` are known to API 3.0 only, in its numbers; v5 has no such fields.
    """

    text: str
    remark: str = ""
    picture: str = ""
    international: bool = False
    kind: int = 0
    document: int = 0
    qualification: int | None = None


class SignReview(NamedTuple):
    """A sign at Tencent, with its review.

    `international` and `qualification_status` are None where the answer does not say them. A mainland sign can be used
    only if its qualification is approved (1). `created_at` is an epoch; 0 where the answer has none.
    """

    id: int
    text: str
    status: ReviewStatus
    reply: str = ""
    international: bool | None = None
    qualification_status: int | None = None
    created_at: int = 0


class SendStatus(IntEnum):
    """The state of a message in its send record."""

    OTHER = 0
    """A state that the document does not list."""
    NOT_SENT = 1
    DELIVERED = 2
    UNDER_WAY = 3
    FAILED = 4


class SendRecord(NamedTuple):
    """Tencent's record of one message.

    `request_code` is the code of the send ("Ok", or an error code), `status_code` the carrier's (with DELIVERED and
    FAILED only). `content` is the text with its sign; parts of the variables' values are masked. Times are epochs;
    `received_at` is 0 unless the message was delivered. `sub_error` and `sub_error_desc` explain a failure.
    """

    sid: str
    status: SendStatus
    request_code: str
    status_code: str
    content: str
    sent_at: int
    received_at: int
    sub_error: str = ""
    sub_error_desc: str = ""


class SendRecords(NamedTuple):
    """The records of one phone, newest first, each sid once.

    A record that is missing proves nothing. If they are not `complete`, Tencent has more than it lists.
    """

    records: list[SendRecord]
    complete: bool


class SendCounts(NamedTuple):
    """Tencent's counts of the messages submitted, accepted and billed. None where the answer has no such count."""

    submitted: int | None = None
    accepted: int | None = None
    billed: int | None = None


class ReportCounts(NamedTuple):
    """Tencent's counts of delivery reports, and of the reasons of failure. None where the answer has no such count."""

    accepted: int | None = None
    reported: int | None = None
    delivered: int | None = None
    failed: int | None = None
    internal_errors: int | None = None
    invalid_numbers: int | None = None
    unavailable: int | None = None
    blacklisted: int | None = None
    frequency_limited: int | None = None


class Package(NamedTuple):
    """A package of messages, bought or a gift. Times are epochs; 0 where the answer has none that can be read."""

    id: int
    bought: bool
    amount: int
    used: int
    created_at: int = 0
    effective_at: int = 0
    expires_at: int = 0
