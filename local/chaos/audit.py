"""The audit: what happened to every recipient, by four accounts that have to agree.

- Tencent's simulator knows what it sent, and which statuses it reported to the bridge.
- Quick Audience's simulator knows what the bridge reported to it.
- The table knows the recipients of unknown outcome.
- `ops campaign show` knows how many recipients there are of each kind.

`problems` lists where the accounts disagree. The functions here work on given facts and call nothing,
so they can be tested without a stack.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Recipient = tuple[str, str]
"""outId, and the number as Quick Audience wrote it. Quick Audience identifies recipients by these two."""
State = tuple[str, str]
"""A reported final state: `("delivered", "")`, or `("failed", <Quick Audience's code>)`."""

DELIVERED: State = ("delivered", "")
_COUNTED = ("delivered", "failed", "unknown", "waiting")
# The counts of which the functions keep sums.
_KEPT = (
    *("recipients", "sent", "delivered", "failed", "waiting", "unsent", "unreported", "unknown"),
    *("pushed", "replies", "segments", "unpriced"),
)


@dataclass(frozen=True)
class Sent:
    """A message that Tencent accepted."""

    states: frozenset[str]
    """States in its receipts, delivered or failed; empty while there is no receipt."""
    acknowledged: bool
    """Whether the bridge has acknowledged one of the receipts."""
    pending: bool
    """Whether Tencent has yet to make or push a receipt."""


@dataclass(frozen=True)
class Facts:
    """What the simulators and the table know, and what the bridge itself says."""

    recipients: frozenset[Recipient]
    sent: Mapping[str, list[Sent]] = field(default_factory=dict)
    """By number: in a chaos run, each number belongs to one campaign only."""
    reported: Mapping[Recipient, list[State]] = field(default_factory=dict)
    """The final states that Quick Audience received."""
    unknown: frozenset[Recipient] = frozenset()
    """Recipients with a mark in the table: the message may have been sent or not."""
    replies_sent: Mapping[Recipient, frozenset[str]] = field(default_factory=dict)
    """The replies that recipients sent, whether Tencent could hand them over or not."""
    replies_handed_over: Mapping[Recipient, frozenset[str]] = field(default_factory=dict)
    """Those of them that Tencent certainly handed over to the bridge."""
    replies_reported: Mapping[Recipient, frozenset[str]] = field(default_factory=dict)
    """The replies that Quick Audience received."""
    dead_letters: Mapping[str, int] = field(default_factory=dict)
    """Number of messages in each dead-letter queue."""
    shown: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """`ops campaign show --exact --json` by outId; not checked where it is empty."""
    kept: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The same without `--exact`: from the sums that the functions keep."""


def problems(facts: Facts) -> list[str]:
    """Return a sentence for everything that must not be so once nothing changes any more."""
    found = [*_violations(facts), *_unfinished(facts)]
    return found or list(_miscounts(facts))


def violations(facts: Facts) -> list[str]:
    """Return the problems that no waiting can repair, such as a message sent twice."""
    return list(_violations(facts))


def _violations(facts: Facts) -> Iterator[str]:
    for phone, sent in facts.sent.items():
        if len(sent) > 1:
            yield f"{phone} was sent to {len(sent)} times"
    for recipient, states in facts.reported.items():
        out_id, phone = recipient
        if recipient not in facts.recipients:
            yield f"a state was reported for {phone} in {out_id}, which is no recipient"
            continue
        if len(set(states)) > 1:
            listed = ", ".join(sorted({" ".join(filter(None, state)) for state in states}))
            yield f"different states were reported for {phone} in {out_id}: {listed}"
        yield from _untrue(recipient, set(states), facts.sent.get(phone, []))
    for (out_id, phone), texts in facts.replies_reported.items():
        for text in texts - facts.replies_sent.get((out_id, phone), frozenset()):
            yield f"a reply was reported that {phone} in {out_id} never sent: {text}"


def _untrue(recipient: Recipient, states: set[State], sent: list[Sent]) -> Iterator[str]:
    """Check reported states against Tencent's. A failure may also concern a message that was never sent."""
    out_id, phone = recipient
    actual = {state for message in sent for state in message.states}
    for state, _ in states:
        if sent and state not in actual:
            listed = ", ".join(sorted(actual)) or "nothing"
            yield f"{phone} in {out_id} was reported as {state}, but Tencent reported {listed}"
        elif not sent and state == "delivered":
            yield f"{phone} in {out_id} was reported as delivered, but was never sent to"


def _unfinished(facts: Facts) -> Iterator[str]:
    for recipient in sorted(facts.recipients):
        out_id, phone = recipient
        sent = facts.sent.get(phone, [])
        if recipient in facts.reported:
            if recipient in facts.unknown:
                yield f"{phone} in {out_id} was reported and is still marked as unknown"
        elif any(message.acknowledged for message in sent):
            yield f"{phone} in {out_id}: Tencent's receipt was acknowledged and never reported"
        elif any(message.pending for message in sent):
            yield f"{phone} in {out_id}: Tencent's receipt has not come yet"
        elif recipient not in facts.unknown and not sent:
            yield f"{phone} in {out_id} was lost: not sent to, not reported, not marked as unknown"
    for recipient, texts in facts.replies_handed_over.items():
        for text in texts - facts.replies_reported.get(recipient, frozenset()):
            yield f"the reply of {recipient[1]} in {recipient[0]} was never reported: {text}"
    for queue, count in facts.dead_letters.items():
        if count:
            yield f"{count} dead letters in {queue}"


def _miscounts(facts: Facts) -> Iterator[str]:
    """Compare `ops campaign show` with the facts.

    A recipient without a reported state counts as unknown if it is marked so, and else as waiting for a
    receipt.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for recipient in facts.recipients:
        mine = counts[recipient[0]]
        mine["recipients"] += 1
        if states := facts.reported.get(recipient):
            mine[states[0][0]] += 1
            mine["pushed"] += 1
        else:
            mine["unknown" if recipient in facts.unknown else "waiting"] += 1
    for out_id, shown in facts.shown.items():
        expected = {name: counts[out_id][name] for name in ("recipients", *_COUNTED, "pushed")}
        counted = {name: shown.get(name) for name in expected}
        if counted != expected:
            yield f"ops campaign show {out_id} says {counted} instead of {expected}"
    for out_id, kept in facts.kept.items():
        items = {name: facts.shown[out_id].get(name) for name in _KEPT}
        sums = {name: kept.get(name) for name in _KEPT}
        if sums != items or kept["counted"] != "sums":
            yield f"the sums of {out_id} ({kept['counted']}) are {sums}, its items are {items}"


def summary(facts: Facts) -> dict[str, int]:
    """Return the number of recipients, messages and replies by outcome."""
    ends = Counter(facts.reported[one][0][0] for one in facts.recipients if one in facts.reported)
    unreported = [one for one in facts.recipients if one not in facts.reported]
    unknown = sum(one in facts.unknown for one in unreported)
    return {
        "recipients": len(facts.recipients),
        "sent": sum(map(len, facts.sent.values())),
        "delivered": ends["delivered"],
        "failed": ends["failed"],
        "unknown outcome": unknown,
        "without Tencent's receipt": len(unreported) - unknown,
        "reported more than once": sum(len(states) > 1 for states in facts.reported.values()),
        "replies": sum(map(len, facts.replies_reported.values())),
    }


def shortened(found: Iterable[str], limit: int = 20) -> str:
    """Join the first problems for a message, with the number of those left out."""
    listed = list(found)
    more = [f"… and {len(listed) - limit} more"] if len(listed) > limit else []
    return "\n".join([*listed[:limit], *more])
