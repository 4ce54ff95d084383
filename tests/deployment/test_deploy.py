"""`make deploy` and `make destroy`: what they refuse, what they create, and what a second run does.

ministack provides CloudFormation, parameters, queues and table. Chalice is a program that records its calls
(`tests/support/deployment/chalice_program.py`), because no emulator supports what the real one deploys;
`test_readme.py` covers the functions.
"""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from typer.testing import Result

from chalicelib import aws
from ops import stack
from ops.secret import NAMES, parameter
from tests.support.deployment.chalice_program import PREFIX, Chalice
from tests.support.deployment.checkout import Checkout
from tests.support.deployment.commands import SECRETS, keep_secrets, ops
from tests.support.deployment.permissions import granted

pytestmark = pytest.mark.usefixtures("emulated")


def nothing_was_made() -> bool:
    stacks = boto3.client("cloudformation").list_stacks()["StackSummaries"]
    return not stacks and not aws.dynamodb().list_tables()["TableNames"]


# --- refusals before anything is created ---


def test_every_wrong_setting_is_named_at_once_with_its_shape(
    checkout: Checkout, chalice: Chalice
) -> None:
    checkout.configure(QA_PLATFORM_NAME="", TENCENT_SDK_APP_ID="fourteen", QA_RECEIPTS="maybe")
    before = checkout.files()
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    for name, shape in (
        ("QA_PLATFORM_NAME", "API name entered in Quick Audience"),
        ("TENCENT_SDK_APP_ID", "digits: SDKAppID"),
        ("QA_RECEIPTS", "push or poll"),
    ):
        assert name in result.stderr
        assert shape in result.stderr
    assert "fourteen" not in result.stderr
    assert ".chalice/config.json" in result.stderr
    assert nothing_was_made()
    assert (checkout.files(), chalice.calls) == (before, [])


def test_variables_of_the_shell_are_not_settings_of_the_functions(
    checkout: Checkout, chalice: Chalice, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.configure(QA_PLATFORM_NAME=None)
    monkeypatch.setenv("QA_PLATFORM_NAME", "of the shell")
    result = ops("deploy", "--stage", "prod")
    assert "QA_PLATFORM_NAME is not set" in result.stderr


def test_the_configuration_as_it_ships_is_refused_with_what_to_fill_in() -> None:
    pristine = json.loads((Path(__file__).parents[2] / ".chalice" / "config.json").read_text())
    Path(".chalice/config.json").write_text(json.dumps(pristine))
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    assert "QA_PLATFORM_NAME is not set" in result.stderr
    assert "TENCENT_SDK_APP_ID is not set" in result.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [("nope", "no stage nope in .chalice/config.json, which has dev, prod"), ("", "STAGE=prod")],
)
def test_an_unknown_stage_is_refused(given: str, said: str) -> None:
    for what in ("deploy", "destroy"):
        result = ops(what, "--stage", given)
        assert result.exit_code == 1
        assert said in result.stderr


def test_the_local_stack_is_not_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stack.json").write_text(json.dumps({"environment": {}}))
    monkeypatch.setenv("BRIDGE_STATE", str(tmp_path))
    result = ops("deploy", "--stage", "local")
    assert result.exit_code == 1
    assert "make up" in result.stderr


@pytest.mark.parametrize(
    ("api", "other"),
    [("v5", {"TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"}), ("3.0", {"TENCENT_APP_KEY"})],
)
def test_missing_secrets_are_named_with_the_command_that_stores_them(
    checkout: Checkout, chalice: Chalice, api: str, other: set[str]
) -> None:
    keys = {"TENCENT_APP_KEY", "TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"}
    sources: dict[str, str | None] = {
        name: f"ssm:{parameter('prod', name)}" for name in keys - other
    }
    checkout.configure("prod", TENCENT_API=api, **(dict.fromkeys(other) | sources))
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    for name in NAMES:
        missing = f"python -m ops secret set {name} --stage prod" in result.stderr
        assert missing is (name not in other)
    assert nothing_was_made()


def test_a_blank_secret_is_refused(chalice: Chalice) -> None:
    keep_secrets()
    store = boto3.client("ssm")
    where = "/qa-sms-bridge/prod/tencent-callback-tokens"
    store.put_parameter(Name=where, Value=" , ", Type="SecureString", Overwrite=True)
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    assert f"{where} is blank" in result.stderr


def test_a_secret_where_the_functions_may_not_read_is_refused(
    checkout: Checkout, chalice: Chalice
) -> None:
    keep_secrets()
    checkout.configure(QA_KEY="ssm:/somewhere/else")
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    assert "ssm:/qa-sms-bridge/prod/qa-key" in result.stderr


