"""The switches: how the simulator behaves, and how it misbehaves."""

import hashlib
import random
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, model_validator

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

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]

_URL = TypeAdapter(HttpUrl)


class Strict(BaseModel):
    """A body in which nothing is converted and nothing unknown is passed over."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class Fault(Strict):
    """One way in which whole calls go wrong.

    ``accept`` says whether the call is carried out all the same, which is what makes an outcome
    unknown to the caller: an accepted call with ``answer`` "reset" has sent its messages.
    """

    answer: Literal["normal", "error", "gateway", "http", "garbage", "hang", "reset"]
    accept: bool = False
    code: int | None = None
    text: str | None = None
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    seconds: Seconds = 0
    endpoints: list[Call] | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    share: Share = 1

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.answer in {"error", "gateway"}) != (self.code is not None):
            raise ValueError("code goes with the answers error and gateway, which need it")
        if self.text is not None and self.code is None:
            raise ValueError("text goes with code")
        if (self.answer == "http") != (self.status is not None):
            raise ValueError("status goes with the answer http, which needs it")
        if self.answer in {"normal", "hang"} and not self.seconds:
            raise ValueError(f"the answer {self.answer} needs seconds")
        if self.answer == "normal":
            self.accept = True
        return self


class Behaviour(Strict):
    """Every switch, at the value it has if nobody sets it."""

    # whole calls
    faults: list[Fault] = []
    # what this application may do, and how the real service varies
    magic: bool = True
    extend_allowed: bool = False
    pull_enabled: bool = False
    unapproved_sign: Literal["sub-signature", "refuse"] = "sub-signature"
    error_text_key: Literal["errmsg", "msg"] = "errmsg"
    isocode: bool = False
    shuffle_detail: bool = False
    block_unsubscribed: bool = False
    # reviews
    review: Literal["auto", "hold", "reject"] = "auto"
    review_seconds: Seconds = 1
    review_reply: str = "内容不符合规范"
    # delivery receipts
    report_delay: tuple[Seconds, Seconds] = (1, 3)
    early_receipts: bool = False
    drop_receipts: Annotated[int, Field(ge=0)] = 0
    drop_share: Share = 0
    duplicate_share: Share = 0
    fail_share: Share = 0
    # mobile-originated replies
    reply_share: Share = 0
    reply_text: Annotated[str, Field(min_length=1)] = "收到"
    reply_delay: Seconds = 0.5
    # callbacks
    callback_url: str | None = None
    callbacks_paused: bool = False
    push_size: Annotated[int, Field(ge=1, le=1000)] = 100
    push_parallel: Annotated[int, Field(ge=1, le=64)] = 4
    push_timeout: Annotated[float, Field(gt=0, le=600)] = 5
    retry_seconds: Seconds = 2
    # every share above draws from it, number by number, so that a run can be repeated
    seed: int = 1

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.report_delay[0] > self.report_delay[1]:
            raise ValueError("report_delay is [shortest, longest]")
        if self.callback_url is not None:
            _URL.validate_python(self.callback_url)
        return self

    def draws(self, share: float, purpose: str, nationcode: str, mobile: str) -> bool:
        """Tell whether a number falls into a share; the same number always answers the same."""
        if share in {0, 1}:
            return share == 1
        drawn = hashlib.blake2b(
            f"{self.seed} {purpose} {nationcode} {mobile}".encode(), digest_size=8
        )
        return int.from_bytes(drawn.digest(), "big") < share * 2**64


class FaultPicker:
    """Decides which fault, if any, befalls the next call."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._random = random.Random(behaviour.seed)

    def pick(self, call: str) -> Fault | None:
        """Take the first fault that applies to this call, and count it down."""
        for fault in self._behaviour.faults:
            if fault.endpoints is not None and call not in fault.endpoints:
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
