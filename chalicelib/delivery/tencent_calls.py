"""Calls to Tencent that send messages, and the outcome of each number in them.

A refusal that concerns the account (`error_codes.Scope`) opens a hold and fails nobody: its numbers have no outcome,
and no function makes the calls that the hold stops, until a probe is accepted or an operator closes it.
"""

import time
from typing import TYPE_CHECKING

from chalicelib import metrics
from chalicelib.delivery.call_results import (
    Answer,
    CallResult,
    failure,
    may_be_sent,
    of_refusal,
    report_not_allowed,
    waits,
)
from chalicelib.delivery.holds import OpenHolds, opened_by
from chalicelib.delivery.permits import Permits
from chalicelib.domain.breaker import BreakerName
from chalicelib.domain.planning import Call
from chalicelib.domain.send_request import SendRequest
from chalicelib.logs import log
from chalicelib.store import breakers
from chalicelib.tencent.error_codes import CodeClass, is_http_status, meaning
from chalicelib.tencent.interface import (
    CallRefusedError,
    NotSentError,
    NumberRefused,
    NumberResult,
    TencentApi,
    TencentError,
    TooManyCallsError,
)
from chalicelib.tencent.throttle import Throttle

if TYPE_CHECKING:
    from chalicelib.domain.chunks import Outcome

# A call begins with at least this much time left: for the call (20 s) and the writes after it, so that Lambda
# never ends a function between a call and the record of its answer.
SECONDS_FOR_A_CALL = 30
SIDE: BreakerName = "tencent"


class TencentCalls:
    """The calls of one invocation. Safe to use from several threads.

    With `cautious`, the breaker is open: one call is made alone, and the first answer closes the breaker.
    """

    def __init__(
        self,
        client: TencentApi,
        throttle: Throttle,
        deadline: float,
        *,
        cautious: bool,
        holds: OpenHolds,
        permits: Permits,
    ) -> None:
        self.throttle = throttle
        self.deadline = deadline
        self.cautious = cautious
        self.holds = holds
        self.permits = permits
        self._client = client

    @property
    def keeps_records(self) -> bool:
        """Return whether Tencent can be asked what became of a send."""
        return self._client.keeps_records

    def send(
        self, request: SendRequest, positions: list[int], call: Call, *, probe: bool = False
    ) -> CallResult:
        """Make one call to the recipients at these positions, when the throttle allows it.

        If it does not allow it in time, or a hold stops the call, nothing is sent, and the result is empty. So it is
        if the request is halted, or waits for its hours. With `probe`, no hold stops it, and if Tencent accepts it,
        it closes the holds.
        """
        if (self.holds.on(call) and not probe) or not self.permits.allow(request):
            return CallResult()
        if not self.throttle.enter(self._seconds_left()):
            return CallResult()
        try:
            return self._send_in_turn(request, positions, call, probe=probe)
        finally:
            self.throttle.leave()

    def _seconds_left(self) -> float:
        """Return the seconds within which a call has to begin."""
        return self.deadline - SECONDS_FOR_A_CALL - time.time()

    def _send_in_turn(
        self, request: SendRequest, positions: list[int], call: Call, *, probe: bool
    ) -> CallResult:
        """Make a call that has its place among the calls at once."""
        token = self.throttle.acquire(self._seconds_left())
        if token is None or (self.holds.on(call) and not probe):
            return CallResult()
        # Asked again, because the call may have waited for its turn.
        if not self.permits.allow(request):
            return CallResult()
        began = time.monotonic()
        try:
            results = self._client.send(
                call,
                sign=request.sign,
                template_id=request.tpl_id,
                context=f"{request.biz_id}:{positions[0]}",
            )
        except Exception as error:
            return self._failed(error, token, positions, call, began)
        self._answered()
        for result in results:
            if isinstance(result, NumberRefused) and meaning(result.code).kind is CodeClass.WAIT:
                self._too_many(token, str(CallRefusedError(result.code, result.said)), began)
                break
        return self._result(positions, call, results, probe=probe)

    def _failed(
        self, error: Exception, token: int, positions: list[int], call: Call, began: float
    ) -> CallResult:
        """Return the result of a call that raised an error.

        Only a refusal by Tencent itself and a call that was certainly not sent leave no outcome unknown. If something
        in between answers with an HTTP status, it does not say what it passed on.
        """
        if isinstance(error, TooManyCallsError):
            self._too_many(token, str(error), began)
            return CallResult()
        if isinstance(error, NotSentError):
            log.warning("Tencent could not be reached", extra={"why": str(error)})
            self._unanswered(token, str(error))
            return CallResult()
        if isinstance(error, CallRefusedError) and not is_http_status(error.code):
            if error.meaning.kind is CodeClass.WAIT:
                self._too_many(token, str(error), began)
            else:
                self._answered()
            if hold := opened_by(error.code, call):
                self.holds.open(hold, error.code, str(error))
                return CallResult(answer=Answer.HELD)
            return of_refusal(error, positions, call)
        if not isinstance(error, TencentError):
            log.error("unexpected error in a call to Tencent", exc_info=error)
        log.warning("outcome unknown", extra={"why": str(error), "numbers": len(positions)})
        self._unanswered(token, str(error))
        return CallResult(dict.fromkeys(positions))

    def _result(
        self, positions: list[int], call: Call, results: list[NumberResult], *, probe: bool
    ) -> CallResult:
        """Return the result of a call that Tencent accepted as a whole."""
        answer = Answer.REFUSED
        outcomes: dict[int, Outcome] = {}
        fees: dict[int, int] = {}
        not_allowed = ""
        for position, result in zip(positions, results, strict=True):
            if isinstance(result, NumberRefused) and may_be_sent(result, call):
                outcomes[position] = None
            elif not isinstance(result, NumberRefused):
                outcomes[position] = result.sid if result else None
                if result:
                    fees[position] = result.fee
                answer = answer if answer is Answer.HELD else Answer.ACCEPTED
            elif hold := opened_by(result.code, call):
                self.holds.open(hold, result.code, str(CallRefusedError(result.code, result.said)))
                answer = Answer.HELD
            elif not waits(result.code):
                if meaning(result.code).kind is CodeClass.CONFIG:
                    not_allowed = str(CallRefusedError(result.code, result.said))
                outcomes[position] = failure(result)
        if not_allowed:
            report_not_allowed(not_allowed)
        if probe and answer is Answer.ACCEPTED:
            self.holds.close(self.holds.on(call))
        return CallResult(outcomes, answer=answer, fees=fees)

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

    def _too_many(self, token: int, why: str, began: float) -> None:
        """Slow down after a refusal for the rate of calls. `began` is when the call began, by the monotonic clock."""
        if self.throttle.refused(token, why, time.monotonic() - began):
            self._stop(why)

    def _unanswered(self, token: int, why: str) -> None:
        if self.throttle.unanswered(token, why):
            self._stop(why)

    def _stop(self, why: str) -> None:
        """Open the breaker."""
        log.error("Tencent does not answer: sending stops", extra={"why": why})
        metrics.count(BreakerOpen=1)
        try:
            breakers.trip(SIDE, why, int(time.time()))
        except Exception:
            log.exception("the breaker could not be opened")
