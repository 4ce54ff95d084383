"""`make package`: two templates and the bundle, as a deployment would send them, without AWS.

Most tests write the templates without the bundle, which takes no package index. Those marked `deployed`
make the whole package.
"""

import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from local.functions import App
from ops import bundle, package, policies, stages
from ops.function_settings import SCHEDULES
from tests.support.deployment.checkout import Checkout
from tests.support.deployment.commands import SECRETS, ops
from tests.support.deployment.references import dangling

ROOT = Path(__file__).parents[2]
CONFIG: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text())
NO_AWS = {"AWS_PROFILE": "no-such-profile", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The templates of the stage prod as it ships."""
    made = tmp_path_factory.mktemp("package") / "new" / "folder"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in NO_AWS.items():
            patch.setenv(name, value)
        package.write(CONFIG, "prod", made, with_bundle=False)
    return made


@pytest.fixture(scope="module")
def stack(folder: Path) -> dict[str, Any]:
    return read(folder / "stack.json")


@pytest.fixture(scope="module")
def functions(folder: Path) -> dict[str, Any]:
    return read(folder / "functions.json")


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one["Properties"] for one in template["Resources"].values() if one["Type"] == kind]


# --- the two templates ---


@pytest.mark.parametrize("name", ["stack.json", "functions.json"])
def test_a_template_refers_to_nothing_that_it_does_not_define(folder: Path, name: str) -> None:
    assert dangling(read(folder / name)) == []


def test_the_stack_has_the_table_the_queues_and_the_alarms(stack: dict[str, Any]) -> None:
    [table] = of_type(stack, "AWS::DynamoDB::Table")
    assert table["TableName"] == "qa-sms-bridge-prod"
    queues = {one["QueueName"]["Fn::Sub"] for one in of_type(stack, "AWS::SQS::Queue")}
    assert queues == {
        f"${{QueuePrefix}}{queue}{suffix}"
        for queue in ("sends", "callbacks", "receipts", "files")
        for suffix in ("", "-dead")
    }
    assert len(of_type(stack, "AWS::CloudWatch::Alarm")) >= 17
    assert len(of_type(stack, "AWS::SNS::Topic")) == 1


def test_the_stack_needs_no_parameters_beside_the_template(stack: dict[str, Any]) -> None:
    defaults = {name: one["Default"] for name, one in stack["Parameters"].items()}
    assert defaults["Table"] == "qa-sms-bridge-prod"
    assert defaults["QueuePrefix"] == "qa-sms-bridge-prod-"
    assert defaults["Functions"] == "qa-sms-bridge-prod"
    assert (
        defaults["SendsVisibility"] == 6 * CONFIG["lambda_functions"]["deliver"]["lambda_timeout"]
    )


def test_every_function_has_the_name_that_alarms_and_policies_refer_to(
    functions: dict[str, Any],
) -> None:
    names = {one["FunctionName"] for one in of_type(functions, "AWS::Serverless::Function")}
    assert names == {stages.function_name("prod", function) for function in policies.functions()}


def test_the_functions_that_queues_start_may_send_to_queues_in_a_circle(
    functions: dict[str, Any],
) -> None:
    allowed = {
        one["FunctionName"].rpartition("-")[2]: one.get("RecursiveLoop")
        for one in of_type(functions, "AWS::Serverless::Function")
    }
    assert {name for name, loop in allowed.items() if loop == "Allow"} == App().queues.keys()


def test_a_function_returns_what_comes_again_if_its_mapping_reads_that(
    functions: dict[str, Any],
) -> None:
    for one in of_type(functions, "AWS::Serverless::Function"):
        reads = [
            event["Properties"].get("FunctionResponseTypes") == ["ReportBatchItemFailures"]
            for event in one.get("Events", {}).values()
        ]
        returns = one["Environment"]["Variables"].get("BRIDGE_PARTIAL_BATCHES") == "on"
        assert reads == [returns] or (one["FunctionName"] == "qa-sms-bridge-prod" and not returns)
        assert returns == (one["FunctionName"].rpartition("-")[2] in App().queues)


def test_schedules_are_not_repeated_and_the_api_is_throttled(functions: dict[str, Any]) -> None:
    limits = {
        one["FunctionName"].rpartition("-")[2]: one["EventInvokeConfig"]
        for one in of_type(functions, "AWS::Serverless::Function")
        if "EventInvokeConfig" in one
    }
    assert limits.keys() == App().schedules.keys() == SCHEDULES.keys()
    assert {one["MaximumRetryAttempts"] for one in limits.values()} == {0}
    [api] = of_type(functions, "AWS::Serverless::Api")
    [settings] = api["MethodSettings"]
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (1000, 2000)


def test_every_function_has_its_own_role_and_the_names_of_table_and_queues(
    functions: dict[str, Any],
) -> None:
    roles = []
    for one in of_type(functions, "AWS::Serverless::Function"):
        roles.append(one["Role"]["Fn::GetAtt"][0])
        variables = one["Environment"]["Variables"]
        assert variables["BRIDGE_TABLE"] == "qa-sms-bridge-prod"
        assert variables["BRIDGE_QUEUE_PREFIX"] == "qa-sms-bridge-prod-"
        assert variables["QA_KEY"] == "ssm:/qa-sms-bridge/prod/qa-key"
    assert len(set(roles)) == len(policies.functions())
    for role in set(roles):
        policy = json.dumps(functions["Resources"][role])
        assert "qa-sms-bridge-prod" in policy


def test_the_functions_are_fed_by_the_queues_of_the_stack(
    functions: dict[str, Any], stack: dict[str, Any]
) -> None:
    events = [
        event
        for one in of_type(functions, "AWS::Serverless::Function")
        for event in one.get("Events", {}).values()
    ]
    fed = [
        event["Properties"]["Queue"]["Fn::Sub"].rpartition(":")[2]
        for event in events
        if event["Type"] == "SQS"
    ]
    prefix = stack["Parameters"]["QueuePrefix"]["Default"]
    assert sorted(fed) == [f"{prefix}{one}" for one in ("callbacks", "files", "receipts", "sends")]
    schedules = [event for event in events if event["Type"] == "Schedule"]
    assert len(schedules) == len(App().schedules) == 4


def test_the_api_has_every_route(functions: dict[str, Any]) -> None:
    [api] = of_type(functions, "AWS::Serverless::Api")
    assert api["StageName"] == "api"
    routes = {path.strip("/") for path in api["DefinitionBody"]["paths"]}
    assert {"health", "sms/smsTemplate", "m/{code}", "tencent/{token}/callback"} <= routes


def test_every_function_has_one_log_group(functions: dict[str, Any], stack: dict[str, Any]) -> None:
    groups = [one["LogGroupName"]["Fn::Sub"] for one in of_type(functions, "AWS::Logs::LogGroup")]
    logical = {name.removeprefix("/aws/lambda/").strip("${}") for name in groups}
    named = {functions["Resources"][name]["Properties"]["FunctionName"] for name in logical}
    [http] = of_type(stack, "AWS::Logs::LogGroup")
    assert http["LogGroupName"] == {"Fn::Sub": "/aws/lambda/${Functions}"}
    assert named | {stack["Parameters"]["Functions"]["Default"]} == {
        stages.function_name("prod", function) for function in policies.functions()
    }
    assert len(groups) == len(policies.functions()) - 1


def test_the_code_is_expected_beside_the_template(functions: dict[str, Any]) -> None:
    places = {one["CodeUri"] for one in of_type(functions, "AWS::Serverless::Function")}
    assert places == {"./bundle.zip"}


# --- the command ---


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the bundle out."""
    write = package.write
    monkeypatch.setattr(
        "ops.commands.package.write", lambda *given: write(*given, with_bundle=False)
    )


@pytest.mark.usefixtures("quick")
def test_the_checkout_stays_as_it_is(checkout: Checkout, tmp_path: Path) -> None:
    before = checkout.files()
    result = ops("package", "--stage", "prod", "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert checkout.files() == before
    assert result.stderr == ""
    environment = of_type(read(tmp_path / "out" / "functions.json"), "AWS::Serverless::Function")[0]
    assert environment["Environment"]["Variables"]["QA_PLATFORM_NAME"] == "demo"


def test_settings_that_are_not_filled_in_are_named_without_an_error(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.commands.package.write", lambda *_: None)
    checkout.configure(QA_PLATFORM_NAME="", TENCENT_SDK_APP_ID="")
    result = ops("package", "--stage", "prod", "--out", "out")
    assert result.exit_code == 0
    assert "QA_PLATFORM_NAME is not set" in result.stderr
    assert "TENCENT_SDK_APP_ID is not set" in result.stderr
    assert "make deploy" in result.stderr


def test_a_secret_in_the_configuration_causes_a_warning_and_is_not_shown(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.commands.package.write", lambda *_: None)
    checkout.configure(**SECRETS)
    result = ops("package", "--stage", "prod", "--out", "out")
    assert result.exit_code == 0
    for name, value in SECRETS.items():
        assert f"{name} stands in .chalice/config.json" in result.stderr
        assert value not in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stage", "nope", "--out", "out"], "no stage nope in .chalice/config.json"),
        (["--stage", "", "--out", "out"], "STAGE=prod"),
        (["--stage", "prod", "--out", ""], "OUT="),
    ],
)
def test_a_stage_or_a_folder_that_is_missing_is_named(
    checkout: Checkout, arguments: list[str], said: str
) -> None:
    result = ops("package", *arguments)
    assert result.exit_code == 1
    assert said in result.stderr


def test_if_packing_fails_nothing_is_written(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise bundle.BundleError("chalice package: no package index")

    monkeypatch.setattr(bundle, "pack", fail)
    result = ops("package", "--stage", "prod", "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "no package index" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.deployed
def test_make_package_writes_the_same_templates_and_the_bundle(
    folder: Path, tmp_path: Path
) -> None:
    checkout = Checkout(tmp_path / "checkout", code=True)
    done = subprocess.run(
        ["/usr/bin/env", "make", "package", "STAGE=prod", "OUT=build"],
        cwd=checkout.folder,
        env={**os.environ, **NO_AWS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    built = checkout.folder / "build"
    assert {file.name for file in built.iterdir()} == {"stack.json", "functions.json", "bundle.zip"}
    for name in ("stack.json", "functions.json"):
        assert (built / name).read_text() == (folder / name).read_text()
    with zipfile.ZipFile(built / "bundle.zip") as packed:
        names = packed.namelist()
    assert {"app.py", "chalicelib/settings.py", "requests/__init__.py"} <= set(names)
    assert "QA_PLATFORM_NAME is not set" in done.stderr


# --- the test's own check of references ---


@pytest.mark.parametrize(
    ("content", "missing"),
    [
        ({"Ref": "Gone"}, ["Gone"]),
        ({"Fn::GetAtt": ["Gone", "Arn"]}, ["Gone"]),
        ({"Fn::GetAtt": "Gone.Arn"}, ["Gone"]),
        ({"Fn::Sub": "a ${Gone} and ${Gone.Arn} and ${Here} and ${AWS::Region}"}, ["Gone"]),
        ({"Fn::Sub": ["${Own} ${Gone}", {"Own": {"Ref": "Lost"}}]}, ["Gone", "Lost"]),
        ({"Fn::Sub": "${!Text}"}, []),
        ({"Fn::If": ["Never", {"Ref": "Here"}, 1]}, ["Never"]),
        ([{"deep": {"Ref": "Here"}}, {"Ref": "Given"}], []),
    ],
)
def test_a_dangling_reference_is_found(content: Any, missing: list[str]) -> None:
    template = {"Parameters": {"Given": {}}, "Resources": {"Here": {"Properties": content}}}
    assert dangling(template) == missing


def test_a_dangling_condition_or_dependency_is_found() -> None:
    template = {
        "Conditions": {"Known": {"Fn::Equals": [{"Ref": "Gone"}, ""]}},
        "Resources": {
            "Here": {"Condition": "Known", "DependsOn": "Lost"},
            "There": {"Condition": "Unknown", "DependsOn": ["Here"]},
        },
        "Outputs": {"Out": {"Value": {"Ref": "Nothing"}}},
    }
    assert dangling(template) == ["Gone", "Lost", "Nothing", "Unknown"]
