"""The bodies of the two pushes (§13 and §14 of the document), and their validation."""

import json
import re
from collections.abc import Callable
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from .beijing import is_date
from .wire import WireModel, first_problem

FAILED: Literal[1] = 1
DELIVERED: Literal[2] = 2

_IsRecipient = Callable[[str, str], bool]
_DIGITS = re.compile(r"\+?[0-9]{5,20}")

_Push = TypeVar("_Push", "DetailsPush", "ReplyPush")


class BadContentError(ValueError):
    """A push whose content does not match the document."""


def _check_date(value: str) -> str:
    if not is_date(value):
        raise ValueError(f"{value!r} is not a date of the form yyyy-MM-dd HH:mm:ss")
    return value


def _status_number(value: object) -> object:
    # The document quotes the numbers in its example, so platforms use both forms.
    number = int(value) if isinstance(value, str) and value in ("1", "2") else value
    # Compare the exact type: Literal accepts True and 1.0 as 1.
    if type(number) is not int:
        raise ValueError(f"{value!r} is neither 1 nor 2")
    return number


Date = Annotated[str, AfterValidator(_check_date)]
NonEmpty = Annotated[str, Field(min_length=1)]


class SendDetail(WireModel):
    """One delivery receipt of a details push."""

    out_id: NonEmpty
    phone_num: NonEmpty
    send_status: Annotated[Literal[1, 2], BeforeValidator(_status_number)]
    send_date: Date
    receive_date: Date
    err_code: str = ""
    message: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.receive_date < self.send_date:
            raise ValueError(f"receiveDate {self.receive_date} is before sendDate {self.send_date}")
        if self.send_status == FAILED and not self.err_code:
            raise ValueError("errCode must say why a failed message failed")
        return self


class SendReply(WireModel):
    """One mobile-originated reply of a reply push."""

    out_id: NonEmpty
    phone_num: NonEmpty
    send_time: Date
    content: str


class DetailsPush(WireModel):
    """The body of a details push."""

    entries: Annotated[list[SendDetail], Field(alias="thirdSmsSendDetailModelList", min_length=1)]

    @model_validator(mode="after")
    def _one_out_id(self) -> Self:
        out_ids = {entry.out_id for entry in self.entries}
        if len(out_ids) > 1:
            raise ValueError(
                f"outId must be the same in all entries of a call, there are {len(out_ids)}"
            )
        return self


class ReplyPush(WireModel):
    """The body of a reply push."""

    entries: Annotated[list[SendReply], Field(alias="thirdSmsSendReplyModelList", min_length=1)]


def check_phone_numbers(push: DetailsPush | ReplyPush, is_recipient: _IsRecipient) -> None:
    """Check that each number consists of digits, or has the spelling that the campaign used.

    Raises:
        BadContentError: a number has neither form.
    """
    name = type(push).model_fields["entries"].alias
    entries: list[SendDetail | SendReply] = [*push.entries]
    for number, entry in enumerate(entries):
        phone = entry.phone_num
        if not _DIGITS.fullmatch(phone) and not is_recipient(entry.out_id, phone):
            raise BadContentError(
                f"{name}[{number}].phoneNum: {phone!r} is neither digits nor a recipient"
            )


def read_push(model: type[_Push], content_type: str, raw: bytes, max_entries: int) -> _Push:
    """Parse and validate a push's body.

    Raises:
        BadContentError: the body does not match the document. The message names the field.
    """
    if content_type != "application/json":
        raise BadContentError(f"Content-Type: must be application/json, not {content_type!r}")
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise BadContentError(f"body: not JSON in UTF-8: {error}") from error
    try:
        push = model.model_validate(body)
    except ValidationError as error:
        raise BadContentError(first_problem(error)) from error
    if len(push.entries) > max_entries:
        name = model.model_fields["entries"].alias
        raise BadContentError(f"{name}: {len(push.entries)} entries, at most {max_entries} allowed")
    return push
