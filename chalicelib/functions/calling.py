"""One call to Tencent, and what came of it for each of its numbers."""

import time

from chalicelib import metrics, settings
from chalicelib.campaigns.planning import Call, Failure
from chalicelib.logs import log
from chalicelib.store import breakers
from chalicelib.store.campaigns import Outcome, Request
from chalicelib.tencent import client as tencent
from chalicelib.tencent.codes import Kind, explain, meaning
from chalicelib.tencent.line import Line

# A call begins with this much time left: what it may take (20 s) and the writes after it, so that no
# function is ended between a call and the record of its answer.
SECONDS_FOR_A_CALL = 30
SIDE: breakers.Name = "tencent"

Part = tuple[list[int], Call]
"""Positions, and the call to them."""


class Caller:
    """Makes the calls of one invocation. Safe to use from several threads.

    `cautious` while it is to be found out whether Tencent is there again: then one call is made alone.
    """

    def __init__(
        self, client: tencent.Client, line: Line, deadline: float, *, cautious: bool
    ) -> None:
        self.line = line
        self.deadline = deadline
        self.cautious = cautious
        self._client = client

    def make(
        self, request: Request, positions: list[int], call: Call
    ) -> tuple[dict[int, Outcome], list[Part]]:
        """Make one call; answers what came of it, and calls that are to be made instead.

        Positions that are in neither certainly got nothing and may try again in another attempt.
        """
        turn = self.line.turn(self.deadline - SECONDS_FOR_A_CALL - time.time())
        if turn is None:
            return {}, []
        try:
            results = self._client.send(call, sign=request.sign, tpl_id=request.tpl_id)
        except tencent.NotSentError as error:
            log.warning("Tencent not reached", extra={"why": str(error)})
            self._silent(turn, str(error))
            return {}, []
        except tencent.CallRefusedError as error:
            if error.meaning.kind is Kind.WAIT:
                self._silent(turn, str(error))
            else:
                self._heard()
            return _refused(error, positions, call)
        except Exception as error:
            # Whatever else went wrong may have gone wrong after the request left.
            if not isinstance(error, tencent.OutcomeUnknownError):
                log.exception("unexpected error in a call to Tencent")
            log.warning("outcome unknown", extra={"why": str(error), "numbers": len(positions)})
            self._silent(turn, str(error))
            return dict.fromkeys(positions), []
        self._heard()
        outcomes = zip(positions, results, strict=True)
        return {
            position: _outcome(result)
            for position, result in outcomes
            if not (isinstance(result, tencent.Turned) and _waits(result.code))
        }, []

    def _heard(self) -> None:
        self.line.heard()
        if self.cautious:
            self.cautious = False
            log.info("Tencent answers again")
            try:
                breakers.close(SIDE, int(time.time()))
            except Exception:
                # What the call came to is not to be lost for that. The next one tries again.
                log.exception("the breaker could not be closed")

    def _silent(self, turn: int, why: str) -> None:
        if self.line.silent(turn, why):
            log.error("Tencent does not answer: sending stops", extra={"why": why})
            metrics.count(BreakerOpen=1)
            try:
                breakers.trip(SIDE, why, int(time.time()))
            except Exception:
                log.exception("the breaker could not be opened")


def _refused(
    error: tencent.CallRefusedError, positions: list[int], call: Call
) -> tuple[dict[int, Outcome], list[Part]]:
    if error.meaning.kind is Kind.CONFIG:
        log.error("Tencent refuses our account, keys or balance", extra={"why": str(error)})
        metrics.count(TencentConfigErrors=1)
    if error.meaning.kind is Kind.NUMBER and len(positions) > 1:
        # A bulk call turned away for the sake of one number, and no word of which. Nothing was
        # sent, so its halves may be tried, down to the number that it is.
        middle = len(positions) // 2
        return {}, [
            (positions[:middle], Call(call.phones[:middle], call.params)),
            (positions[middle:], Call(call.phones[middle:], call.params)),
        ]
    if _waits(error.code):
        return {}, []
    return dict.fromkeys(positions, Failure(error.meaning.aliyun, error.explain())), []


def _waits(code: int) -> bool:
    """Whether a refusal is waited for: the general rate limit always, others by the operator's choice."""
    return meaning(code).kind is Kind.WAIT or code in settings.load().tencent_wait_codes


def _outcome(result: tencent.NumberResult) -> Outcome:
    if isinstance(result, tencent.Accepted):
        return result.sid
    if isinstance(result, tencent.Turned):
        return Failure(meaning(result.code).aliyun, explain(result.code, result.said))
    return None
