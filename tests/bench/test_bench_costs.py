"""The units that AWS bills for a campaign, as `make bench` counts them."""

import pytest

from bench import campaign, setting
from bench.campaign import Run
from tests.support.thoroughness import ALL, some

# A call for each recipient takes a while.
RECIPIENTS = {"bulk": 10_000 if ALL else 2_000, "personalised": 4_000}


@pytest.fixture(scope="module", params=some(setting.KINDS, 2))
def run(request: pytest.FixtureRequest) -> Run:
    return campaign.measure(request.param, RECIPIENTS[request.param], floor=False)


def test_write_units(run: Run) -> None:
    assert 2 <= run.figures["write_units"] / run.recipients <= 2.15


def test_read_units(run: Run) -> None:
    assert 0.5 <= run.figures["read_units"] / run.recipients <= 0.6


def test_queue_requests(run: Run) -> None:
    assert run.figures["sqs_requests"] / run.recipients <= 0.06


def test_invocations(run: Run) -> None:
    assert sum(run.figures["invocations"].values()) / run.recipients <= 0.03


def test_a_message_costs_two_writes_and_everything_else_is_per_chunk(run: Run) -> None:
    calls = run.figures["calls"]
    assert calls["BatchExecuteStatement"] == run.recipients / 25
    single = sum(calls[name] for name in ("PutItem", "GetItem", "Query"))
    assert single <= run.recipients / 10


def test_calls_to_the_outside(run: Run) -> None:
    calls = run.figures["calls"]
    if run.kind == "bulk":
        assert (calls["sendmultisms2"], calls.get("sendsms", 0)) == (run.recipients / 200, 0)
    else:
        assert (calls.get("sendmultisms2", 0), calls["sendsms"]) == (0, run.recipients)
    assert calls["details"] == run.recipients / 100
