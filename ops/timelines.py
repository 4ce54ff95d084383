"""When a campaign's messages were sent, and when their final states were learned, in steps of five minutes or more.

Both come from a few small items: the heads of the requests' logs, and some slots of their chains of sends.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.domain.chunks import SendSums
from chalicelib.domain.send_request import SendRequest
from chalicelib.domain.tally import PERIOD_SECONDS
from chalicelib.store import final_state_log, send_chain
from chalicelib.store.send_chain import Sample

# A campaign of more requests has a timeline of its newest ones only. Each costs half a read unit and more.
_MAX_REQUESTS = 20
# Slots that are read of all chains together, at half a read unit each.
_SAMPLES = 16
_MIN_COLUMNS, _MAX_COLUMNS = 12, 48


@dataclass(frozen=True, slots=True)
class Column:
    """A step of time, from the epoch `start`: the recipients who were sent to, and those with a final state."""

    start: int
    sent: int
    delivered: int
    failed: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The columns of a campaign, without gaps. `other` final states are not kept by time."""

    seconds: int
    columns: Sequence[Column]
    other: int


def of(accepted: Sequence[SendRequest]) -> Timeline:
    """Return the timeline of a campaign's requests, as it was about a second ago."""
    newest = accepted[-_MAX_REQUESTS:]
    sent, delivered, failed = Counter[int](), Counter[int](), Counter[int]()
    other = 0
    heads = final_state_log.heads((one.out_id, one.biz_id) for one in newest)
    for head in heads.values():
        if head.tally is None:
            continue
        other += sum(head.tally.other_periods)
        for period, (done, lost) in head.tally.periods.items():
            delivered[period] += done
            failed[period] += lost
    samples = max(1, _SAMPLES // max(1, len(newest)))
    for request in newest:
        found = send_chain.sampled(request.out_id, request.biz_id, samples)
        _add_sends(sent, found, request.accepted_at)
    return Timeline(*_columns(sent, delivered, failed), other)


def _add_sends(sent: Counter[int], samples: Sequence[Sample], accepted_at: int = 0) -> None:
    """Add what was sent between the samples. Where slots were skipped, that is spread evenly over the time.

    If the first sample is not the chain's first slot, what it has was sent since the request was accepted.
    """
    earlier = Sample(-1, accepted_at - PERIOD_SECONDS, SendSums())
    for sample in samples:
        count, last = sample.sums.sent - earlier.sums.sent, sample.at // PERIOD_SECONDS
        first = earlier.at // PERIOD_SECONDS + 1 if sample.number > earlier.number + 1 else last
        steps = max(1, last - first + 1)
        for step in range(steps):
            share = count * (step + 1) // steps - count * step // steps
            sent[last - steps + 1 + step] += share
        earlier = sample


def _columns(
    sent: Counter[int], delivered: Counter[int], failed: Counter[int]
) -> tuple[int, list[Column]]:
    """Return the length of a step, and a column for each step from the first to the last one."""
    periods = {*_counted(sent), *_counted(delivered), *_counted(failed)}
    if not periods:
        return PERIOD_SECONDS, []
    first = min(periods)
    last = max(*periods, first + _MIN_COLUMNS - 1)
    width = -(-(last - first + 1) // _MAX_COLUMNS)
    columns = [
        Column(
            start * PERIOD_SECONDS,
            *(
                sum(of[period] for period in range(start, start + width))
                for of in (sent, delivered, failed)
            ),
        )
        for start in range(first, last + 1, width)
    ]
    return width * PERIOD_SECONDS, columns


def _counted(counts: Counter[int]) -> Iterable[int]:
    return (period for period, count in counts.items() if count)