def test_a_secret_in_the_file_causes_a_warning_and_is_not_shown(
    checkout: Checkout, chalice: Chalice
) -> None:
    checkout.configure(**SECRETS)
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 0, result.output
    for name, value in SECRETS.items():
        assert f"{name} stands in .chalice/config.json" in result.stderr
        assert not any(part in result.output for part in value.split(","))


def refusal(checkout: Checkout, **settings: str) -> str:
    """Return what a deployment with these settings is refused for."""
    checkout.configure(**settings)
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    assert nothing_was_made()
    return result.stderr


@pytest.mark.parametrize(
    "settings",
    [
        {"QA_AUTH": "off"},
        {"QA_AUTH": "off", "QA_SOURCE_ADDRESSES": "0.0.0.0/0"},
        {"QA_AUTH": "off", "QA_SOURCE_ADDRESSES": "203.0.113.7,::/0"},
        {"QA_AUTH": "off", "QA_SOURCE_ADDRESSES": "1.0.0.0/7"},
    ],
)
def test_a_stage_without_authentication_needs_source_addresses(
    checkout: Checkout, chalice: Chalice, settings: dict[str, str]
) -> None:
    keep_secrets()
    assert "QA_SOURCE_ADDRESSES" in refusal(checkout, **settings)


@pytest.mark.parametrize("where", ["file", "store"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QA_KEY", "k"),
        ("QA_KEY", "fifteen-letters"),
        ("QA_KEY", "a-long-enough-key,short"),
        ("QA_KEY", "  spaces-around  "),
        ("TENCENT_CALLBACK_TOKENS", "a"),
        ("TENCENT_CALLBACK_TOKENS", "x" * 21),
        ("TENCENT_CALLBACK_TOKENS", f"{'x' * 22},short"),
    ],
)
def test_a_secret_that_can_be_guessed_is_refused_wherever_it_is(
    checkout: Checkout, chalice: Chalice, where: str, name: str, value: str
) -> None:
    keep_secrets()
    if where == "store":
        parameter = f"/qa-sms-bridge/prod/{name.lower().replace('_', '-')}"
        boto3.client("ssm").put_parameter(
            Name=parameter, Value=value, Type="SecureString", Overwrite=True
        )
    text = refusal(checkout, **({name: value} if where == "file" else {}))
    assert f"{name} has a secret of" in text
    assert len(value) < 5 or value not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QA_BASE_URL", "http://quicka.aliyun.com"),
        ("QA_BASE_URL", "http://127.0.0.1:9"),
        ("TENCENT_BASE_URL", "http://yun.tim.qq.com/v5/tlssmssvr"),
        ("PUBLIC_BASE_URL", "http://m.example.cn"),
        ("OSS_ALLOWED_HOSTS", ".aliyuncs.com,http://127.0.0.1:9000"),
    ],
)
def test_an_http_address_is_refused(
    checkout: Checkout, chalice: Chalice, name: str, value: str
) -> None:
    keep_secrets()
    assert f"{name} is an http:// address" in refusal(checkout, **{name: value})


def test_all_that_is_open_to_strangers_is_named_at_once(
    checkout: Checkout, chalice: Chalice
) -> None:
    keep_secrets()
    text = refusal(
        checkout, QA_AUTH="off", TENCENT_CALLBACK_TOKENS="a", PUBLIC_BASE_URL="http://m.example.cn"
    )
    assert all(name in text for name in ("QA_AUTH", "TENCENT_CALLBACK_TOKENS", "PUBLIC_BASE_URL"))


def test_a_stage_without_authentication_but_with_source_addresses_is_deployed(
    checkout: Checkout, chalice: Chalice
) -> None:
    keep_secrets()
    checkout.configure(QA_AUTH="off", QA_SOURCE_ADDRESSES="203.0.113.0/24, 2001:db8::/32")
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 0, result.output


def test_two_stages_on_one_table_are_refused(checkout: Checkout, chalice: Chalice) -> None:
    checkout.configure("staging", BRIDGE_TABLE="qa-sms-bridge-prod")
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    assert "BRIDGE_TABLE is qa-sms-bridge-prod in stage staging, too" in result.stderr


def test_a_parameter_of_the_stack_that_does_not_exist_is_refused(
    checkout: Checkout, chalice: Chalice
) -> None:
    config = checkout.config
    config["stages"]["prod"]["stack"] = {"AlarmMail": "a@example.com", "Table": "mine"}
    checkout.write(config)
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    assert "AlarmMail, Table" in result.stderr
    assert "AlarmEmail" in result.stderr


