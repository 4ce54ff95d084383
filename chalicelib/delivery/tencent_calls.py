"""Calls to Tencent that send, and the outcome of each of their numbers."""

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

# A call begins with at least this much time left: what it may take (20 s) and the writes after it, so that no
# function is ended between a call and the record of its answer.
SECONDS_FOR_A_CALL = 30
SIDE: Side = "tencent"

Part = tuple[list[int], Call]
"""Positions, and the call to them."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of one call: outcomes by position, and calls that are to be made instead of it.

    A position that is in neither certainly got nothing and may be tried again in another attempt.
    """

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    instead: list[Part] = field(default_factory=list)


class TencentCalls:
    """Makes the calls of one invocation. Safe to use from several threads.

    `cautious` until Tencent has answered again after a time without answers: until then, one call is made alone.
    """

    def __init__(
        self, client: v5.Client, throttle: Throttle, deadline: float, *, cautious: bool
    ) -> None:
        self.throttle = throttle
        self.deadline = deadline
        self.cautious = cautious
        self._client = client

    def send(self, request: SendRequest, positions: list[int], call: Call) -> CallResult:
        """Make one call to the recipients at these positions."""
        token = self.throttle.acquire(self.deadline - SECONDS_FOR_A_CALL - time.time())
        if token is None:
            return CallResult()
        try:
            results = self._client.send(call, sign=request.sign, tpl_id=request.tpl_id)
        except NotSentError as error:
            log.warning("Tencent not reached", extra={"why": str(error)})
            self._unanswered(token, str(error))
            return CallResult()
        except CallRefusedError as error:
            if error.meaning.kind is CodeClass.WAIT:
                self._unanswered(token, str(error))
            else:
                self._answered()
            return _refused(error, positions, call)
        except Exception as error:
            # Any other error may have occurred after the request left.
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
                # The outcome of the call must not be lost for this. The next call tries again.
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
        log.error("Tencent refuses our account, keys or balance", extra={"why": str(error)})
        metrics.count(TencentConfigErrors=1)
    if error.meaning.kind is CodeClass.NUMBER and len(positions) > 1:
        # A bulk call was refused because of one number, and the answer does not say which. Nothing was sent, so
        # its halves may be tried, down to that number.
        middle = len(positions) // 2
        first = (positions[:middle], Call(call.phones[:middle], call.params))
        second = (positions[middle:], Call(call.phones[middle:], call.params))
        return CallResult(instead=[first, second])
    if _waits(error.code):
        return CallResult()
    return CallResult(dict.fromkeys(positions, Failure(error.meaning.aliyun, error.explain())))


def _waits(code: int) -> bool:
    """Return whether a refusal is waited for: the general rate limit always, others by the operator's choice."""
    return meaning(code).kind is CodeClass.WAIT or code in settings.load().tencent_wait_codes


def _outcome(result: NumberResult) -> Outcome:
    if isinstance(result, Accepted):
        return result.sid
    if isinstance(result, NumberRefused):
        return Failure(meaning(result.code).aliyun, explain(result.code, result.said))
    return None
