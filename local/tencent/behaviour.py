"""The switches, which decide how the simulator behaves and misbehaves."""

import hashlib
import random
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, HttpUrl, TypeAdapter, model_validator

from local.tencent.api3.switches import CALLS_WITH_ROWS, Action, Api3Switches
from local.tencent.formats import JsonStyle, MobileStyle
from local.tencent.models import Count, Seconds, Share, Strict

Call = Literal[
    "sendsms",
    "sendisms",
    "sendmultisms2",
    "pullstatus",
    "pullstatus4mobile",
    "add_template",
    "mod_template",
    "del_template",
    "get_template",
    "add_sign",
    "mod_sign",
    "del_sign",
    "get_sign",
    "pullsendstatus",
    "pullcallbackstatus",
]
CALLS: tuple[Call, ...] = get_args(Call)

_URL = TypeAdapter(HttpUrl)


class Fault(Strict):
    """One way in which whole calls fail.

    ``code`` is a number of v5 or a code of API 3.0; in the other API it becomes what corresponds to it. With the
    ``level`` "row", the answer of API 3.0 to a send has the code in its rows, or in a share of them; such a fault
    applies to no other call.

    ``accept`` says whether the call is executed all the same. This makes the outcome unknown to
    the caller: an accepted call with ``answer`` "reset" has sent its messages.
    """

    answer: Literal["normal", "error", "gateway", "http", "garbage", "hang", "reset"]
    accept: bool = False
    code: int | str | None = None
    level: Literal["call", "row"] = "call"
    rows: Share = 1
    text: str | None = None
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    seconds: Seconds = 0
    endpoints: list[Call | Action] | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    share: Share = 1

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        if (self.answer in {"error", "gateway"}) != (self.code is not None):
            raise ValueError(
                "code is required with the answers error and gateway, and only allowed there"
            )
        if self.level == "row" and self.answer != "error":
            raise ValueError("the level row is only allowed with the answer error")
        if self.text is not None and self.code is None:
            raise ValueError("text is only allowed with code")
        if (self.answer == "http") != (self.status is not None):
            raise ValueError("status is required with the answer http, and only allowed there")
        if self.answer in {"normal", "hang"} and not self.seconds:
            raise ValueError(f"seconds is required with the answer {self.answer}")
        if self.answer == "normal":
            self.accept = True
        return self


class Behaviour(Strict):
    """All switches, with their default values."""

    # whole calls
    faults: list[Fault] = Field(default_factory=list)
    # permissions of this application, and variations of the real service
    magic: bool = True
    extend_allowed: bool = False
    pull_enabled: bool = False
    unapproved_sign: Literal["sub-signature", "refuse"] = "sub-signature"
    error_text_key: Literal["errmsg", "msg"] = "errmsg"
    isocode: bool = False
    shuffle_detail: bool = False
    json_style: JsonStyle = "escaped"
    mobile_style: MobileStyle = "plain"
    block_unsubscribed: bool = False
    # messages that are left in the two packages; None means without a limit
    mainland_package: Count | None = None
    foreign_package: Count | None = None
    # reviews
    review: Literal["auto", "hold", "reject"] = "auto"
    review_seconds: Seconds = 1
    review_reply: str = "内容不符合规范"
    # delivery receipts
    report_delay: tuple[Seconds, Seconds] = (1, 3)
    early_receipts: bool = False
    drop_receipts: Count = 0
    drop_share: Share = 0
    duplicate_share: Share = 0
    fail_share: Share = 0
    # mobile-originated replies
    reply_share: Share = 0
    reply_text: Annotated[str, Field(min_length=1)] = "收到"
    reply_delay: Seconds = 0.5
    # API 3.0
    api3: Api3Switches = Api3Switches()
    # callbacks
    callback_url: str | None = None
    callbacks_paused: bool = False
    push_size: Annotated[int, Field(ge=1, le=1000)] = 100
    push_parallel: Annotated[int, Field(ge=1, le=64)] = 4
    push_timeout: Annotated[float, Field(gt=0, le=600)] = 5
    retry_seconds: Seconds = 2
    # decides which numbers fall into the shares above, so that a run can be repeated
    seed: int = 1

    @model_validator(mode="after")
    def _check_delay_and_url(self) -> Self:
        if self.report_delay[0] > self.report_delay[1]:
            raise ValueError("report_delay is [shortest, longest]")
        if self.callback_url is not None:
            _URL.validate_python(self.callback_url)
        return self

    def is_package_empty(self, *, mainland: bool) -> bool:
        """Return whether no message is left for mainland numbers, or for the others."""
        return (self.mainland_package if mainland else self.foreign_package) == 0

    def use_package(self, *, mainland: bool) -> None:
        """Take one message from a package, unless it is without a limit."""
        if mainland and self.mainland_package is not None:
            self.mainland_package -= 1
        elif not mainland and self.foreign_package is not None:
            self.foreign_package -= 1

    def draws(self, share: float, purpose: str, nationcode: str, mobile: str) -> bool:
        """Return whether a number falls into a share. The result is always the same for a number."""
        if share in {0, 1}:
            return share == 1
        drawn = hashlib.blake2b(
            f"{self.seed} {purpose} {nationcode} {mobile}".encode(), digest_size=8
        )
        return int.from_bytes(drawn.digest(), "big") < share * 2**64


class FaultPicker:
    """Picks the fault that is applied to a call."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._random = random.Random(behaviour.seed)

    def pick(self, call: str) -> Fault | None:
        """Return the first fault that applies to a call, and count its use; None without a fault."""
        for fault in self._behaviour.faults:
            if fault.endpoints is not None and call not in fault.endpoints:
                continue
            if fault.level == "row" and call not in CALLS_WITH_ROWS:
                continue
            if fault.share < 1 and self._random.random() >= fault.share:
                continue
            if fault.times is not None:
                if fault.times == 1:
                    self._behaviour.faults.remove(fault)
                else:
                    fault.times -= 1
            return fault
        return None
