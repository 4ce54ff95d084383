"""The rows of the database: templates, signs, messages, delivery receipts and replies."""

import json
import time
from dataclasses import dataclass, fields
from enum import IntEnum
from operator import attrgetter
from typing import Any


class Review(IntEnum):
    """Tencent's review status of a template or sign."""

    APPROVED = 0
    PENDING = 1
    REJECTED = 2


class PushStatus(IntEnum):
    """The status of the push of a receipt or reply."""

    PENDING = 0
    DONE = 1
    GIVEN_UP = 2
    NO_URL = 3


@dataclass(slots=True)
class Template:
    """A message template."""

    id: int
    text: str
    type: int
    title: str
    remark: str
    international: int
    status: int
    reply: str
    applied: float
    reviewed: float | None
    review_due: float | None
    sms_type: int = 0
    """The type in API 3.0 (1 marketing, 2 notification, 3 captcha); 0 if v5 made the template."""


@dataclass(slots=True)
class Sign:
    """A sign: the sender's name at the start of a message."""

    id: int
    text: str
    remark: str
    international: int
    status: int
    reply: str
    applied: float
    reviewed: float | None
    review_due: float | None


@dataclass(slots=True)
class Message:
    """An accepted message."""

    id: int
    sid: str
    endpoint: str
    nationcode: str
    mobile: str
    sign: str
    tpl_id: int
    params: str
    text: str
    fee: int
    extend: str
    ext: str
    time: float


@dataclass(slots=True)
class Rejection:
    """A recipient who was refused in the answer to a send."""

    time: float
    endpoint: str
    nationcode: str
    mobile: str
    code: str
    """A number of v5, or a code of API 3.0."""
    text: str
    params: str


@dataclass(slots=True)
class DeliveryReceipt:
    """A delivery receipt. It may be due later."""

    id: int
    sid: str
    nationcode: str
    mobile: str
    report_status: str
    errmsg: str
    description: str
    due: float
    first: bool
    """Whether it is the message's first receipt. Only that one enters the statistics."""
    push: int = PushStatus.PENDING
    pulled: int = 0


@dataclass(slots=True)
class Reply:
    """A mobile-originated reply. It may be due later."""

    id: int
    nationcode: str
    mobile: str
    text: str
    sign: str
    extend: str
    due: float
    push: int = PushStatus.PENDING
    pulled: int = 0


def submitted(review_due: float) -> dict[str, Any]:
    """Return the fields that a submission sets and the review changes, for templates and signs."""
    return {
        "status": Review.PENDING,
        "reply": "",
        "applied": time.time(),
        "reviewed": None,
        "review_due": review_due,
    }


_COLUMNS = {
    row_type: attrgetter(*(column.name for column in fields(row_type)))
    for row_type in (Template, Sign, Message, Rejection, DeliveryReceipt, Reply)
}


def values(
    item: Template | Sign | Message | Rejection | DeliveryReceipt | Reply,
) -> tuple[Any, ...]:
    """Return the values of a row, in the order of its columns."""
    # dataclasses.astuple makes deep copies, which is slow with 200 messages in a call.
    return tuple(_COLUMNS[type(item)](item))


def pack(params: list[str]) -> str:
    """Encode parameters for one column."""
    return json.dumps(params, ensure_ascii=False)


def unpack(params: str) -> list[str]:
    """Decode parameters that ``pack`` encoded."""
    return list(json.loads(params))