def test_without_credentials_the_error_says_what_to_set(
    chalice: Chalice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    assert "AWS_PROFILE" in result.stderr


def test_a_stage_that_another_checkout_deployed_is_refused(chalice: Chalice) -> None:
    keep_secrets()
    name = "qa-sms-bridge-prod"
    boto3.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/any",
        Handler="app.app",
        Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
    )
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    assert ".chalice/deployed/prod.json" in result.stderr
    assert nothing_was_made()


# --- what is created ---


def test_chalice_is_called_to_deploy_the_stage(deployed: Result, chalice: Chalice) -> None:
    assert chalice.calls == [["deploy", "--stage", "prod"]]


def test_the_urls_are_printed_and_no_secret(deployed: Result) -> None:
    assert f"Give to Quick Audience  {PREFIX}\n" in deployed.stdout
    assert f"Give to Tencent         {PREFIX}/tencent/<token>/callback" in deployed.stdout
    assert "ops doctor --stage prod" in deployed.stdout
    assert "ops doctor --stage prod --show-token` prints the token" in deployed.stdout
    for value in SECRETS.values():
        assert not any(part in deployed.output for part in value.split(","))


def test_the_token_is_printed_on_request(deployed: Result) -> None:
    result = ops("deploy", "--stage", "prod", "--show-token")
    assert f"{PREFIX}/tencent/t0ken-one-of-the-callback/callback" in result.stdout


def test_the_table_is_protected_and_the_queues_fit_their_functions(
    deployed: Result, checkout: Checkout
) -> None:
    table = aws.dynamodb().describe_table(TableName="qa-sms-bridge-prod")["Table"]
    assert table["DeletionProtectionEnabled"] is True
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    for queue, function in (("sends", "deliver"), ("callbacks", "settle"), ("receipts", "push")):
        url = aws.sqs().get_queue_url(QueueName=f"qa-sms-bridge-prod-{queue}")["QueueUrl"]
        found = aws.sqs().get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        timeout = checkout.config["lambda_functions"][function]["lambda_timeout"]
        assert int(found["VisibilityTimeout"]) == 6 * timeout
        assert found["MessageRetentionPeriod"] == str(4 * 24 * 3600)
        url = aws.sqs().get_queue_url(QueueName=f"qa-sms-bridge-prod-{queue}-dead")["QueueUrl"]
        found = aws.sqs().get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert found["MessageRetentionPeriod"] == str(14 * 24 * 3600)


def test_chalice_gets_what_it_needs_of_a_stage(
    deployed: Result, checkout: Checkout, chalice: Chalice
) -> None:
    own = json.loads(chalice.given["config.json"])["stages"]["prod"]
    written = checkout.config["stages"]["prod"]
    assert own["environment_variables"] == written["environment_variables"] | {
        "BRIDGE_TABLE": "qa-sms-bridge-prod",
        "BRIDGE_QUEUE_PREFIX": "qa-sms-bridge-prod-",
    }
    assert own["autogen_policy"] is False
    for function in checkout.config["lambda_functions"]:
        file = own["lambda_functions"][function]["iam_policy_file"]
        policy = json.loads(chalice.given[file])
        assert "qa-sms-bridge-prod" in json.dumps(policy)


def test_the_policies_name_account_region_and_the_secrets_that_are_used(
    checkout: Checkout, chalice: Chalice
) -> None:
    keep_secrets()
    other = "/qa-sms-bridge/prod/another-name"
    boto3.client("ssm").put_parameter(
        Name=other, Value="k3y-of-quick-audience", Type="SecureString"
    )
    checkout.configure(QA_KEY=f"ssm:{other}")
    assert ops("deploy", "--stage", "prod").exit_code == 0
    account = boto3.client("sts").get_caller_identity()["Account"]
    for function in checkout.config["lambda_functions"]:
        policy = json.loads(chalice.given[f"policy-prod-{function}.json"])
        resources = {one.resource for one in granted(policy)}
        assert f"arn:aws:dynamodb:us-east-1:{account}:table/qa-sms-bridge-prod" in resources
        assert all(f":us-east-1:{account}:" in resource for resource in resources)
        if function == "push":
            read = {resource for resource in resources if ":ssm:" in resource}
            assert read == {f"arn:aws:ssm:us-east-1:{account}:parameter{other}"}


def test_a_checkout_stays_as_it_is_but_for_chalices_record(
    checkout: Checkout, chalice: Chalice
) -> None:
    keep_secrets()
    path = checkout.folder / ".chalice" / "config.json"
    # With its own formatting.
    path.write_text(json.dumps(checkout.config, indent=7) + "\n\n")
    before = checkout.files()
    assert ops("deploy", "--stage", "prod").exit_code == 0
    after = checkout.files()
    assert PREFIX in after.pop(".chalice/deployed/prod.json")
    assert after == before


