"""One attempt at one chunk: what came of its recipients is kept in one order, whoever finds it out.

    messages under their phones ─▶ failure receipts on their queue ─▶ result ─▶ the rest, queued anew

Whatever step a function dies in, the next one to look at the chunk finds what it needs.
"""

import time
from collections.abc import Mapping
from typing import Any

from chalicelib import metrics
from chalicelib.campaigns import phones
from chalicelib.campaigns.messages import Message, Origin, failed
from chalicelib.campaigns.planning import Failure
from chalicelib.functions.telling import tell
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.store import campaigns, messages
from chalicelib.store.campaigns import Outcome, Pointer, Progress, Request

# Until a call that certainly sent nothing is made again: times the attempts so far, and SQS's 15
# minutes at most. It ends with the sweep, which closes a chunk after 72 hours.
RETRY_SECONDS = 30


def body(pointer: Pointer, number: int) -> dict[str, Any]:
    """The message on the `sends` queue that asks for an attempt."""
    return {
        "outId": pointer.out_id,
        "bizId": pointer.biz_id,
        "start": pointer.start,
        "attempt": number,
    }


class Attempt:
    """Attempts are numbered from 0; each is claimed by one function, and has a result or a dead claimer."""

    def __init__(self, pointer: Pointer, number: int, request: Request, progress: Progress) -> None:
        self.pointer = pointer
        self.number = number
        self.request = request
        self.progress = progress
        self._outcomes: dict[int, Outcome] = {}
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

    def note(self, outcomes: Mapping[int, Outcome]) -> None:
        """Keep what came of recipients, by position, while others are still waited for."""
        plan = self.progress.plan
        by_position = plan.phones
        made = [
            self._message(by_position[position - plan.start], position, outcome)
            for position, outcome in outcomes.items()
        ]
        messages.record(made)
        tell(message for message in made if message.receipt)
        self._outcomes.update(outcomes)

    def finish(self) -> None:
        """Keep the result. Those of whom nothing was noted wait for another attempt."""
        self.note(self._refusals())
        campaigns.record_result(self.pointer, self.number, self._outcomes, self.request.expires)
        self.progress.outcomes.update(self._outcomes)
        outcomes = self._outcomes.values()
        sent = sum(isinstance(outcome, str) for outcome in outcomes)
        failed = sum(isinstance(outcome, Failure) for outcome in outcomes)
        unknown = len(outcomes) - sent - failed
        log.info(
            "attempt done",
            extra={
                **body(self.pointer, self.number),
                "sent": sent,
                "failed": failed,
                "unknown": unknown,
            },
        )
        metrics.count(Sent=sent, Failed=failed, UnknownOutcomes=unknown)
        self.queue_rest()

    def give_up(self, failure: Failure) -> None:
        """Refuse all who wait: for an attempt that was claimed and will make no call."""
        waiting = [position for positions, _ in self.progress.waiting() for position in positions]
        self.note(dict.fromkeys(waiting, failure))
        self.finish()

    def take_stock(self) -> None:
        """Find out what came of this attempt, whose function died: what stands under its phones counts."""
        found: dict[int, Outcome] = {}
        for positions, call in self.progress.waiting():
            for position, phone in zip(positions, call.phones, strict=True):
                message = messages.of_position(phone, self.request.biz_id, position)
                if message and message.sid:
                    # Not written again: its receipt may stand there by now.
                    self._outcomes[position] = message.sid
                elif message and message.unknown:
                    # Neither is this: a callback may be about to settle it.
                    self._outcomes[position] = None
                elif message and message.receipt:
                    found[position] = Failure(message.receipt.code, message.receipt.reason)
                else:
                    found[position] = None
        self.note(found)
        self.finish()

    def queue_rest(self) -> None:
        """Queue another attempt for those who still wait. Harmless when queued twice: one claims it."""
        waiting = sum(len(positions) for positions, _ in self.progress.waiting())
        if waiting:
            again = body(self.pointer, self.number + 1)
            log.warning("recipients wait for another attempt", extra=again | {"waiting": waiting})
            sending.send("sends", [again], delay=RETRY_SECONDS * (self.number + 1))

    def _message(self, phone: str, position: int, outcome: Outcome) -> Message:
        given = self.progress.plan.given.get(position, "")
        if position >= self.progress.plan.first_refused:
            phone, given = phones.kept(phone), phone
        message = Message(
            phone=phone,
            position=position,
            origin=self._origin,
            sid=outcome if isinstance(outcome, str) else "",
            unknown=outcome is None,
            given=given,
            params=self._params.get(position, ()),
        )
        if isinstance(outcome, Failure):
            return message.settled(failed(outcome, self._origin.sent_at))
        return message

    def _refusals(self) -> dict[int, Outcome]:
        """Those whom the plan refuses: their outcome belongs to the first attempt."""
        plan = self.progress.plan
        if self.number:
            return {}
        refused = enumerate(plan.refused, plan.first_refused)
        return {position: failure for position, (_, failure) in refused}
