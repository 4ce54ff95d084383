"""docs/guarantees.md shows how everything is tried again: the same figures as the code."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from chalicelib.domain import breaker, retries
from chalicelib.domain.breaker import BreakerName
from chalicelib.domain.periods import CLOSED_AFTER_SECONDS
from chalicelib.domain.retries import Retry
from tests.support.adopting import ADOPT_AFTER_SECONDS


def rows() -> dict[str, list[str]]:
    text = Path("docs/guarantees.md").read_text().split("### Retries")[1].split("\n\n")[2]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return {row[0]: row[1:] for row in cells[2:]}


ROWS = rows()
RULES = {
    "a push that Quick Audience did not accept": retries.PUSH,
    "a chunk whose function failed (DynamoDB, SQS, parameter store)": retries.CHUNK,
    "statuses and replies whose function failed": retries.CALLBACK,
    "a file that can't be fetched": retries.FETCH,
    "a file whose function failed": retries.FILE,
}
PROBES: dict[str, BreakerName] = {
    "a probe of Tencent": "tencent",
    "a probe of Quick Audience": "quickaudience",
}
HOLD = "a probe of what Tencent refuses for the account's sake"
RECORDS = "what Tencent's records show of a send without an answer (API 3.0)"
OTHERS = {
    HOLD,
    RECORDS,
    "a call that Tencent refused for now",
    "a status or reply whose message isn't stored yet",
}


def test_every_row_is_compared_and_every_rule_has_a_row() -> None:
    assert set(ROWS) == {*RULES, *PROBES, *OTHERS}
    rules = [one for one in vars(retries).values() if isinstance(one, Retry)]
    assert sorted(map(id, rules)) == sorted(map(id, RULES.values()))


@pytest.mark.parametrize("what", RULES)
def test_a_rule_has_the_figures_of_its_row(what: str) -> None:
    rule = RULES[what]
    assert ROWS[what][:4] == [
        f"{rule.first} s",
        "doubles",
        f"{rule.longest} s",
        f"{rule.end // 3600} h",
    ]


@pytest.mark.parametrize("what", PROBES)
def test_a_probe_has_the_figures_of_its_row(what: str) -> None:
    side = PROBES[what]
    pauses = [breaker.pause(side, probes) for probes in range(20)]
    assert ROWS[what][:4] == [f"{pauses[0]} s", "triples", f"{pauses[-1]} s", "none"]
    assert pauses[1] == 3 * pauses[0]


def test_the_probe_of_a_hold_has_the_figures_of_its_row() -> None:
    pauses = {breaker.pause(name, probes) for name in breaker.HOLDS for probes in range(20)}
    (pause,) = pauses
    assert ROWS[HOLD][:4] == [f"{pause} s", "none", f"{pause} s", "none"]


def test_a_refused_call_has_the_figures_of_its_row() -> None:
    first, growth, longest, end, _ = ROWS["a call that Tencent refused for now"]
    pauses = [retries.refused_pause(attempts) for attempts in range(1, 50)]
    assert first == f"{pauses[0]} s"
    assert growth == f"by {pauses[1] - pauses[0]} s"
    assert longest == f"{max(pauses)} s"
    assert end == f"{CLOSED_AFTER_SECONDS // 3600} h"


def test_records_of_sends_have_the_figures_of_their_row() -> None:
    first, growth, longest, end, _ = ROWS[RECORDS]
    rounds = [ADOPT_AFTER_SECONDS, *retries.OUTCOME_ROUNDS]
    assert first == f"{rounds[0]} s"
    assert [int(number) for number in re.findall(r"\d+", growth)] == rounds[1:]
    assert longest == f"{max(after - before for before, after in pairwise(rounds))} s"
    assert end == f"{rounds[-1] // 3600} h"


def test_a_status_has_the_figures_of_its_row() -> None:
    first, growth, longest, end, _ = ROWS["a status or reply whose message isn't stored yet"]
    delays = list(retries.SETTLE_DELAYS)
    named = [int(number) for number in re.findall(r"\d+", growth)]
    assert first == f"{delays[0]} s"
    assert delays == named + named[-1:] * (len(delays) - len(named))
    assert longest == f"{delays[-1]} s"
    assert end == f"{sum(delays) // 60} min"
