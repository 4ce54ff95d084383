"""The tally of final states: its counts, and the reasons that it folds."""

import json

import pytest

from chalicelib.domain import tally
from chalicelib.domain.messages import (
    DELIVERED,
    NOT_SENT,
    STOPPED,
    Message,
    Origin,
    Receipt,
    failure_receipt,
)
from chalicelib.domain.planning import Failure
from chalicelib.domain.tally import Tally

ORIGIN = Origin(out_id="task-1", biz_id="b1", sign="s", template_code="7000", sent_at=1)
DELIVERY = Receipt(state="delivered", code=DELIVERED, reason="", received="")
FAILURE = Receipt(state="failed", code="MK:0001", reason="空号", received="")
ROOM = 1000


def message(
    receipt: Receipt = DELIVERY,
    *,
    sid: str = "sid",
    unknown: bool = False,
    fee: int | None = 1,
    adopted: bool = False,
) -> Message:
    return Message(
        phone="8613900000000",
        position=0,
        origin=ORIGIN,
        sid=sid,
        unknown=unknown,
        fee=fee,
        adopted=adopted,
        receipt=receipt,
    )


def failed(failure: Failure) -> Receipt:
    return failure_receipt(failure, 0)


def of(*settled: Message, now: int = 0) -> Tally:
    return tally.of_messages(settled, now, ROOM)


@pytest.mark.parametrize(
    ("settled", "expected"),
    [
        (message(), {"delivered"}),
        (message(FAILURE), {"failed"}),
        (message(FAILURE, sid="", fee=None), {"failed", "refused"}),
        (message(failed(STOPPED), sid="", fee=None), {"failed", "refused", "withheld"}),
        (message(failed(NOT_SENT), sid="", fee=None), {"failed", "refused", "withheld"}),
        (message(FAILURE, sid="", unknown=True, fee=None), {"failed", "lost"}),
        # An operator settled it.
        (message(sid="", unknown=True, fee=None), {"delivered", "late"}),
        (message(adopted=True, fee=None), {"delivered", "late"}),
        (message(FAILURE, adopted=True, fee=None), {"failed", "late"}),
        (message(fee=None), {"delivered", "unpriced"}),
    ],
)
def test_a_message_counts_as_what_it_is(settled: Message, expected: set[str]) -> None:
    names = ("delivered", "failed", "refused", "lost", "late", "unpriced", "withheld")
    found = of(settled)
    assert {name for name in names if getattr(found, name)} == expected


def test_a_tally_survives_its_encoding() -> None:
    found = of(message(), message(FAILURE), now=1_772_416_800)
    assert tally.decode(found.encode()).encode() == found.encode()
    assert found.reasons == {"MK:0001": (1, "空号")}
    assert found.periods == {1_772_416_800 // 300: (1, 1)}
    # A newer release may add to it.
    assert tally.decode(found.encode()[:-1] + b",7]").delivered == 1


def test_a_message_without_a_receipt_is_an_error() -> None:
    with pytest.raises(ValueError, match="no receipt"):
        of(Message(phone="8613900000000", position=0, origin=ORIGIN, sid="sid"))


def test_the_smallest_reason_folds() -> None:
    found = Tally()
    for number in range(tally.MAX_REASONS + 2):
        code = Receipt(state="failed", code=f"MK:{number}", reason="", received="")
        found.add(of(*[message(code)] * (number + 1)), ROOM)
    assert found.failed == sum(range(1, tally.MAX_REASONS + 3))
    assert set(found.reasons) == {f"MK:{number}" for number in range(2, tally.MAX_REASONS + 2)}
    assert found.other_reasons == 1 + 2


def test_the_newest_period_does_not_fold() -> None:
    found = Tally()
    for number in range(tally.MAX_PERIODS + 3):
        found.add(of(*[message()] * (20 - number), now=number * tally.PERIOD_SECONDS), ROOM)
    assert len(found.periods) == tally.MAX_PERIODS
    assert max(found.periods) == tally.MAX_PERIODS + 2
    kept = sum(delivered for delivered, _ in found.periods.values())
    assert kept + found.other_periods[0] == found.delivered


def test_what_does_not_fit_folds_and_the_counts_stay() -> None:
    found = of(message(), message(FAILURE))
    found.fold(0)
    assert (found.reasons, found.periods) == ({}, {})
    assert (found.delivered, found.failed) == (1, 1)
    assert (found.other_reasons, found.other_periods) == (1, (1, 1))


def test_the_same_additions_give_the_same_tally() -> None:
    deltas = [
        of(message(Receipt(state="failed", code=f"C{n % 11}", reason="", received="")), now=n * 200)
        for n in range(60)
    ]
    first, second = Tally(), Tally()
    for delta in deltas:
        first.add(delta, 300)
    for delta in deltas:
        second = tally.decode(second.encode())
        second.add(tally.decode(delta.encode()), 300)
    assert first.encode() == second.encode()
    assert len(first.encode()) <= 300


def test_what_was_accepted_alongside_is_added_up() -> None:
    found = tally.of_messages([message(FAILURE, sid="", fee=None)], 0, ROOM, 9)
    found.add(tally.of_messages([message(FAILURE, sid="", fee=None)], 0, ROOM, 4), ROOM)
    assert (found.failed, found.alongside) == (2, 13)
    assert tally.decode(found.encode()).alongside == 13


def test_a_tally_of_a_release_that_counted_less_can_be_read() -> None:
    stored = json.loads(of(message()).encode())
    stored[0] = stored[0][:6]
    found = tally.decode(json.dumps(stored).encode())
    assert (found.delivered, found.withheld, found.alongside) == (1, 0, 0)
