"""What AWS bills for campaigns of 10,000: the counts of `make bench`, held. Its times are not."""

import pytest

from bench import campaign, setting
from bench.campaign import Run

RECIPIENTS = 10_000


@pytest.fixture(scope="module", params=setting.KINDS)
def run(request: pytest.FixtureRequest) -> Run:
    return campaign.measure(request.param, RECIPIENTS, floor=False)


def test_write_units(run: Run) -> None:
    assert 2 <= run.figures["write_units"] / RECIPIENTS <= 2.15


def test_read_units(run: Run) -> None:
    assert 0.5 <= run.figures["read_units"] / RECIPIENTS <= 0.6


def test_queue_requests(run: Run) -> None:
    assert run.figures["sqs_requests"] / RECIPIENTS <= 0.06


def test_invocations(run: Run) -> None:
    assert sum(run.figures["invocations"].values()) / RECIPIENTS <= 0.03


def test_a_message_is_two_writes_and_everything_else_is_by_the_chunk(run: Run) -> None:
    calls = run.figures["calls"]
    assert calls["BatchExecuteStatement"] == RECIPIENTS / 25
    single = sum(calls[name] for name in ("PutItem", "GetItem", "Query"))
    assert single <= RECIPIENTS / 10


def test_calls_to_the_outside(run: Run) -> None:
    calls = run.figures["calls"]
    if run.kind == "bulk":
        assert (calls["sendmultisms2"], calls.get("sendsms", 0)) == (RECIPIENTS / 200, 0)
    else:
        assert (calls.get("sendmultisms2", 0), calls["sendsms"]) == (0, RECIPIENTS)
    assert calls["details"] == RECIPIENTS / 100
