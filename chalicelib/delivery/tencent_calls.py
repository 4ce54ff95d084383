"""Calls to Tencent that send messages, and the outcome of each number in them."""

import time
from dataclasses import dataclass, field

from chalicelib import metrics, settings
from chalicelib.domain.breaker import Side
from chalicelib.domain.chunks import Outcome
from chalicelib.domain.planning import Call, Failure
from chalicelib.domain.send_request import SendRequest
from chalicelib.logs import log
from chalicelib.store import breakers
from chalicelib.tencent import v5
from chalicelib.tencent.error_codes import CodeClass, explain, meaning
from chalicelib.tencent.interface import (
    Accepted,
    CallRefusedError,
    NotSentError,
    NumberRefused,
    NumberResult,
    OutcomeUnknownError,
)
from chalicelib.tencent.throttle import Throttle

# A call begins with at least this much time left: for the call (20 s) and the writes after it, so that Lambda
# never ends a function between a call and the record of its answer.
SECONDS_FOR_A_CALL = 30
SIDE: Side = "tencent"

Part = tuple[list[int], Call]
"""Positions of recipients, and the call to them."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of one call: outcomes by position, and calls to make `instead` of it.

    To a position that is in neither, certainly nothing was sent: another attempt may try it again.
    """

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    instead: list[Part] = field(default_factory=list)


class TencentCalls:
    """The calls of one invocation. Safe to use from several threads.

    With `cautious`, the breaker is open: one call is made alone, and the first answer closes the breaker.
    """

    def __init__(
        self, client: v5.Client, throttle: Throttle, deadline: float, *, cautious: bool
    ) -> None:
        self.throttle = throttle
        self.deadline = deadline
        self.cautious = cautious
        self._client = client

    def send(self, request: SendRequest, positions: list[int], call: Call) -> CallResult:
        """Make one call to the recipients at these positions, when the throttle allows it.

        If it does not allow it in time, nothing is sent, and the result is empty.
        """
        token = self.throttle.acquire(self.deadline - SECONDS_FOR_A_CALL - time.time())
        if token is None:
            return CallResult()
        try:
            results = self._client.send(call, sign=request.sign, tpl_id=request.tpl_id)
        except NotSentError as error:
            log.warning("Tencent could not be reached", extra={"why": str(error)})
            self._unanswered(token, str(error))
            return CallResult()
        except CallRefusedError as error:
            if error.meaning.kind is CodeClass.WAIT:
                self._unanswered(token, str(error))
            else:
                self._answered()
            return _refused(error, positions, call)
        except Exception as error:
            # Any other error may have occurred after the request was sent.
            if not isinstance(error, OutcomeUnknownError):
                log.exception("unexpected error in a call to Tencent")
            log.warning("outcome unknown", extra={"why": str(error), "numbers": len(positions)})
            self._unanswered(token, str(error))
            return CallResult(dict.fromkeys(positions))
        self._answered()
        outcomes = zip(positions, results, strict=True)
        return CallResult(
            {
                position: _outcome(result)
                for position, result in outcomes
                if not (isinstance(result, NumberRefused) and _waits(result.code))
            }
        )

    def _answered(self) -> None:
        self.throttle.answered()
        if self.cautious:
            self.cautious = False
            log.info("Tencent answers again")
            try:
                breakers.close(SIDE, int(time.time()))
            except Exception:
                # This error must not lose the outcome of the call. The next probe tries again.
                log.exception("the breaker could not be closed")

    def _unanswered(self, token: int, why: str) -> None:
        if self.throttle.unanswered(token, why):
            log.error("Tencent does not answer: sending stops", extra={"why": why})
            metrics.count(BreakerOpen=1)
            try:
                breakers.trip(SIDE, why, int(time.time()))
            except Exception:
                log.exception("the breaker could not be opened")


def _refused(error: CallRefusedError, positions: list[int], call: Call) -> CallResult:
    if error.meaning.kind is CodeClass.CONFIG:
        log.error("Tencent refuses the account, its keys or its balance", extra={"why": str(error)})
        metrics.count(TencentConfigErrors=1)
    if error.meaning.kind is CodeClass.NUMBER and len(positions) > 1:
        # One number made Tencent refuse a bulk call, and the answer does not say which. Nothing was sent, so both
        # halves may be tried, and so on down to that number.
        middle = len(positions) // 2
        first = (positions[:middle], Call(call.phones[:middle], call.params))
        second = (positions[middle:], Call(call.phones[middle:], call.params))
        return CallResult(instead=[first, second])
    if _waits(error.code):
        return CallResult()
    return CallResult(dict.fromkeys(positions, Failure(error.meaning.aliyun, error.explain())))


def _waits(code: int) -> bool:
    """Return whether a refused recipient waits for another attempt instead of failing.

    So it is with the general rate limit, and with the codes that the operator chose (TENCENT_WAIT_CODES).
    """
    return meaning(code).kind is CodeClass.WAIT or code in settings.load().tencent_wait_codes


def _outcome(result: NumberResult) -> Outcome:
    if isinstance(result, Accepted):
        return result.sid
    if isinstance(result, NumberRefused):
        return Failure(meaning(result.code).aliyun, explain(result.code, result.said))
    return None
