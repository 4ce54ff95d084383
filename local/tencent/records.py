"""What the simulator keeps of a template, a sign, a message, a delivery receipt, a reply: a row each."""

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


class Pushed(IntEnum):
    """What became of the push of a receipt or reply."""

    NOT_YET = 0
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


@dataclass(slots=True)
class Sign:
    """A sign: the sender's name in front of a message."""

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
    """A message that was accepted."""

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
class DeliveryReceipt:
    """A delivery receipt, due at a moment that may still be to come."""

    id: int
    sid: str
    nationcode: str
    mobile: str
    report_status: str
    errmsg: str
    description: str
    due: float
    # whether it is the message's first; only that one enters the statistics
    first: bool
    push: int = Pushed.NOT_YET
    pulled: int = 0


@dataclass(slots=True)
class Reply:
    """A mobile-originated reply."""

    id: int
    nationcode: str
    mobile: str
    text: str
    sign: str
    extend: str
    due: float
    push: int = Pushed.NOT_YET
    pulled: int = 0


def submitted(review_due: float) -> dict[str, Any]:
    """What is reviewed, at the moment at which it is submitted: those of its fields that the review changes."""
    return {
        "status": Review.PENDING,
        "reply": "",
        "applied": time.time(),
        "reviewed": None,
        "review_due": review_due,
    }


_COLUMNS = {
    kind: attrgetter(*(column.name for column in fields(kind)))
    for kind in (Template, Sign, Message, DeliveryReceipt, Reply)
}


def values(item: Template | Sign | Message | DeliveryReceipt | Reply) -> tuple[Any, ...]:
    """A row, in the order of its columns."""
    # dataclasses.astuple copies deeply, which is felt with 200 messages a call.
    return tuple(_COLUMNS[type(item)](item))


def pack(params: list[str]) -> str:
    """Write parameters into one column."""
    return json.dumps(params, ensure_ascii=False)


def unpack(params: str) -> list[str]:
    """Read what ``pack`` wrote."""
    return list(json.loads(params))
