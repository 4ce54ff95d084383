"""The audit notices what it is there for, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from local.chaos.audit import (
    DELIVERED,
    Facts,
    Sent,
    problems,
    shortened,
    summary,
    wrong_for_ever,
)

FAILED = ("failed", "MK:0001")
GOOD = Sent(frozenset({"delivered"}), taken=True, coming=False)
BAD = Sent(frozenset({"failed"}), taken=True, coming=False)
BOTH = Sent(frozenset({"failed", "delivered"}), taken=True, coming=False)
SILENT = Sent(frozenset(), taken=False, coming=False)
ON_ITS_WAY = Sent(frozenset({"delivered"}), taken=False, coming=True)

A, B, C, D, E = (("c", f"1370000000{number}") for number in range(5))
SHOWN = {
    "recipients": 5,
    "delivered": 1,
    "failed": 2,
    "unknown": 1,
    "waiting": 1,
    "pushed": 3,
}
FACTS = Facts(
    recipients=frozenset({A, B, C, D, E}),
    # Delivered, failed at the carrier, refused, sent without a receipt, unknown and never sent.
    sent={A[1]: [GOOD], B[1]: [BAD], D[1]: [SILENT]},
    told={A: [DELIVERED, DELIVERED], B: [FAILED], C: [("failed", "isv.MOBILE_NUMBER_ILLEGAL")]},
    unknown=frozenset({E}),
    written={A: frozenset({"T"})},
    replied={A: frozenset({"T"})},
    replies={A: frozenset({"T"})},
    dead={"sends": 0},
    shown={"c": SHOWN},
)


def test_where_all_came_to_an_end_there_is_nothing_to_say() -> None:
    assert problems(FACTS) == []
    assert summary(FACTS) == {
        "recipients": 5,
        "sent": 3,
        "delivered": 1,
        "failed": 2,
        "known unknown": 1,
        "without Tencent's receipt": 1,
        "told more than once": 1,
        "replies": 1,
    }


def test_a_reply_that_tencent_gave_up_may_be_told_or_not() -> None:
    given_up = replace(FACTS, replied={})
    assert problems(given_up) == []
    assert problems(replace(given_up, replies={})) == []


def without(told: Any, *recipients: Any) -> Any:
    return {one: states for one, states in told.items() if one not in recipients}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sent": {**FACTS.sent, A[1]: [GOOD, GOOD]}}, f"{A[1]} was sent to 2 times"),
        (
            {"told": {**FACTS.told, B: [FAILED, DELIVERED]}, "sent": {**FACTS.sent, B[1]: [BOTH]}},
            f"told different things of {B[1]} in c: delivered, failed MK:0001",
        ),
        (
            {"told": {**FACTS.told, B: [FAILED, ("failed", "MK:0002")]}},
            f"told different things of {B[1]} in c: failed MK:0001, failed MK:0002",
        ),
        ({"told": {**FACTS.told, B: [DELIVERED]}}, "told as delivered, but Tencent said failed"),
        ({"told": {**FACTS.told, A: [FAILED]}}, "told as failed, but Tencent said delivered"),
        ({"told": {**FACTS.told, D: [FAILED]}}, "told as failed, but Tencent said nothing"),
        ({"told": {**FACTS.told, C: [DELIVERED]}}, "told as delivered, but was never sent to"),
        ({"told": {**FACTS.told, ("x", "1"): [FAILED]}}, "told of 1 in x, who is no recipient"),
        ({"replies": {A: frozenset({"T", "N"})}}, "a reply that 13700000000 in c never sent: N"),
    ],
)
def test_what_no_waiting_can_mend(change: Any, said: str) -> None:
    [problem] = problems(replace(FACTS, **change))
    assert said in problem
    assert wrong_for_ever(replace(FACTS, **change)) == [problem]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"told": without(FACTS.told, A)},
            f"{A[1]} in c: Tencent's receipt was taken and never told",
        ),
        # A mark is no excuse where the receipt was taken.
        (
            {"told": without(FACTS.told, A), "unknown": frozenset({A, E})},
            f"{A[1]} in c: Tencent's receipt was taken and never told",
        ),
        (
            {"sent": {**FACTS.sent, D[1]: [ON_ITS_WAY]}},
            f"{D[1]} in c: Tencent's receipt has not come yet",
        ),
        ({"told": without(FACTS.told, C)}, f"{C[1]} in c was not sent to, not told of"),
        ({"unknown": frozenset()}, f"{E[1]} in c was not sent to, not told of"),
        ({"unknown": frozenset({A, E})}, f"{A[1]} in c was told of and still stands as unknown"),
        ({"replies": {}}, f"the reply of {A[1]} in c was never told: T"),
        ({"dead": {"sends": 2}}, "2 dead letters in sends"),
    ],
)
def test_what_is_not_at_rest(change: Any, said: str) -> None:
    [problem] = problems(replace(FACTS, **change))
    assert said in problem
    assert wrong_for_ever(replace(FACTS, **change)) == []


@pytest.mark.parametrize("name", SHOWN)
def test_what_the_operator_is_shown_otherwise(name: str) -> None:
    wrong = {"c": {**SHOWN, name: SHOWN[name] + 1}}
    [problem] = problems(replace(FACTS, shown=wrong))
    assert problem.startswith("ops campaign show c says")


def test_many_problems_are_counted() -> None:
    assert shortened(map(str, range(30)), 2) == "0\n1\n… and 28 more"
    assert shortened(["a"]) == "a"
