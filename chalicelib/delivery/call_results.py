"""The result of a call that sends messages, and what follows from a refusal of it or of a number in it."""

from dataclasses import dataclass, field
from enum import Enum, auto

from chalicelib import metrics, settings
from chalicelib.delivery.holds import opened_by
from chalicelib.domain.chunks import Outcome
from chalicelib.domain.planning import Call, Failure
from chalicelib.logs import log
from chalicelib.tencent.error_codes import Code, CodeClass, explain, meaning, synonyms
from chalicelib.tencent.interface import CallRefusedError, NumberRefused

Part = tuple[list[int], Call]
"""Positions of recipients, and the call to them."""


class Answer(Enum):
    """What Tencent answered to a call."""

    NONE = auto()
    """Nothing that says whether it sent, or a refusal for now; or the call was not made."""
    ACCEPTED = auto()
    """It accepted the call, and at least one of its numbers."""
    REFUSED = auto()
    """It refused the call or all its numbers, for their own sake and for good."""
    HELD = auto()
    """It refused for the account's sake."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of one call: outcomes by position, and calls to make `instead` of it.

    `fees` has the segments that Tencent bills, by position. To a position that is in neither of the other two,
    certainly nothing was sent: another attempt may try it again.
    """

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    instead: list[Part] = field(default_factory=list)
    answer: Answer = Answer.NONE
    fees: dict[int, int] = field(default_factory=dict)


def failure(refused: NumberRefused) -> Failure:
    """Return the failure of a number that Tencent refused.

    The text of a contradicted refusal does not begin as that of another. So it is no certain one for a resend
    (`error_codes.explains_certain`).
    """
    text = explain(refused.code, refused.said)
    if refused.contradicted:
        text = f"腾讯云对同一请求的应答不一致: {text}"
    return Failure(meaning(refused.code).aliyun, text)


def may_be_sent(refused: NumberRefused, call: Call) -> bool:
    """Return whether a number that would be sent to again may have been sent to: Tencent contradicted the refusal."""
    return refused.contradicted and (
        waits(refused.code) or opened_by(refused.code, call) is not None
    )


def of_refusal(error: CallRefusedError, positions: list[int], call: Call) -> CallResult:
    """Return the result of a call that Tencent refused as a whole, and for which no hold opens."""
    if error.meaning.kind is CodeClass.CONFIG:
        report_not_allowed(str(error))
    if error.meaning.kind is CodeClass.NUMBER and len(positions) > 1:
        # One number made Tencent refuse a bulk call, and the answer does not say which. Nothing was sent, so both
        # halves may be tried, and so on down to that number.
        middle = len(positions) // 2
        first = (positions[:middle], Call(call.phones[:middle], call.params))
        second = (positions[middle:], Call(call.phones[middle:], call.params))
        return CallResult(instead=[first, second], answer=Answer.REFUSED)
    if waits(error.code):
        return CallResult()
    failed = failure(NumberRefused(error.code, error.said))
    return CallResult(dict.fromkeys(positions, failed), answer=Answer.REFUSED)


def report_not_allowed(why: str) -> None:
    """Report a call of which Tencent refused some or all numbers for what the account may not send."""
    log.error("Tencent refuses what the account may not send", extra={"why": why})
    metrics.count(TencentConfigErrors=1)


def waits(code: Code) -> bool:
    """Return whether a refused recipient waits for another attempt instead of failing.

    So it is with the general rate limit, and with the codes that the operator chose (TENCENT_WAIT_CODES).
    """
    chosen = settings.load().tencent_wait_codes
    return meaning(code).kind is CodeClass.WAIT or (
        bool(chosen) and not chosen.isdisjoint(synonyms(code))
    )
