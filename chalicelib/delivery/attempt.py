"""One attempt to send to the recipients of one chunk. Its outcomes are always stored in the same order.

    messages under their phones ─▶ failure receipts on their queue ─▶ the attempt's result
      ─▶ another attempt queued, and an inquiry about what is unknown
      ─▶ at the end of the invocation, what the attempt sent (`send_tallies`)

In whichever step a function dies, the next function that works on the chunk finds what it needs.
"""

import time
from collections.abc import Mapping

from chalicelib import metrics, settings
from chalicelib.delivery import final_states, waiting
from chalicelib.delivery.send_tallies import SendTallies
from chalicelib.domain import phones, retries
from chalicelib.domain.chunks import NO_CALLS, ChunkKey, ChunkProgress, Outcome, SendSums
from chalicelib.domain.messages import Message, Origin, failure_receipt
from chalicelib.domain.planning import Failure
from chalicelib.domain.send_request import SendRequest
from chalicelib.logs import log
from chalicelib.queues.bodies import CallbackBody, SendBody
from chalicelib.queues.outcome_inquiry import OutcomeInquiry
from chalicelib.store import chunks, messages

# Seconds from the time at which a message of unknown outcome may be settled to the inquiry about it: Tencent's clock
# may be ahead of this one, and the inquiry leaves out what Tencent sent after that time.
_INQUIRY_MARGIN = 5


