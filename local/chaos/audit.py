"""What came of every recipient, by four accounts that have to agree.

Tencent's simulator knows what it sent and what it told us, Quick Audience's what it was told, the
table who is of unknown outcome, and `ops campaign show` how many there are of each. `problems` says
where they don't agree. It asks nobody and is given facts, so that it can be tested by itself.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Recipient = tuple[str, str]
"""outId, and the number as Quick Audience gave it: what Quick Audience tells recipients apart by."""
State = tuple[str, str]
"""What is told of a recipient: `("delivered", "")`, or `("failed", <Quick Audience's code>)`."""

DELIVERED: State = ("delivered", "")
_COUNTED = ("delivered", "failed", "unknown", "waiting")


@dataclass(frozen=True)
class Sent:
    """A message that Tencent took."""

    states: frozenset[str]
    """What its receipts said: delivered, failed. Nothing while there is none."""
    taken: bool
    """Whether the bridge answered for having taken one of the receipts."""
    coming: bool
    """Whether Tencent still means to make or push one."""


@dataclass(frozen=True)
class Facts:
    """What is known from outside the bridge, and what the bridge itself says."""

    recipients: frozenset[Recipient]
    sent: Mapping[str, list[Sent]] = field(default_factory=dict)
    """By number: no number has more than one campaign here."""
    told: Mapping[Recipient, list[State]] = field(default_factory=dict)
    unknown: frozenset[Recipient] = frozenset()
    """Whose mark stands in the table: sent perhaps, and nobody knows."""
    written: Mapping[Recipient, frozenset[str]] = field(default_factory=dict)
    """What users answered, whether Tencent could hand it over or not."""
    replied: Mapping[Recipient, frozenset[str]] = field(default_factory=dict)
    """What of it Tencent certainly handed over."""
    replies: Mapping[Recipient, frozenset[str]] = field(default_factory=dict)
    """What Quick Audience was told that they answered."""
    dead: Mapping[str, int] = field(default_factory=dict)
    """Messages in each dead-letter queue."""
    shown: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """`ops campaign show --json` by outId; not looked at where it is empty."""


def problems(facts: Facts) -> list[str]:
    """Everything that is not as it has to be once nothing moves any more; a sentence each."""
    found = [*_wrong_for_ever(facts), *_not_at_rest(facts)]
    return found or list(_counted_otherwise(facts))


def wrong_for_ever(facts: Facts) -> list[str]:
    """What no waiting can mend: somebody was sent to twice, or told two things."""
    return list(_wrong_for_ever(facts))


def _wrong_for_ever(facts: Facts) -> Iterator[str]:
    for phone, sent in facts.sent.items():
        if len(sent) > 1:
            yield f"{phone} was sent to {len(sent)} times"
    for recipient, states in facts.told.items():
        out_id, phone = recipient
        if recipient not in facts.recipients:
            yield f"Quick Audience was told of {phone} in {out_id}, who is no recipient"
            continue
        if len(set(states)) > 1:
            said = ", ".join(sorted({" ".join(filter(None, state)) for state in states}))
            yield f"Quick Audience was told different things of {phone} in {out_id}: {said}"
        yield from _untrue(recipient, set(states), facts.sent.get(phone, []))
    for (out_id, phone), texts in facts.replies.items():
        for text in texts - facts.written.get((out_id, phone), frozenset()):
            yield f"Quick Audience was told a reply that {phone} in {out_id} never sent: {text}"


def _untrue(recipient: Recipient, states: set[State], sent: list[Sent]) -> Iterator[str]:
    """What is told has to be what Tencent said, or a refusal of what was never sent."""
    out_id, phone = recipient
    said = {state for message in sent for state in message.states}
    for state, _ in states:
        if sent and state not in said:
            told = ", ".join(sorted(said)) or "nothing"
            yield f"{phone} in {out_id} was told as {state}, but Tencent said {told}"
        elif not sent and state == "delivered":
            yield f"{phone} in {out_id} was told as delivered, but was never sent to"


def _not_at_rest(facts: Facts) -> Iterator[str]:
    for recipient in sorted(facts.recipients):
        out_id, phone = recipient
        sent = facts.sent.get(phone, [])
        if recipient in facts.told:
            if recipient in facts.unknown:
                yield f"{phone} in {out_id} was told of and still stands as unknown"
        elif any(message.taken for message in sent):
            yield f"{phone} in {out_id}: Tencent's receipt was taken and never told"
        elif any(message.coming for message in sent):
            yield f"{phone} in {out_id}: Tencent's receipt has not come yet"
        elif recipient not in facts.unknown and not sent:
            yield f"{phone} in {out_id} was not sent to, not told of, and nobody knows of it"
    for recipient, texts in facts.replied.items():
        for text in texts - facts.replies.get(recipient, frozenset()):
            yield f"the reply of {recipient[1]} in {recipient[0]} was never told: {text}"
    for queue, count in facts.dead.items():
        if count:
            yield f"{count} dead letters in {queue}"


def _counted_otherwise(facts: Facts) -> Iterator[str]:
    """`ops campaign show` has to count what is: who was told nothing is unknown, or waits for a receipt."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for recipient in facts.recipients:
        mine = counts[recipient[0]]
        mine["recipients"] += 1
        if states := facts.told.get(recipient):
            mine[states[0][0]] += 1
            mine["pushed"] += 1
        else:
            mine["unknown" if recipient in facts.unknown else "waiting"] += 1
    for out_id, shown in facts.shown.items():
        wanted = {name: counts[out_id][name] for name in ("recipients", *_COUNTED, "pushed")}
        counted = {name: shown.get(name) for name in wanted}
        if counted != wanted:
            yield f"ops campaign show {out_id} says {counted}, and it is {wanted}"


def summary(facts: Facts) -> dict[str, int]:
    """How many recipients came to which end."""
    ends = Counter(facts.told[one][0][0] for one in facts.recipients if one in facts.told)
    silent = [one for one in facts.recipients if one not in facts.told]
    unknown = sum(one in facts.unknown for one in silent)
    return {
        "recipients": len(facts.recipients),
        "sent": sum(map(len, facts.sent.values())),
        "delivered": ends["delivered"],
        "failed": ends["failed"],
        "known unknown": unknown,
        "without Tencent's receipt": len(silent) - unknown,
        "told more than once": sum(len(states) > 1 for states in facts.told.values()),
        "replies": sum(map(len, facts.replies.values())),
    }


def shortened(found: Iterable[str], most: int = 20) -> str:
    """Some of many problems, for a message."""
    listed = list(found)
    more = [f"… and {len(listed) - most} more"] if len(listed) > most else []
    return "\n".join([*listed[:most], *more])
