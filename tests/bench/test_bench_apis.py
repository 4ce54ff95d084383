"""The comparison of Tencent's two APIs: the same campaign, sent with either."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import pytest

from bench import apis, check, cold_start_cases, sections, setting, targets
from bench.apis import APIS, Compared
from bench.campaign import Run, World
from bench.cold_start import Bench
from bench.cold_start_apis import AGAIN, Started, rounds_order
from bench.cold_start_apis import section as starts
from bench.cold_start_cases import ACCEPTED, API_CASES
from bench.processes import Stub, stub
from local import aws
from local.configuration import DEFAULTS
from tests.support.thoroughness import for_ci, some

RECIPIENTS = 450


@pytest.fixture(scope="module", params=some(setting.KINDS, 2))
def compared(request: pytest.FixtureRequest) -> Compared:
    return apis.measure(request.param, RECIPIENTS, 2)


def test_either_api_sends_the_campaign_in_each_turn(compared: Compared) -> None:
    assert compared.turns == 2
    calls = {"bulk": -(-RECIPIENTS // 200), "personalised": RECIPIENTS}[compared.kind]
    for api, others in (("v5", {"SendSms"}), ("3.0", {"sendsms", "sendmultisms2"})):
        for run in compared.runs[api]:
            made = run.figures["calls"]
            assert run.figures["sent"] == RECIPIENTS
            assert not others & made.keys()
            sends = ("sendsms", "sendmultisms2") if api == "v5" else ("SendSms",)
            assert sum(made.get(name, 0) for name in sends) == calls


def test_either_api_costs_the_same_on_aws(compared: Compared) -> None:
    for old, new in zip(compared.runs["v5"], compared.runs["3.0"], strict=True):
        assert new.figures["invocations"] == old.figures["invocations"]
        assert new.figures["sqs_requests"] == old.figures["sqs_requests"]
        # Progress is stored and holds are read as time passes, so a few units depend on the speed.
        assert new.figures["write_units"] == pytest.approx(old.figures["write_units"], rel=0.02)
        assert new.figures["read_units"] == pytest.approx(old.figures["read_units"], rel=0.05)


def test_the_row_has_the_cpu_time_of_both(compared: Compared) -> None:
    [row] = sections.apis([compared]).rows
    assert row[:3] == (compared.kind, "450", "2")
    assert all(float(cell) > 0 for cell in row[3:])
    [*_, last] = targets.section([], [], [], [], [compared], []).rows or [()]
    assert bool(last) == (compared.kind == "personalised")


def test_the_ratio_is_that_of_campaigns_that_were_measured_one_after_the_other() -> None:
    def run(seconds: float) -> Run:
        stage: Any = type("Stage", (), {"cpu": seconds})()
        return Run("bulk", 1, {"deliver": stage}, {})

    # The machine became slower, which concerns both.
    times = {"v5": (1, 2, 4), "3.0": (1.1, 2.2, 4.4)}
    found = Compared("bulk", 1, {api: list(map(run, seconds)) for api, seconds in times.items()})
    assert found.ratio == pytest.approx(1.1)
    assert found.cpu("v5") == found.deliver_cpu("v5") == 2


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Stub]:
    with stub(tmp_path) as running:
        yield running


@for_ci("compares states, as test_stub.py does, of campaigns like those that are compared above")
@pytest.mark.parametrize("kind", some(setting.KINDS, 2))
def test_a_campaign_ends_in_the_same_state_with_either(
    kind: str, here: Stub, tmp_path: Path
) -> None:
    states = []
    for api in APIS:
        folder = tmp_path / api
        folder.mkdir()
        with ExitStack() as held:
            world = World(here, folder, held, api=api)
            world.run(kind, 250)
            states.append(here.call("state"))
            here.call("reset")
    (messages, others), (messages_of_api3, others_of_api3) = (
        check._comparable(state["items"]) for state in states
    )
    assert len(messages) == 250
    assert messages == messages_of_api3
    assert states[0]["reported"] == states[1]["reported"]
    assert {key.split("#")[0].split()[0] for key in others - others_of_api3} == {"SIGN", "SIGNS"}
    assert list(others_of_api3 - others) == ["SIGN_LIST -"]


def test_the_accepted_send_is_another_campaign_in_each_start() -> None:
    first, second = (json.loads(cold_start_cases.event(ACCEPTED)["body"]) for _ in range(2))
    assert (first["signName"], first["templateCode"]) == (setting.SIGN, setting.CODE)
    assert first["outId"] != second["outId"]


def started(cpu_ms: dict[str, list[float]], instructions: dict[str, int] | None = None) -> Started:
    times = {name: [(2 * cpu, cpu) for cpu in found] for name, found in cpu_ms.items()}
    return Started(API_CASES[0], times, instructions or {}, {"v5": 1, "3.0": 1})


def test_a_start_misses_the_target_by_its_instructions_where_they_are_counted() -> None:
    times = {"v5": [100.0], "3.0": [110.0], AGAIN: [100.0]}
    slow = started(times, {"v5": 1000, "3.0": 1031, AGAIN: 1000})
    quick = started(times, {"v5": 1000, "3.0": 1029, AGAIN: 1001})
    uncounted = started(times)
    rows = targets.section([], [], [], [], [], [slow, quick, uncounted]).rows
    assert [row[-1] for row in rows] == ["not met", "met", "not met"]
    cells = [[cell for cell in row if "." in cell] for row in starts([quick, uncounted]).rows]
    assert cells == [["1.100", "1.000", "1.029", "1.001"], ["1.100", "1.000"]]


def test_a_times_ratio_is_that_of_undisturbed_starts() -> None:
    # Other programs disturb some of the starts.
    quiet = [100.0, 101, 102, 103]
    found = started({"v5": [*quiet, 300, 310], "3.0": [*quiet, 104, 105], AGAIN: [*quiet, 500, 90]})
    assert found.cpu_ratio() == pytest.approx(1, abs=0.01)
    assert found.cpu_ratio(AGAIN) == pytest.approx(1, abs=0.02)


def test_each_start_has_each_place_in_its_round_equally_often() -> None:
    order = [rounds_order(number) for number in range(6)]
    for name in ("v5", "3.0", AGAIN):
        places = Counter(found.index(name) for found in order)
        assert places == {0: 2, 1: 2, 2: 2}
    # Nor is one always after the same other one.
    assert len(set(order)) == 6


@for_ci("starts processes like those of the campaigns above")
def test_each_api_starts_with_a_table_of_its_own(tmp_path: Path) -> None:
    with aws.Ministack(tmp_path / "aws") as ministack:
        given = {**DEFAULTS, **aws.environment(ministack.endpoint, {"PATH": os.environ["PATH"]})}
        bench = Bench(tmp_path, given)
        dynamodb = boto3.client("dynamodb", **aws.client_options(ministack.endpoint))
        stored = {}
        for api in APIS:
            environment = bench.with_api(api).environment
            items = dynamodb.scan(TableName=environment["BRIDGE_TABLE"])["Items"]
            stored[environment["TENCENT_API"]] = {item["pk"]["S"].split("#")[0] for item in items}
    assert stored["v5"] - stored["3.0"] == {"SIGN", "SIGNS"}
    assert stored["3.0"] - stored["v5"] == {"SIGN_LIST"}
