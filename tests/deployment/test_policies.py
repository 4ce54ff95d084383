"""The IAM policies as they are written. `tests/conftest.py` checks them against the functions' calls."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.constants import DEFAULT_PROVIDERS
from botocore.exceptions import ClientError
from chalice.app import SQSEventConfig

import app
from chalicelib import store
from ops import policies
from ops.resources.queues import QUEUES
from tests.support.deployment import permissions
from tests.support.deployment.permissions import (
    ENVIRONMENT,
    IDENTITY,
    PARAMETERS,
    Guard,
    Permission,
    allows,
    documents,
    expected,
    granted,
    needed,
    partitions,
)
from tests.support.in_process import aws, pulls
from tests.support.in_process.aws import ACCOUNT, REGION
from tests.support.in_process.bridge import TOKEN, Bridge
from tests.support.in_process.pulls import Pulls
from tests.support.in_process.quickaudience import KEY
from tests.support.in_process.tencent import APP_KEY

TABLE = "arn:aws:dynamodb:ap-southeast-1:123456789012:table/bridge-test"
SECRETS = {
    "QA_KEY": KEY,
    "TENCENT_APP_KEY": APP_KEY,
    "TENCENT_CALLBACK_TOKENS": f"{TOKEN},another",
}
READERS = {
    "api_handler": {"QA_KEY", "TENCENT_APP_KEY", "TENCENT_CALLBACK_TOKENS"},
    "deliver": {"TENCENT_APP_KEY"},
    "push": {"QA_KEY"},
    "pull": {"TENCENT_APP_KEY"},
    "inquire": {"TENCENT_APP_KEY"},
}
"""The functions that use secrets, and which."""
READS = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
OF_OPERATORS = {"AUDIT#*"}
"""The partitions that no function may write."""
ELSEWHERE = {"BRIDGE_TABLE": "t", "BRIDGE_QUEUE_PREFIX": "q-"}


def test_every_function_of_the_app_has_a_policy() -> None:
    events = {event.name for event in app.app.event_sources}
    assert set(policies.functions()) == events | {"api_handler"}


def secrets_of(function: str) -> set[str]:
    """Return the ARNs of the secrets that a function uses."""
    return {
        IDENTITY.arn("ssm", "parameter" + PARAMETERS[name]) for name in READERS.get(function, ())
    }


def statements() -> list[Any]:
    return [
        pytest.param(function, statement, id=f"{function}-{statement['Sid']}")
        for function, document in documents().items()
        for statement in document["Statement"]
    ]


@pytest.mark.parametrize(("function", "statement"), statements())
def test_a_statement_names_its_actions_and_what_is_the_stages(
    function: str, statement: dict[str, Any]
) -> None:
    assert statement["Effect"] == "Allow"
    for action, resource in (
        (one.action, one.resource) for one in granted({"Statement": [statement]})
    ):
        assert "*" not in action
        name = resource.split(":", 5)[5]
        if action == "kms:Decrypt":
            # Any key, but only to decrypt the secrets of this stage.
            [condition] = statement["Condition"].values()
            [opened] = condition.values()
            assert set(opened) == secrets_of(function)
            continue
        kinds = {"dynamodb": "table/bridge-test", "sqs": "bridge-test-"}
        kinds |= {"ssm": "parameter/qa-sms-bridge/test/", "logs": "log-group:/aws/lambda/"}
        own = kinds[action.partition(":")[0]]
        assert name == own if own.startswith("table") else name.startswith(own)
        assert resource.startswith(f"arn:aws:{action.partition(':')[0]}:{REGION}:{ACCOUNT}:")
        assert "*" not in name.removesuffix(":*")


@pytest.mark.parametrize("function", policies.functions())
def test_no_function_may_create_or_delete_queues_and_tables(function: str) -> None:
    may = {one.action for one in granted(documents()[function])}
    for what in ("Queue", "Table"):
        assert not may & {f"{verb}{what}" for verb in ("sqs:Delete", "sqs:Create", "sqs:Purge")}
        assert not may & {f"dynamodb:{verb}{what}" for verb in ("Delete", "Create", "Update")}
    # A function may add to its dead letters, and do nothing else with them.
    dead = [one for one in granted(documents()[function]) if "-dead" in one.resource]
    assert {one.action for one in dead} <= {"sqs:GetQueueUrl", "sqs:SendMessage"}
    assert {one.resource.rsplit(":", 1)[1] for one in dead} <= {_dead_letters(function)}


def _dead_letters(function: str) -> str:
    fed = {queue.function: queue.name for queue in QUEUES}
    return f"bridge-test-{fed[function]}-dead" if function in fed else ""


@pytest.mark.parametrize("function", policies.functions())
def test_a_function_receives_from_its_own_queue_only(function: str) -> None:
    feeds = {
        event.name: "bridge-test-" + event.queue.rsplit("-", 1)[1]
        for event in app.app.event_sources
        if isinstance(event, SQSEventConfig) and event.queue
    }
    taking = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    may = [one for one in granted(documents()[function]) if one.action in taking]
    assert {one.action for one in may} == (taking if function in feeds else set())
    assert {one.resource.rsplit(":", 1)[1] for one in may} <= {feeds.get(function)}


def test_each_function_writes_its_own_logs() -> None:
    rendered = documents()
    for function in policies.functions():
        [logs] = {one.resource for one in granted(rendered[function]) if one.action[:4] == "logs"}
        group = "qa-sms-bridge-test" + ("" if function == "api_handler" else f"-{function}")
        assert logs.endswith(f":log-group:/aws/lambda/{group}:*")


@pytest.mark.parametrize("function", policies.functions())
def test_a_function_reads_the_secrets_that_it_uses_and_no_others(function: str) -> None:
    may = [one for one in granted(documents()[function]) if one.action == "ssm:GetParameter"]
    assert {one.resource for one in may} == secrets_of(function)


def test_a_secret_that_is_not_in_the_parameter_store_needs_no_permission() -> None:
    plain = {**ENVIRONMENT, "QA_KEY": "in the configuration"}
    rendered = policies.render("test", plain, identity=IDENTITY)
    may = {
        function: [one.resource for one in granted(document) if one.action == "ssm:GetParameter"]
        for function, document in rendered.items()
    }
    assert may["push"] == []
    assert may["api_handler"] == [
        IDENTITY.arn("ssm", f"parameter{PARAMETERS[name]}")
        for name in ("TENCENT_APP_KEY", "TENCENT_CALLBACK_TOKENS")
    ]
    assert "kms:Decrypt" not in {one.action for one in granted(rendered["push"])}


def test_without_an_account_they_hold_in_any_region() -> None:
    for document in policies.render("test", ENVIRONMENT).values():
        for one in granted(document):
            assert one.resource.startswith(f"arn:*:{one.action.partition(':')[0]}:*:*:")


def test_a_role_has_room_for_the_policies_of_two_releases() -> None:
    # 10,240 characters without white space is IAM's limit; an update needs the old and the new policy at once.
    for function, document in policies.render(
        "a-stage-with-a-long-name", ENVIRONMENT, vpc=True, identity=IDENTITY
    ).items():
        assert len(json.dumps(document, separators=(",", ":"))) < 5_000, function


def test_every_write_is_limited_to_partitions() -> None:
    for function, document in documents().items():
        written = partitions(document)
        assert written, function
        for statement in document["Statement"]:
            actions = {one.action for one in granted({"Statement": [statement]})}
            if any("dynamodb" in action for action in actions - READS):
                assert partitions({"Statement": [statement]}) == written
                # Nothing is read under this condition: a reader must be free to look for what is missing.
                assert not actions & READS


def test_the_partitions_are_those_of_the_tables_description() -> None:
    described = re.findall(
        r"^\| `([A-Z_]+)(#<[^|]*>)?`(?:, `([A-Z_]+)`)? \|", store.__doc__ or "", re.M
    )
    kinds = {name for one, _, other in described for name in (one, other) if name}
    fixed = {name for one, rest, other in described for name in (one, other) if name and not rest}
    written = set().union(*(partitions(document) for document in documents().values()))
    assert not written & OF_OPERATORS
    assert written | OF_OPERATORS == {name if name in fixed else f"{name}#*" for name in kinds}


def test_in_a_vpc_they_may_have_a_network_interface() -> None:
    ordinary = policies.render("prod", ELSEWHERE)
    for function, document in policies.render("prod", ELSEWHERE, vpc=True).items():
        added = document["Statement"][len(ordinary[function]["Statement"]) :]
        assert [one["Sid"] for one in added] == ["HasANetworkInterface"]


def test_the_files_are_where_chalice_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.stages.FOLDER", tmp_path)
    (tmp_path / "policies.json").write_text(Path(".chalice/policies.json").read_text())
    documents = policies.render("prod", ELSEWHERE)
    policies.write(tmp_path, "prod", documents)
    for function, document in documents.items():
        path = tmp_path / f"policy-prod-{function}.json"
        assert json.loads(path.read_text()) == document
        assert "${" not in path.read_text()


# --- the test's own IAM ---


@pytest.mark.parametrize(
    ("service", "operation", "params", "wanted"),
    [
        ("dynamodb", "PutItem", {"TableName": "bridge-test"}, ["dynamodb:PutItem"]),
        (
            "dynamodb",
            "BatchGetItem",
            {"RequestItems": {"bridge-test": {}}},
            ["dynamodb:BatchGetItem"],
        ),
        (
            "dynamodb",
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "bridge-test"}},
                    {"ConditionCheck": {"TableName": "bridge-test"}},
                ]
            },
            ["dynamodb:PutItem", "dynamodb:ConditionCheckItem"],
        ),
        (
            "dynamodb",
            "BatchExecuteStatement",
            {"Statements": [{"Statement": 'UPDATE "bridge-test" SET "a"=? WHERE "pk"=?'}]},
            ["dynamodb:PartiQLUpdate"],
        ),
        (
            "dynamodb",
            "ExecuteStatement",
            {"Statement": 'SELECT * FROM "bridge-test"'},
            ["dynamodb:PartiQLSelect"],
        ),
    ],
)
def test_operations_need_what_iam_calls_them(
    service: str, operation: str, params: dict[str, Any], wanted: list[str]
) -> None:
    assert list(needed(service, operation, params)) == [Permission(one, TABLE) for one in wanted]


def item(pk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": "any"}}


STATEMENT = 'UPDATE "bridge-test" SET "a"=? WHERE "pk"=? AND "sk"=? AND "a"=?'


@pytest.mark.parametrize(
    ("operation", "params", "written"),
    [
        ("PutItem", {"TableName": "bridge-test", "Item": item("OUT#a#b")}, [("OUT#*",)]),
        ("DeleteItem", {"TableName": "bridge-test", "Key": item("PULLED")}, [("PULLED",)]),
        ("UpdateItem", {"TableName": "bridge-test", "Key": item("DUE#7")}, [("DUE#*",)]),
        (
            "BatchWriteItem",
            {
                "RequestItems": {
                    "bridge-test": [
                        {"PutRequest": {"Item": item("PHONE#1")}},
                        {"PutRequest": {"Item": item("PHONE#2")}},
                        {"DeleteRequest": {"Key": item("DUE#7")}},
                    ]
                }
            },
            [("DUE#*", "PHONE#*")],
        ),
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": "bridge-test", "Item": item("OUT#1")}},
                    {"Delete": {"TableName": "bridge-test", "Key": item("PHONE#1")}},
                ]
            },
            [("OUT#*",), ("PHONE#*",)],
        ),
        (
            "BatchExecuteStatement",
            {
                "Statements": [
                    {
                        "Statement": STATEMENT,
                        "Parameters": [{"M": {}}, {"S": pk}, {"S": "x"}, {"S": "y"}],
                    }
                    for pk in ("PHONE#1", "OUT#1")
                ]
            },
            [("PHONE#*",), ("OUT#*",)],
        ),
        ("GetItem", {"TableName": "bridge-test", "Key": item("OUT#1")}, [()]),
        ("BatchGetItem", {"RequestItems": {"bridge-test": {"Keys": [item("OUT#1")]}}}, [()]),
    ],
)
def test_writes_need_the_partitions_of_their_items(
    operation: str, params: dict[str, Any], written: list[tuple[str, ...]]
) -> None:
    assert [one.partitions for one in needed("dynamodb", operation, params)] == written


def test_a_write_to_the_partition_of_another_function_is_denied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    push = documents()["push"]

    def puts(*partitions: str) -> bool:
        return allows(push, Permission("dynamodb:BatchWriteItem", TABLE, partitions))

    assert puts()
    assert puts("OUT#*")
    assert puts("BREAKER", "OUT#*")
    assert not puts("PHONE#*")
    assert not puts("OUT#*", "PHONE#*")
    guard = Guard()
    with pytest.raises(ClientError, match="AccessDenied"):
        guard.check("push", "PutItem", [Permission("dynamodb:PutItem", TABLE, ("PHONE#*",))])
    [said] = guard.denied
    assert said.endswith(f"does not allow push dynamodb:PutItem on {TABLE}, PHONE#*")
    # Only where somebody asks what the policies should allow.
    monkeypatch.setattr(permissions, "RECORDING", True)
    guard.check("push", "PutItem", [Permission("dynamodb:PutItem", TABLE, ("SIGNS",))])


def test_the_record_has_the_actions_by_resource_and_the_partitions() -> None:
    used = [
        ("push", "dynamodb:LeadingKeys", "OUT#*"),
        ("push", "dynamodb:PutItem", TABLE),
        ("push", "dynamodb:LeadingKeys", "BREAKER"),
        ("push", "dynamodb:GetItem", TABLE),
    ]
    assert permissions.record(used) == {
        "push": {
            "dynamodb:LeadingKeys": ["BREAKER", "OUT#*"],
            TABLE: ["dynamodb:GetItem", "dynamodb:PutItem"],
        }
    }


def test_a_call_that_is_not_allowed_is_denied() -> None:
    push = documents()["push"]
    assert not allows(push, Permission("dynamodb:DeleteItem", TABLE))
    assert not allows(push, Permission("dynamodb:PutItem", TABLE + "-of-another-stage"))
    guard = Guard()
    with pytest.raises(ClientError, match="AccessDenied"):
        guard.check("push", "DeleteTable", [Permission("dynamodb:DeleteTable", TABLE)])
    [said] = guard.denied
    assert said == f".chalice/policies.json does not allow push dynamodb:DeleteTable on {TABLE}"


def test_a_call_of_a_function_is_checked(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard()
    guard.install(monkeypatch)
    monkeypatch.setattr("tests.support.deployment.permissions.allows", lambda *_: False)
    failed = linked.ask("GET", "/sms/smsTemplate/7000")
    assert failed.status == 500
    assert guard.used.keys() == {"api_handler"}
    assert guard.denied


# --- secrets ---


def forget() -> None:
    """Start with a process that has read no secret yet."""
    if "ssm" in DEFAULT_PROVIDERS:
        DEFAULT_PROVIDERS["ssm"].clear_cache()


@pytest.fixture
def sealed(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bridge]:
    """Return a bridge whose secrets are in the parameter store."""
    monkeypatch.setenv("AWS_REGION", aws.REGION)
    store = boto3.client("ssm")
    for name, value in SECRETS.items():
        store.put_parameter(Name=PARAMETERS[name], Value=value, Type="SecureString")
    bridge.configure(**{name: f"ssm:{where}" for name, where in PARAMETERS.items()})
    # The library caches its own client, which would belong to the AWS of another test.
    parameters.clear_caches()  # type: ignore[no-untyped-call]
    yield bridge
    parameters.clear_caches()  # type: ignore[no-untyped-call]


def test_only_functions_that_read_secrets_may(
    sealed: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed.configure(TENCENT_RECEIPTS="pull")
    tencents = Pulls(sealed)
    guard = Guard()
    guard.install(monkeypatch)
    sealed.link()
    code = sealed.template("您好")
    assert sealed.campaign(["13900000001", "13900000002"], code=code).code == "OK"
    for function in ("read", "deliver", "settle", "push"):
        forget()
        sealed.pump.drain(function)
    sealed.deliver_all()
    forget()
    sealed.pump.drain("settle")
    forget()
    sealed.pump.drain("push")
    assert tencents.waiting == {0: [], 1: []}
    forget()
    assert sealed.callback([])[0] == 200
    code = sealed.template("再见")
    sealed.campaign(["13900000003"], code=code, out_id="late")
    sealed.pump.drain("deliver")
    for function, hours in (("pull", 0), ("inquire", 8), ("sweep", 80)):
        sealed.clock.advance(hours=hours)
        forget()
        sealed.pump.sweep() if function == "sweep" else pulls.run(function)
    read = {
        function: {one.resource for one in used if one.action == "ssm:GetParameter"}
        for function, used in guard.used.items()
    }
    assert read.keys() >= {"deliver", "settle", "push", "pull", "inquire", "sweep"}
    assert guard.denied == set()
    assert read == {function: secrets_of(function) for function in read}


# --- the end of a run of all integration tests ---


@pytest.fixture
def rule(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return `tests/conftest.py` as a module that has recorded no permission yet."""
    found: Any = pytestconfig.pluginmanager.get_plugin(
        str(Path(__file__).parents[1] / "conftest.py")
    )
    monkeypatch.setattr(found, "_used", set())
    return found


def end(rule: Any, *paths: str, keyword: str = "") -> int:
    option = SimpleNamespace(keyword=keyword, markexpr="not deployed", deselect=None)
    config = SimpleNamespace(option=option, args=[str(Path(path).resolve()) for path in paths])
    session = SimpleNamespace(config=config, exitstatus=pytest.ExitCode.OK)
    rule.pytest_sessionfinish(session, pytest.ExitCode.OK)
    return int(session.exitstatus)


def test_an_unused_permission_fails_a_run_of_all_integration_tests(rule: Any) -> None:
    assert end(rule, "tests") == end(rule, "tests/integration") == 1
    rule._used.update(
        (function, *one) for function, document in documents().items() for one in expected(document)
    )
    assert end(rule, "tests") == 0
    for unused in (("push", "dynamodb:PutItem", TABLE), ("push", "dynamodb:LeadingKeys", "OUT#*")):
        rule._used.remove(unused)
        assert end(rule, "tests") == 1
        rule._used.add(unused)


def test_an_unused_permission_does_not_fail_a_run_of_some_integration_tests(rule: Any) -> None:
    assert end(rule, "tests/integration/test_pull.py") == 0
    assert end(rule, "tests", keyword="pull") == 0
