"""The switches: what AWS does, how sure that is, and what is imitated.

How sure: [doc] AWS's documentation or API model says so; [seen] others report it from real AWS; [src] read in the
source of boto3; [guess] likely, but written nowhere.

docs/hostile-aws.md has these texts as a table, and a test compares the two.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from .draws import Draws

VARIABLE = "HOSTILE"
"""Environment variable: `all`, or names of switches, comma-separated. A name with `-` before it is turned off."""
SEED_VARIABLE = "HOSTILE_SEED"
"""Environment variable: any text. Equal seeds draw equally."""


class Switch(StrEnum):
    """A way in which AWS is worse than an emulator."""

    CHAIN = "chain"
    """Lambda stops a function that its own messages call about 16 times in a row.

    AWS [doc]: the function is not called, the message's receive counts, and at last the message is a dead letter. The
    function's setting `RecursiveLoop: Allow` turns this off. In a batch of several chains, the longest decides
    [guess]. Imitated: the count in `AWSTraceHeader`, the refusal after 16 calls, the setting. Not imitated: chains
    through SNS, S3 or direct invocations.
    """

    BACKOFF = "backoff"
    """After a function's error, its queue is polled by fewer functions at once.

    AWS [doc]: concurrency is lowered "gradually", and batch item failures don't count. By how much is not said: one
    poller is a [guess]. Imitated: one poller after an error, and one more with each minute without errors.
    Not imitated: more pollers for a growing backlog.
    """

    SLOTS = "slots"
    """A new account has ten concurrent executions for everything.

    AWS: the written quota is 1,000 [doc], new accounts have less [seen]. A throttled batch is retried until its
    visibility ends, and its receive counts [seen]; an HTTP request gets 500 in API Gateway's own shape [seen]; a
    schedule's event is kept for six hours [doc]. Imitated: one pool of ten for all functions; a schedule's event waits
    for a minute. Not imitated: the limit of 1,000 more executions in 10 seconds, reserved concurrency.
    """

    WINDOW = "window"
    """With a batching window, a batch that isn't full may wait for 20 s.

    AWS [doc]: where there is little traffic, whatever the window. Imitated: for one batch in ten. Not imitated: the
    dependence on traffic.
    """

    AGAIN = "again"
    """A message is delivered twice.

    AWS [doc]: at least once. Imitated: to another function at the same moment, and once more after its deletion.
    Not imitated: a copy that comes hours later.
    """

    LOST_RECEIVE = "lost-receive"
    """A message's receive is counted, although its function never saw it.

    AWS [seen]: throttled functions, a function killed before its first line, a poller that dies. Imitated: a received
    batch is dropped now and then, and is received again when its visibility ends.
    """

    HANDLES = "handles"
    """SQS treats receipt handles and limits differently from emulators.

    AWS [doc]: deleting by an old handle, or twice, succeeds and may do nothing; changing the visibility of a message
    whose time ran out is an error; delays above 900 s and visibilities above 43,200 s are refused. Imitated: all of
    this, for handles that the same process received. Not imitated: other limits, such as 120,000 messages in flight.
    """

    PARTIAL = "partial"
    """SQS refuses some messages of a batch, or the call.

    AWS [doc]: `Failed`, by fault of either side, while the others are queued. Imitated: some messages, all of them,
    and an exception. Not imitated: failing receives and deletions.
    """

    THROTTLE = "throttle"
    """DynamoDB throttles a partition.

    AWS [doc]: part of a batch is left undone; a batch of which nothing got through is an exception; a statement of a
    PartiQL batch has an error of its own. Imitated: at random by partition key, after boto3's own retries.
    Not imitated: counting read and write units, throttled transactions.
    """

    WEAK_READS = "weak-reads"
    """A read that isn't consistent may miss the last second's writes.

    AWS [doc]: unless a read asks for consistency. Imitated: GetItem, BatchGetItem and Query return, at random, the
    state before an item's last write, for writes of the same process. Not imitated: a deleted item that a Query still
    finds, Scan, indexes.
    """

    CONFLICTS = "conflicts"
    """A write meets a transaction on the same item.

    AWS [doc]: `TransactionConflictException`, which boto3 does not retry [src]; a transaction is cancelled with
    `TransactionConflict` among its reasons; a statement of a PartiQL batch has that error. Imitated: at random, also
    where no other transaction runs. Not imitated: reads in transactions.
    """

    SECRETS = "secrets"
    """The parameter store throttles, or does not answer.

    AWS: 40 reads a second for a whole account [doc], then `ThrottlingException` [seen]. Silence is a [guess].
    Imitated: both, mostly for values that were read before; silence lasts as long as the client waits. Not imitated:
    counting reads.
    """

    FREEZE = "freeze"
    """An environment is frozen between two events, and its connections die in silence.

    AWS [doc]: environments are frozen, idle connections are purged, and NAT forgets a flow after 350 s. Imitated:
    SIGSTOP for 100 s and more; sockets that take data and never answer, or are reset. Not imitated: a frozen kernel,
    which does not notice that a peer closes.
    """

    SCHEDULE_TWICE = "schedule-twice"
    """A schedule's event comes twice, overlaps with the next, and comes again after an error.

    AWS [doc]: invocations are asynchronous, and their queue delivers at least once; after an error twice more, one
    and two minutes later. Imitated: all of this, with shorter pauses after an error. Not imitated: many events at
    once after hours without concurrency.
    """

    GATEWAY = "gateway"
    """API Gateway answers by itself, in its own shape.

    AWS [doc]: 413 above 10 MB and for an event above 6 MB, 429 when throttled, 502 for an answer above 6 MB, 504 after
    29 s; 500 where Lambda throttles [seen]. Imitated: these by size and time, and 429, 500, 502 and 504 at random, the
    last two after the function has done its work. Not imitated: limits of headers and addresses, TLS, access logs.
    """

    EXPIRY_LATE = "expiry-late"
    """Expired items stay for days, and can be read and written.

    AWS [doc]: deletion "within a few days". Imitated: nothing expires while a stack runs. Not imitated: expiry itself.
    """


class UnknownSwitchError(ValueError):
    """A name that is no switch. The text lists those that are."""


@dataclass(frozen=True)
class Switches:
    """The switches that are on, and the seed that they draw by."""

    on: frozenset[Switch] = frozenset()
    seed: str = "0"
    note: Callable[[Switch], None] = field(default=lambda _: None, compare=False)
    """Called whenever AWS misbehaves because of a switch."""

    @classmethod
    def parse(cls, text: str, seed: str = "0") -> Self:
        """Read a list such as `all`, `chain,throttle` or `all,-freeze`. Raises UnknownSwitchError."""
        on: set[Switch] = set()
        for word in filter(None, (word.strip().lower() for word in text.split(","))):
            if word == "all":
                on |= set(Switch)
            elif word.startswith("-"):
                on.discard(_named(word[1:]))
            else:
                on.add(_named(word))
        return cls(frozenset(on), seed or "0")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read HOSTILE and HOSTILE_SEED. Raises UnknownSwitchError."""
        return cls.parse(environ.get(VARIABLE, ""), environ.get(SEED_VARIABLE, ""))

    def __contains__(self, switch: Switch) -> bool:
        return switch in self.on

    def __bool__(self) -> bool:
        return bool(self.on)

    def __str__(self) -> str:
        """Return a text that `parse` reads."""
        return ",".join(switch for switch in Switch if switch in self.on)

    def draws(self, switch: Switch, purpose: str, longest: int = 1) -> Draws:
        """Return the draws of a switch for one purpose, such as a process. Another purpose draws otherwise."""
        generator = random.Random(f"{self.seed} {switch} {purpose}")
        return Draws(generator, longest, lambda: self.note(switch))


def _named(word: str) -> Switch:
    try:
        return Switch(word.replace("_", "-"))
    except ValueError:
        raise UnknownSwitchError(
            f"{VARIABLE} names {word!r}; the switches are: all, {', '.join(Switch)}"
        ) from None