def test_configured_values_override_those_derived_from_the_stage(
    checkout: Checkout, chalice: Chalice
) -> None:
    keep_secrets()
    checkout.configure(BRIDGE_TABLE="restored", BRIDGE_QUEUE_PREFIX="")
    assert ops("deploy", "--stage", "prod").exit_code == 0
    own = json.loads(chalice.given["config.json"])["stages"]["prod"]["environment_variables"]
    assert (own["BRIDGE_TABLE"], own["BRIDGE_QUEUE_PREFIX"]) == ("restored", "qa-sms-bridge-prod-")
    assert aws.dynamodb().list_tables()["TableNames"] == ["restored"]


def test_a_second_deployment_changes_nothing(deployed: Result, checkout: Checkout) -> None:
    before = checkout.files()
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 0
    assert "stack qa-sms-bridge-prod unchanged" in result.stdout
    assert checkout.files() == before


def test_a_longer_time_out_moves_its_queues_visibility(
    deployed: Result, checkout: Checkout
) -> None:
    config = checkout.config
    config["stages"]["prod"]["lambda_functions"] = {"deliver": {"lambda_timeout": 400}}
    checkout.write(config)
    result = ops("deploy", "--stage", "prod")
    assert "stack qa-sms-bridge-prod updated" in result.stdout
    url = aws.sqs().get_queue_url(QueueName="qa-sms-bridge-prod-sends")["QueueUrl"]
    found = aws.sqs().get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert found["Attributes"]["VisibilityTimeout"] == "2400"


def test_an_address_for_alarms_is_subscribed(deployed: Result, checkout: Checkout) -> None:
    config = checkout.config
    config["stages"]["prod"]["stack"]["AlarmEmail"] = "operator@example.com"
    checkout.write(config)
    assert ops("deploy", "--stage", "prod").exit_code == 0
    [one] = boto3.client("sns").list_subscriptions()["Subscriptions"]
    assert (one["Protocol"], one["Endpoint"]) == ("email", "operator@example.com")


# --- what fails on the way ---


def test_a_stack_that_fails_says_what_failed_and_what_to_do(
    deployed: Result, checkout: Checkout, chalice: Chalice
) -> None:
    break_template(checkout)
    for _ in range(2):
        result = ops("deploy", "--stage", "prod")
        assert result.exit_code == 1
        assert "UPDATE_ROLLBACK_COMPLETE" in result.stderr
        assert "Broken: MetricName and Namespace are required" in result.stderr
        assert "Everything is as it was before" in result.stderr
    assert len(chalice.calls) == 1


def test_a_stack_that_was_never_created_has_to_be_destroyed_first(
    checkout: Checkout, chalice: Chalice
) -> None:
    keep_secrets()
    whole = (checkout.folder / ".chalice" / "resources.json").read_text()
    break_template(checkout)
    assert "ROLLBACK_COMPLETE" in ops("deploy", "--stage", "prod").stderr
    (checkout.folder / ".chalice" / "resources.json").write_text(whole)
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    assert "make destroy" in result.stderr
    assert ops("destroy", "--stage", "prod", "--yes").exit_code == 0
    assert ops("deploy", "--stage", "prod").exit_code == 0


def break_template(checkout: Checkout) -> None:
    path = checkout.folder / ".chalice" / "resources.json"
    template = json.loads(path.read_text())
    template["Resources"]["Broken"] = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {"AlarmName": "broken"},
    }
    path.write_text(json.dumps(template))


def test_if_chalice_fails_the_rest_is_deployed(checkout: Checkout, chalice: Chalice) -> None:
    keep_secrets()
    chalice.write(ends_with=2)
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    assert "`chalice deploy --stage prod` ended with 2" in result.stderr
    chalice.write()
    assert ops("deploy", "--stage", "prod").exit_code == 0