class Attempt:
    """An attempt at a chunk, for the function that claimed it. Attempts at a chunk are numbered from 0.

    An attempt ends with a result, or when its claimer has died. `since` is the epoch since which its work waits, by
    default that of acceptance.
    """

    def __init__(
        self,
        key: ChunkKey,
        number: int,
        request: SendRequest,
        progress: ChunkProgress,
        tallies: SendTallies,
        since: int | None = None,
    ) -> None:
        self.key = key
        self.number = number
        self.request = request
        self.progress = progress
        self._since = request.accepted_at if since is None else since
        self._tallies = tallies
        self._outcomes: dict[int, Outcome] = {}
        self._fees: dict[int, int] = {}
        # Recipients whose outcome was unknown until a status or a record named it.
        self._adopted: set[int] = set()
        # Whether a function that died has begun to record these outcomes.
        self._recovers = False
        self._params = {
            position: call.params
            for start, call in progress.plan.call_starts()
            for position in range(start, start + len(call.phones))
        }
        self._origin = Origin(
            out_id=request.out_id,
            biz_id=request.biz_id,
            sign=request.sign,
            template_code=request.template_code,
            sent_at=int(time.time()),
        )

    def record_outcomes(
        self, outcomes: Mapping[int, Outcome], fees: Mapping[int, int] | None = None
    ) -> None:
        """Store the outcomes of recipients, by position. The calls to other recipients may still be running.

        `fees` has the segments that Tencent bills, by position.
        """
        self._fees.update(fees or {})
        plan = self.progress.plan
        by_position = plan.phones
        learned = [
            self._message(by_position[position - plan.start], position, outcome)
            for position, outcome in outcomes.items()
        ]
        final_states.record_new_and_report(learned, repeated=self._recovers)
        self._outcomes.update(outcomes)

    def finish(self) -> None:
        """Store the result. Recipients without an outcome are left to another attempt (`queue_rest`)."""
        self.record_outcomes(self._refusals())
        sums = self._sums()
        chunks.record_result(self.key, self.number, self._outcomes, self.request.expires, sums)
        self._tallies.add(self.key, self.number, sums)
        self.progress.outcomes.update(self._outcomes)
        outcomes = self._outcomes.values()
        sent = sum(isinstance(outcome, str) for outcome in outcomes)
        failed = sum(isinstance(outcome, Failure) for outcome in outcomes)
        unknown = len(outcomes) - sent - failed
        log.info(
            "attempt done",
            extra={
                **SendBody(self.key, self.number).to_dict(),
                "sent": sent,
                "failed": failed,
                "unknown": unknown,
            },
        )
        metrics.count(Sent=sent, Failed=failed, UnknownOutcomes=unknown)

    def give_up(self, failure: Failure) -> None:
        """Record a failure for every recipient that waits, instead of making calls.

        Claim the attempt first, with NO_CALLS: if this function dies, nobody is of unknown outcome.
        """
        left = [
            position for positions, _ in self.progress.remaining_calls() for position in positions
        ]
        self.record_outcomes(dict.fromkeys(left, failure))
        self.finish()

    def recover_outcomes(self) -> None:
        """Find out and store the outcomes of this attempt, whose function died.

        A message that the dead function stored shows its recipient's outcome. Without one, it is unknown. A probe
        leaves the recipients that it did not call to another attempt. An attempt that makes no call leaves those whose
        failure is not stored.
        """
        self._recovers = True
        found: dict[int, Outcome] = {}
        only = self.progress.only.get(self.number)
        for positions, call in self.progress.remaining_calls():
            for position, phone in zip(positions, call.phones, strict=True):
                if only not in (None, NO_CALLS, position):
                    continue
                message = messages.of_position(phone, self.request.biz_id, position)
                if message and message.sid:
                    # Not stored again: it may have its receipt by now.
                    self._outcomes[position] = message.sid
                    self._fees[position] = message.fee or 0
                    if message.adopted:
                        self._adopted.add(position)
                elif message and message.unknown:
                    # Not stored again either: a callback may be about to settle it.
                    self._outcomes[position] = None
                elif message and message.receipt:
                    found[position] = Failure(message.receipt.code, message.receipt.reason)
                elif only != NO_CALLS:
                    found[position] = None
        self.record_outcomes(found)
        self.finish()

    def queue_rest(self, gate: str = "") -> None:
        """Queue another attempt if recipients wait; with `gate`, it waits until that opens.

        Queueing it twice is harmless: only one function claims it.
        """
        left = sum(len(positions) for positions, _ in self.progress.remaining_calls())
        if not left:
            return
        again = SendBody(self.key, self.number + 1, self._since)
        pause = retries.refused_pause(self.number + 1)
        log.warning(
            "recipients wait for another attempt",
            extra=again.to_dict() | {"waiting": left, "gate": gate},
        )
        if gate:
            waiting.queue_at(gate, "sends", [again], pause)
        else:
            waiting.queue_later("sends", [again], pause)

    def queue_inquiry(self, until: int = 0) -> None:
        """Queue an inquiry about the recipients of unknown outcome, for when their messages may be settled.

        `until` is the epoch at which the function that made the calls was certainly dead, if it was another one. Then
        this is also the way to find out what it may not have queued. Queueing it twice is harmless: the second
        inquiry finds less that is unknown.
        """
        outcomes = self._outcomes or (self.progress.outcomes if until else {})
        unknown = sorted(position for position, outcome in outcomes.items() if outcome is None)
        if not unknown:
            return
        now, adopt_after = int(time.time()), settings.load().adopt_after
        inquiry = OutcomeInquiry(
            chunk=self.key,
            # A function lives no longer than `adopt_after`.
            began=until - adopt_after if until else self._origin.sent_at,
            ended=min(until or now, now),
            positions=tuple(unknown),
        )
        pause = adopt_after + _INQUIRY_MARGIN
        # It is not late before it is due.
        waiting.queue_later("callbacks", [CallbackBody(inquiry=inquiry, since=now + pause)], pause)

    def _message(self, phone: str, position: int, outcome: Outcome) -> Message:
        given = self.progress.plan.original_forms.get(position, "")
        if position >= self.progress.plan.first_refused:
            phone, given = phones.stored_form(phone), phone
        message = Message(
            phone=phone,
            position=position,
            origin=self._origin,
            sid=outcome if isinstance(outcome, str) else "",
            unknown=outcome is None,
            fee=self._fees.get(position),
            original_form=given,
            other_forms=self.progress.plan.other_forms.get(position, ()),
            params=self._params.get(position, ()),
        )
        if isinstance(outcome, Failure):
            return message.with_receipt(failure_receipt(outcome, self._origin.sent_at))
        return message

    def _sums(self) -> SendSums:
        """Return what the attempt sent.

        What was adopted counts as unknown, because the log of final states counts it as late.
        """
        sids = {position for position, one in self._outcomes.items() if isinstance(one, str)}
        unknown = sum(one is None for one in self._outcomes.values())
        return SendSums(
            sent=len(sids - self._adopted),
            unknown=unknown + len(self._adopted),
            segments=sum(self._fees.get(position, 0) for position in sids),
        )

    def _refusals(self) -> dict[int, Outcome]:
        """Return the failures of recipients that the plan refuses, by position; only the first attempt has any."""
        plan = self.progress.plan
        if self.number:
            return {}
        refused = enumerate(plan.refused, plan.first_refused)
        return {position: failure for position, (_, failure) in refused}
