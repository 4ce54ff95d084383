"""The audit reports each kind of problem, and nothing else."""

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
    violations,
)

FAILED = ("failed", "MK:0001")
GOOD = Sent(frozenset({"delivered"}), acknowledged=True, pending=False)
BAD = Sent(frozenset({"failed"}), acknowledged=True, pending=False)
BOTH = Sent(frozenset({"failed", "delivered"}), acknowledged=True, pending=False)
SILENT = Sent(frozenset(), acknowledged=False, pending=False)
ON_ITS_WAY = Sent(frozenset({"delivered"}), acknowledged=False, pending=True)

A, B, C, D, E = (("c", f"1370000000{number}") for number in range(5))
SHOWN = {
    "recipients": 5,
    "delivered": 1,
    "failed": 2,
    "unknown": 1,
    "waiting": 1,
    "pushed": 3,
}
KEPT = {**SHOWN, "counted": "sums"}
FACTS = Facts(
    recipients=frozenset({A, B, C, D, E}),
    # Delivered, failed at the carrier, refused, sent without a receipt, unknown and never sent.
    sent={A[1]: [GOOD], B[1]: [BAD], D[1]: [SILENT]},
    reported={A: [DELIVERED, DELIVERED], B: [FAILED], C: [("failed", "isv.MOBILE_NUMBER_ILLEGAL")]},
    unknown=frozenset({E}),
    replies_sent={A: frozenset({"T"})},
    replies_handed_over={A: frozenset({"T"})},
    replies_reported={A: frozenset({"T"})},
    dead_letters={"sends": 0},
    shown={"c": SHOWN},
    kept={"c": KEPT},
)


def test_no_problem_where_every_recipient_is_final() -> None:
    assert problems(FACTS) == []
    assert summary(FACTS) == {
        "recipients": 5,
        "sent": 3,
        "delivered": 1,
        "failed": 2,
        "unknown outcome": 1,
        "without Tencent's receipt": 1,
        "reported more than once": 1,
        "replies": 1,
    }


def test_a_reply_that_tencent_gave_up_may_be_reported_or_not() -> None:
    given_up = replace(FACTS, replies_handed_over={})
    assert problems(given_up) == []
    assert problems(replace(given_up, replies_reported={})) == []


def without(reported: Any, *recipients: Any) -> Any:
    return {one: states for one, states in reported.items() if one not in recipients}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sent": {**FACTS.sent, A[1]: [GOOD, GOOD]}}, f"{A[1]} was sent to 2 times"),
        (
            {
                "reported": {**FACTS.reported, B: [FAILED, DELIVERED]},
                "sent": {**FACTS.sent, B[1]: [BOTH]},
            },
            f"different states were reported for {B[1]} in c: delivered, failed MK:0001",
        ),
        (
            {"reported": {**FACTS.reported, B: [FAILED, ("failed", "MK:0002")]}},
            f"different states were reported for {B[1]} in c: failed MK:0001, failed MK:0002",
        ),
        (
            {"reported": {**FACTS.reported, B: [DELIVERED]}},
            "was reported as delivered, but Tencent reported failed",
        ),
        (
            {"reported": {**FACTS.reported, A: [FAILED]}},
            "was reported as failed, but Tencent reported delivered",
        ),
        (
            {"reported": {**FACTS.reported, D: [FAILED]}},
            "was reported as failed, but Tencent reported nothing",
        ),
        (
            {"reported": {**FACTS.reported, C: [DELIVERED]}},
            "was reported as delivered, but was never sent to",
        ),
        (
            {"reported": {**FACTS.reported, ("x", "1"): [FAILED]}},
            "reported for 1 in x, which is no recipient",
        ),
        (
            {"replies_reported": {A: frozenset({"T", "N"})}},
            "a reply was reported that 13700000000 in c never sent: N",
        ),
    ],
)
def test_a_problem_that_waiting_cannot_repair_is_reported(change: Any, said: str) -> None:
    [problem] = problems(replace(FACTS, **change))
    assert said in problem
    assert violations(replace(FACTS, **change)) == [problem]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"reported": without(FACTS.reported, A)},
            f"{A[1]} in c: Tencent's receipt was acknowledged and never reported",
        ),
        # A mark is no excuse where the receipt was acknowledged.
        (
            {"reported": without(FACTS.reported, A), "unknown": frozenset({A, E})},
            f"{A[1]} in c: Tencent's receipt was acknowledged and never reported",
        ),
        (
            {"sent": {**FACTS.sent, D[1]: [ON_ITS_WAY]}},
            f"{D[1]} in c: Tencent's receipt has not come yet",
        ),
        (
            {"reported": without(FACTS.reported, C)},
            f"{C[1]} in c was lost: not sent to, not reported",
        ),
        ({"unknown": frozenset()}, f"{E[1]} in c was lost: not sent to, not reported"),
        (
            {"unknown": frozenset({A, E})},
            f"{A[1]} in c was reported and is still marked as unknown",
        ),
        ({"replies_reported": {}}, f"the reply of {A[1]} in c was never reported: T"),
        ({"dead_letters": {"sends": 2}}, "2 dead letters in sends"),
    ],
)
def test_an_unfinished_campaign_is_reported(change: Any, said: str) -> None:
    [problem] = problems(replace(FACTS, **change))
    assert said in problem
    assert violations(replace(FACTS, **change)) == []


@pytest.mark.parametrize("name", SHOWN)
def test_wrong_counts_shown_to_the_operator_are_reported(name: str) -> None:
    wrong = {"c": {**SHOWN, name: SHOWN[name] + 1}}
    [problem] = problems(replace(FACTS, shown=wrong, kept={}))
    assert problem.startswith("ops campaign show c says")


@pytest.mark.parametrize("wrong", [{"segments": 2}, {"pushed": 4}, {"counted": "items"}])
def test_sums_that_differ_from_the_items_are_reported(wrong: Any) -> None:
    [problem] = problems(replace(FACTS, kept={"c": {**KEPT, **wrong}}))
    assert problem.startswith("the sums of c (")


def test_many_problems_are_counted() -> None:
    assert shortened(map(str, range(30)), 2) == "0\n1\n… and 28 more"
    assert shortened(["a"]) == "a"