@pytest.mark.parametrize("status", [403, 502])
def test_an_api_that_does_not_answer_is_an_error(
    chalice: Chalice, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    keep_secrets()
    answer = requests.Response()
    answer.status_code = status
    monkeypatch.setattr(requests, "get", lambda *_, **__: answer)
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 1
    assert f"{PREFIX}/health answers {status}" in result.stderr


def test_an_api_that_needs_some_seconds_to_answer_is_waited_for(
    chalice: Chalice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new API, its permission and its role take seconds to be true everywhere."""
    keep_secrets()
    statuses = [403, 403, 500, 403, 200]
    paused: list[float] = []

    def get(*_: object, **__: object) -> requests.Response:
        answer = requests.Response()
        answer.status_code = statuses.pop(0)
        return answer

    monkeypatch.setattr(requests, "get", get)
    monkeypatch.setattr("ops.deploy._SETTLING_SECONDS", 60)
    monkeypatch.setattr("ops.deploy.time.sleep", paused.append)
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 0, result.output
    assert statuses == []
    assert len(paused) == 4


def test_a_custom_domain_is_the_address(checkout: Checkout, chalice: Chalice) -> None:
    keep_secrets()
    config = checkout.config
    config["stages"]["prod"]["api_gateway_custom_domain"] = {
        "domain_name": "sms.example.cn",
        "certificate_arn": "arn:aws:acm:us-east-1:000000000000:certificate/x",
    }
    checkout.write(config)
    result = ops("deploy", "--stage", "prod")
    assert "Give to Quick Audience  https://sms.example.cn\n" in result.stdout


# --- destroying ---


def test_destroying_asks_and_does_nothing_without_confirmation(
    deployed: Result, chalice: Chalice
) -> None:
    url = aws.sqs().get_queue_url(QueueName="qa-sms-bridge-prod-receipts-dead")["QueueUrl"]
    aws.sqs().send_message(QueueUrl=url, MessageBody="{}")
    for typed in ("n\n", ""):
        result = ops("destroy", "--stage", "prod", typed=typed)
        assert result.exit_code == 1
        assert "receipts: 1" in result.output
        assert "nothing was done" in result.stderr
    assert len(chalice.calls) == 1
    assert stack.of_stage("prod").status() == "CREATE_COMPLETE"


def test_destroying_keeps_the_table_and_deploying_imports_it(
    deployed: Result, chalice: Chalice
) -> None:
    table = "qa-sms-bridge-prod"
    item: Any = {"pk": {"S": "PHONE#86"}, "sk": {"S": "SID#1"}}
    aws.dynamodb().put_item(TableName=table, Item=item)
    result = ops("destroy", "--stage", "prod", typed="y\n")
    assert result.exit_code == 0, result.output
    assert chalice.calls[-1] == ["delete", "--stage", "prod"]
    assert "--with-table" in result.stdout
    assert stack.of_stage("prod").status() == ""
    assert aws.sqs().list_queues().get("QueueUrls", []) == []
    assert ops("deploy", "--stage", "prod").exit_code == 0
    kept = aws.dynamodb().scan(TableName=table)["Items"]
    # Beside what operators did.
    assert [one for one in kept if not one["pk"]["S"].startswith("AUDIT#")] == [item]


def test_the_table_is_destroyed_only_on_request(deployed: Result) -> None:
    result = ops("destroy", "--stage", "prod", "--with-table", typed="y\n")
    assert result.exit_code == 0, result.output
    assert "AND THE TABLE" in result.output
    assert nothing_left()
    again = ops("destroy", "--stage", "prod", "--with-table", "--yes")
    assert again.exit_code == 0, again.output


def nothing_left() -> bool:
    return aws.dynamodb().list_tables()["TableNames"] == []


# --- JSON for programs ---


def test_a_deployment_prints_one_json_object_and_its_steps_to_stderr(
    checkout: Checkout, chalice: Chalice
) -> None:
    keep_secrets()
    result = ops("deploy", "--stage", "prod", "--json")
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert printed["stage"] == "prod"
    assert printed["quickAudience"] == PREFIX
    assert printed["tencent"] == f"{PREFIX}/tencent/<token>/callback"
    assert printed["steps"][-1] == f"{PREFIX}/health answers"
    assert all(step in result.stderr for step in printed["steps"])
    assert all(warning in result.stderr for warning in printed["warnings"])


def test_a_deployment_prints_the_token_in_json_only_if_asked(
    checkout: Checkout, chalice: Chalice
) -> None:
    keep_secrets()
    printed = json.loads(ops("deploy", "--stage", "prod", "--json", "--show-token").stdout)
    token = SECRETS["TENCENT_CALLBACK_TOKENS"].partition(",")[0]
    assert printed["tencent"] == f"{PREFIX}/tencent/{token}/callback"


def test_a_destruction_prints_one_json_object(deployed: Result) -> None:
    printed = json.loads(ops("destroy", "--stage", "prod", "--yes", "--json").stdout)
    assert printed["steps"][0] == "functions and API: deleted"
    expected = {"stage": "prod", "messagesLost": {}, "tableDeleted": False}
    assert {name: printed[name] for name in expected} == expected
    assert printed["table"] in aws.dynamodb().list_tables()["TableNames"]
