"""`.chalice/resources.json` as it is written: its alarms, its dashboard, its limits."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib import metrics
from local.functions import App
from ops import stack
from ops.__main__ import app as ops
from ops.resources import template

TEMPLATE: dict[str, Any] = json.loads(Path(".chalice/resources.json").read_text())
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
CONFIG: dict[str, Any] = json.loads(Path(".chalice/config.json").read_text())
RUNBOOK = Path("docs/operations.md").read_text()


def of_type(kind: str) -> dict[str, Any]:
    return {name: one["Properties"] for name, one in RESOURCES.items() if one["Type"] == kind}


ALARMS = of_type("AWS::CloudWatch::Alarm")
QUEUES = [name for name in of_type("AWS::SQS::Queue") if not name.endswith("Dead")]


def test_the_committed_file_is_what_its_description_generates() -> None:
    assert Path(".chalice/resources.json").read_text() == template.render(), "run `make resources`"


def test_cloudformation_accepts_the_template() -> None:
    whole = stack.template("a-table-with-a-very-long-name")
    assert len(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()) < 51_200


def test_the_table_outlives_the_stack_and_its_accidents() -> None:
    [table] = [one for one in RESOURCES.values() if one["Type"] == "AWS::DynamoDB::Table"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    properties = table["Properties"]
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def reader(queue: str) -> str:
    """Return the function that a queue's messages go to."""
    [function] = [
        name
        for name, source in App().queues.items()
        if source.queue and source.queue.endswith(queue.lower())
    ]
    return function


@pytest.mark.parametrize("queue", QUEUES)
def test_a_message_is_invisible_for_six_time_outs_by_default(queue: str) -> None:
    function = reader(queue)
    timeout = CONFIG["lambda_functions"][function]["lambda_timeout"]
    assert TEMPLATE["Parameters"][f"{queue}Visibility"]["Default"] == 6 * timeout


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_has_dead_letters_and_alarms(queue: str) -> None:
    properties = RESOURCES[queue]["Properties"]
    assert properties["RedrivePolicy"]["deadLetterTargetArn"] == {
        "Fn::GetAtt": [f"{queue}Dead", "Arn"]
    }
    # A dead letter's age includes the time in its first queue, so it has ten days left at least.
    for name, days in ((queue, 4), (f"{queue}Dead", 14)):
        assert RESOURCES[name]["Properties"]["MessageRetentionPeriod"] == days * 24 * 3600
    watched = {
        (one["Dimensions"][0]["Value"]["Fn::GetAtt"][0], one["MetricName"])
        for one in ALARMS.values()
        if one["Namespace"] == "AWS/SQS"
    }
    assert (f"{queue}Dead", "ApproximateNumberOfMessagesVisible") in watched
    assert (queue, "ApproximateAgeOfOldestMessage") in watched


@pytest.mark.parametrize("queue", QUEUES)
def test_what_lambda_does_to_a_queue_without_our_code_raises_an_alarm(queue: str) -> None:
    """Loops that Lambda stops, throttled functions, and waits that SQS's own metric leaves out."""
    function = reader(queue)
    for metric, suffix in (("RecursiveInvocationsDropped", "loops"), ("Throttles", "throttles")):
        [alarm] = [
            one
            for one in ALARMS.values()
            if one["AlarmName"]["Fn::Sub"] == f"${{QueuePrefix}}{function}-{suffix}"
        ]
        assert alarm["Dimensions"][0]["Value"] == {"Fn::Sub": f"${{Functions}}-{function}"}
        assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", metric)
        assert alarm["Threshold"] == 0
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    metrics = {one["MetricName"]: one["Statistic"] for one in ALARMS.values()}
    assert metrics[f"{queue}Wait"] == "Maximum"


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_states_its_meaning_and_its_remedy(name: str) -> None:
    alarm = ALARMS[name]
    said = alarm["AlarmDescription"]
    assert 60 < len(said) < 1024
    assert re.search(r"\b(ops|chalice) [a-z]+|Service Quotas", said)
    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "Alarms"}]
    assert alarm["TreatMissingData"] == "notBreaching"
    assert f"`{alarm['AlarmName']['Fn::Sub'].removeprefix('${QueuePrefix}')}`" in RUNBOOK


