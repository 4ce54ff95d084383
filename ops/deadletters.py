"""Dead letters: the queue messages that failed for good. Look at them, and send them again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib import aws
from chalicelib.domain.queue_names import QueueName
from chalicelib.queues import sending
from ops import audit, dead_letter_content, queue_counts
from ops.dead_letter_content import DeadLetter
from ops.errors import OperatorError
from ops.queue_counts import QUEUES

# How long received dead letters stay invisible unless they are returned: enough to look through all of them.
# If the command is killed, they become visible again after this time.
_HELD_SECONDS = 300
# Only a receive that waits asks all of SQS's servers.
_WAIT_SECONDS = 1
# SQS's limit of messages in one call that receives, changes or deletes them.
_MAX_PER_CALL = 10


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result of replaying one queue's dead letters."""

    queue: QueueName
    replayed: int
    passed_over: int
    """Dead letters that were not chosen, and were returned."""
    undeleted: int
    """Dead letters that were queued again, but could not be deleted: they may be replayed twice."""

    def row(self) -> dict[str, Any]:
        """Return it as JSON shows it."""
        return {"queue": self.queue, "replayed": self.replayed, "passedOver": self.passed_over}


def show(limit: int) -> dict[str, Any]:
    """Return SQS's counts of the dead letters, and at most `limit` of each queue as rows. Removes nothing.

    The dead letters are invisible to others while they are looked at, and returned at the end. The counts may
    be a minute old.
    """
    counts = queue_counts.dead()
    # A queue that SQS counts as empty is asked without waiting.
    waits = {queue: _WAIT_SECONDS if count else 0 for queue, count in counts.items()}
    found = [letter for queue in QUEUES for letter in _look(queue, limit, waits[queue])]
    return {"counts": counts, "messages": [dead_letter_content.row(letter) for letter in found]}


@audit.recorded("deadletters replay", "queue", "out_id", "limit", "every")
def replay(
    queue: QueueName | None = None,
    *,
    out_id: str = "",
    limit: int | None = None,
    every: bool = False,
) -> list[Replayed]:
    """Send dead letters again, byte for byte, into the queues that they came from.

    `queue`, `out_id` and `limit` narrow the choice; `every` says that no choice is meant. Each dead letter is
    deleted only after its copy is queued. Raises OperatorError if nothing says which ones are meant.
    """
    if not (queue or out_id or limit or every):
        raise OperatorError("say which: --queue, --out-id, --limit, or --all")
    results: list[Replayed] = []
    left = limit
    for one in [queue] if queue else QUEUES:
        if left == 0:
            break
        results.append(_replay(one, out_id, left))
        left = None if left is None else left - results[-1].replayed
    return results


def _look(queue: QueueName, limit: int, wait: int) -> list[DeadLetter]:
    held: list[DeadLetter] = []
    try:
        for batch in _receive(queue, wait):
            held += batch
            if len(held) >= limit:
                break
    finally:
        _give_back(queue, held)
    return held[:limit]


def _replay(queue: QueueName, out_id: str, limit: int | None) -> Replayed:
    held: list[DeadLetter] = []
    replayed = undeleted = 0
    try:
        for batch in _receive(queue, _WAIT_SECONDS):
            held += batch
            wanted = [
                one for one in batch if not out_id or out_id in dead_letter_content.out_ids(one)
            ]
            chosen = wanted if limit is None else wanted[: limit - replayed]
            sending.send_texts(queue, (one.body for one in chosen))
            undeleted += _delete(queue, chosen)
            replayed += len(chosen)
            held[-len(batch) :] = [one for one in batch if one not in chosen]
            if replayed == limit:
                break
    finally:
        _give_back(queue, held)
    return Replayed(queue, replayed, len(held), undeleted)


def _receive(queue: QueueName, wait: int) -> Iterator[list[DeadLetter]]:
    """Receive a queue's dead letters, each once. The caller deletes them or gives them back."""
    seen: set[str] = set()
    while True:
        answer = aws.sqs().receive_message(
            QueueUrl=_url(queue),
            MaxNumberOfMessages=_MAX_PER_CALL,
            VisibilityTimeout=_HELD_SECONDS,
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        received = [
            DeadLetter(
                queue,
                message["MessageId"],
                message["Body"],
                message["ReceiptHandle"],
                int(message["Attributes"]["SentTimestamp"]) // 1000,
            )
            for message in answer.get("Messages", [])
        ]
        if not received:
            return
        # Those that are held for longer than _HELD_SECONDS are received again.
        if fresh := [one for one in received if one.id not in seen]:
            seen.update(one.id for one in fresh)
            yield fresh


def _give_back(queue: QueueName, held: Sequence[DeadLetter]) -> None:
    """Make dead letters visible to others again."""
    for first in range(0, len(held), _MAX_PER_CALL):
        aws.sqs().change_message_visibility_batch(
            QueueUrl=_url(queue),
            Entries=[
                {"Id": str(number), "ReceiptHandle": one.handle, "VisibilityTimeout": 0}
                for number, one in enumerate(held[first : first + _MAX_PER_CALL])
            ],
        )


def _delete(queue: QueueName, replayed: Sequence[DeadLetter]) -> int:
    """Delete replayed dead letters; return how many SQS did not delete."""
    if not replayed:
        return 0
    answer = aws.sqs().delete_message_batch(
        QueueUrl=_url(queue),
        Entries=[
            {"Id": str(number), "ReceiptHandle": one.handle} for number, one in enumerate(replayed)
        ],
    )
    return len(answer.get("Failed", []))


def _url(queue: QueueName) -> str:
    return sending.url(f"{queue}-dead")
