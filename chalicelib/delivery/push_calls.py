"""A call that pushes, why it is not accepted, and the result of each of its messages."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.push_batches import Entry, PushKind
from chalicelib.queues.bodies import ReceiptBody
from chalicelib.queues.receiving import DONE, Record, Result


@dataclass(frozen=True, slots=True, eq=False)
class PushCall:
    """One call: the entries of one or more queue messages, all of one outId.

    `earlier` is the largest number of tries that any of its messages had before it was queued again.
    """

    kind: PushKind
    out_id: str
    records: Sequence[Record]
    entries: list[Entry]
    earlier: int = 0

    @property
    def tries(self) -> int:
        """Return the largest number of tries among its messages."""
        return max(record.tries for record in self.records)

    def entries_of(self, body: ReceiptBody) -> list[Entry]:
        """Return the entries of one of its messages that it pushes."""
        own = {id(entry) for entry in body.entries}
        return [entry for entry in self.entries if id(entry) in own]


@dataclass(frozen=True, slots=True)
class PushFailure:
    """Why the entries of a call are not accepted: Quick Audience's answer, or what happened instead.

    `called` is False if no call was made, because pushes are stopped: then it is the answer that stopped them.
    """

    answer: str
    called: bool = True


@dataclass(frozen=True, slots=True)
class HandledMessage:
    """A message of an event, and its result.

    `body` is None if it can't be read. `entries` are those that a call had to push, and `failure` says why they are not
    accepted.
    """

    record: Record
    result: Result
    body: ReceiptBody | None = None
    entries: Sequence[Entry] = ()
    failure: PushFailure | None = None

    @property
    def done_after_failure(self) -> bool:
        """Return whether the message is done, and an earlier push of it may be recorded as a failure."""
        if self.body is None or self.result is not DONE:
            return False
        return self.record.tries > 1 or self.body.earlier is not None