def commands() -> set[str]:
    """Yield every command of `ops` and `make`, as it is typed."""
    groups = {group.name or "": group.typer_instance for group in ops.registered_groups}
    found = {_named(one) for one in ops.registered_commands}
    for name, group in groups.items():
        assert group is not None
        found |= {f"{name} {_named(one)}" for one in group.registered_commands}
    return found


def _named(command: Any) -> str:
    return str(command.name or command.callback.__name__.strip("_"))


@pytest.mark.parametrize("name", ALARMS)
def test_the_commands_that_an_alarm_names_exist(name: str) -> None:
    for group, verb in re.findall(
        r"\bops ([a-z]+)(?: ([a-z]+))?", ALARMS[name]["AlarmDescription"]
    ):
        assert commands() & {group, f"{group} {verb}"}, f"ops {group} {verb}"


@pytest.mark.parametrize("name", ["operations.md", "deployment.md", "../README.md"])
def test_the_commands_that_are_documented_exist(name: str) -> None:
    text = (Path("docs") / name).read_text()
    found = re.findall(r"\bops ([a-z]+)(?: ([a-z]+))?", text)
    assert len(found) > 5
    for group, verb in found:
        assert commands() & {group, f"{group} {verb}"}, f"ops {group} {verb}"


def test_the_bridges_metrics_are_those_that_the_functions_count() -> None:
    counted = set()
    for file in Path("chalicelib").rglob("*.py"):
        for call in re.findall(r"metrics\.(?:count|gauge)\(([^)]*\)?[^)]*)\)", file.read_text()):
            counted |= set(re.findall(r"\b([A-Z][A-Za-z]+)=", call))
    # `metrics.longest_wait` makes its names of the queues' names.
    waits = {f"{queue}Wait" for queue in QUEUES}
    counted |= waits
    ours = [one for one in ALARMS.values() if one["Namespace"] == metrics.NAMESPACE]
    assert {one["MetricName"] for one in ours} == {
        "BreakerOpen",
        "UnknownOutcomes",
        "SendsHeld",
        "CampaignsFailing",
        "TencentConfigErrors",
        "FilesFailed",
        "SignaturesRefused",
        "NoncesReused",
        "CallbackTokensRefused",
        "PackageMessagesLeft",
        *waits,
    }
    assert {one["Statistic"] for one in ours if one["MetricName"] in waits} == {"Maximum"}
    assert {one["MetricName"] for one in ours} <= counted
    for alarm in ours:
        assert alarm["Dimensions"] == [{"Name": "bridge", "Value": {"Ref": "QueuePrefix"}}]
    shown = {
        metric[1]
        for widget in widgets()
        for metric in widget["properties"].get("metrics", [])
        if metric[0] == metrics.NAMESPACE
    }
    assert shown <= counted


def widgets() -> list[dict[str, Any]]:
    """Return the widgets of the dashboard, with references replaced by their names."""
    [dashboard] = of_type("AWS::CloudWatch::Dashboard").values()
    found: list[dict[str, Any]] = json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]
    return found


def test_the_dashboard_shows_every_alarm_queue_and_function() -> None:
    [alarms] = [one for one in widgets() if one["type"] == "alarm"]
    assert {*alarms["properties"]["alarms"]} == {f"${{{name}.Arn}}" for name in ALARMS}
    shown = json.dumps(widgets())
    for queue in QUEUES:
        assert f'"${{QueuePrefix}}{queue.lower()}"' in shown
        assert f'"${{QueuePrefix}}{queue.lower()}-dead"' in shown
    for function in CONFIG["lambda_functions"]:
        name = "${Functions}" + ("" if function == "api_handler" else f"-{function}")
        assert f'"{name}"' in shown


def test_widgets_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for one in widgets():
        cells = {
            (x, y)
            for x in range(one["x"], one["x"] + one["width"])
            for y in range(one["y"], one["y"] + one["height"])
        }
        assert not cells & taken
        assert all(x < 24 for x, _ in cells)
        taken |= cells


def test_without_deployed_functions_nothing_names_one() -> None:
    for resource in RESOURCES.values():
        if "${Functions}" in json.dumps(resource) or '"Functions"' in json.dumps(resource):
            assert resource["Condition"] == "Deployed"
