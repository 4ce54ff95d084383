"""Template and bundle deployed by CloudFormation, and campaigns through the deployed bridge.

API Gateway → Lambda → SQS → Lambda → Tencent and Quick Audience, and back; schedules and dead letters
included. ministack's gateway and Lambda take the place of AWS's, and their events are tested, because the front of
`local/http.py` is not used.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from chalicelib import __version__
from local import aws
from local.configuration import DEFAULTS, TENCENT_API
from local.deployed import Deployment, deploy
from local.functions import App
from tests.support.deployment.bundle import SIGN, SIGN_ID, Queues, Simulator
from tests.support.waiting import wait_for

QUEUE_PREFIX = DEFAULTS["BRIDGE_QUEUE_PREFIX"]
SECRET = "/emulated/qa-key"
UNREADABLE = "{nobody understands this"


class Stage:
    """A client of a deployed bridge."""

    def __init__(
        self,
        deployment: Deployment,
        endpoint: str,
        folder: Path,
        tencent: Simulator,
        quick_audience: Simulator,
    ) -> None:
        self.deployment = deployment
        self.prefix = deployment.prefix
        self.tencent = tencent
        self.quick_audience = quick_audience
        self.queues = Queues(endpoint, QUEUE_PREFIX)
        self.options = aws.client_options(endpoint)
        self._folder = folder
        # Operator's commands find a running stack by what it publishes.
        environment = {**aws.environment(endpoint, {}), **deployment.environment}
        (folder / "stack.json").write_text(json.dumps({"environment": environment}))

    def ops(self, *words: str) -> Any:
        """Run an operator's command with --json, and return its output."""
        done = subprocess.run(
            [sys.executable, "-m", "ops", *words, "--json"],
            env={**os.environ, "BRIDGE_STATE": str(self._folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """Send a request of Quick Audience; the simulator finds no violation in the answer."""
        asked = {"method": method, "path": path, **more}
        answer = self.quick_audience.post("/_sim/request", asked)
        assert answer["violations"] == []
        return answer

    def template(self, content: str) -> str:
        asked = {"name": "测试", "content": content, "type": 1}
        code = str(self.quick_audience.post("/_sim/templates", asked)["templateCode"])
        path = f"/_sim/templates/{code}"
        wait_for(lambda: self.quick_audience.get(path)["approved"], 30)
        return code

    def campaign(self, out_id: str, **more: Any) -> None:
        campaign = {"outId": out_id, "signName": SIGN, "batch": 100_000, **more}
        sent = self.quick_audience.post("/_sim/campaigns", campaign)
        assert [call["code"] for call in sent["sendCalls"]] == ["OK"]

    def account(self, out_id: str) -> dict[str, Any]:
        return self.quick_audience.get(f"/_sim/campaigns/{out_id}")

    def complete(self, out_id: str, seconds: float) -> dict[str, Any]:
        """Return the account of a campaign once every accepted recipient has a receipt."""
        wait_for(lambda: self.account(out_id)["complete"], seconds, lambda: self.account(out_id))
        return self.account(out_id)


@pytest.fixture(scope="module")
def stage(
    tmp_path_factory: pytest.TempPathFactory,
    tencent_simulator: Simulator,
    quick_audience_simulator: Simulator,
) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("deployed")
    # ministack leaves every unpacked bundle in the temporary folder.
    temporary = folder / "tmp"
    temporary.mkdir()
    settings = {
        **DEFAULTS,
        "QA_KEY": f"ssm:{SECRET}",
        "QA_BASE_URL": quick_audience_simulator.url,
        "TENCENT_BASE_URL": tencent_simulator.url + TENCENT_API,
        "TENCENT_RECEIPTS": "pull",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        ministack = aws.Ministack(folder / "state")
        ministack.start()
    try:
        ministack.wait_ready()
        ssm = boto3.client("ssm", **aws.client_options(ministack.endpoint))
        ssm.put_parameter(Name=SECRET, Value=DEFAULTS["QA_KEY"], Type="SecureString")
        # One try, so that an unreadable message becomes a dead letter when it is received again.
        deployment = deploy(
            ministack.endpoint, settings, folder, receives={"sends": 1, "receipts": 2}
        )
        stage = Stage(
            deployment, ministack.endpoint, folder, tencent_simulator, quick_audience_simulator
        )
        for queue in ("sends", "receipts"):
            stage.queues.send(queue, UNREADABLE)
        token = settings["TENCENT_CALLBACK_TOKENS"]
        callback = f"{deployment.prefix}/tencent/{token}/callback"
        tencent_simulator.post("/_sim/behaviour", {"callback_url": callback, "pull_enabled": True})
        quick_audience_simulator.post("/_sim/settings", {"bridgeUrl": deployment.prefix})
        stage.ops("sign", "link", SIGN, SIGN_ID)
        yield stage
    finally:
        ministack.stop()


@pytest.fixture(scope="module")
def plain_template(stage: Stage) -> str:
    return stage.template("您的包裹已经到达，请及时领取。")


def test_a_monitor_is_answered_and_a_foreign_path_is_not(stage: Stage) -> None:
    assert requests.get(stage.prefix + "/health", timeout=60).json() == {
        "status": "ok",
        "version": __version__,
    }
    # API Gateway answers itself, without a function.
    refused = requests.get(stage.prefix + "/nothing", timeout=60)
    assert (refused.status_code, refused.json()) == (
        403,
        {"message": "Missing Authentication Token"},
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/sms/nothing"), ("DELETE", "/sms/sendBatchList"), ("POST", "/sms/a/b/c")],
)
def test_an_unknown_route_below_sms_is_answered_in_the_envelope(
    stage: Stage, method: str, path: str
) -> None:
    answer = requests.request(method, stage.prefix + path, timeout=60)

    assert answer.status_code == 404
    assert answer.json()["code"] == "404"
    assert answer.json()["platformName"] == DEFAULTS["QA_PLATFORM_NAME"]


def test_a_chinese_sign_in_the_path_and_the_signature_in_the_query_arrive(stage: Stage) -> None:
    # The key comes from the parameter store.
    answer = stage.ask("GET", f"/sms/smsSign/{SIGN}")

    assert answer["status"] == 200
    assert (answer["body"]["signName"], answer["body"]["signStatus"]) == (SIGN, 1)


def test_a_campaign_is_sent_and_reported(stage: Stage) -> None:
    code = stage.template("${name}您好，您的包裹已经到达。")
    phones = [
        {"count": 260, "start": "13700000000"},
        *("13600009901", "13600009902", "13600009944", "12345"),
    ]

    stage.campaign(
        "home",
        templateCode=code,
        phones=phones,
        params={"generate": {"name": "客户{group}"}, "groups": 2},
    )

    account = stage.complete("home", 90)
    assert (account["recipients"], account["contradictory"], account["unexpected"]) == (264, 0, 0)
    assert account["delivered"] + account["failed"] == 264
    wait_for(lambda: stage.account("home")["replies"] == 2, 30)
    shown = stage.ops("campaign", "show", "home")
    assert (shown["delivered"], shown["failed"]) == (account["delivered"], account["failed"])
    assert (shown["waiting"], shown["unknown"], shown["replies"]) == (0, 0, 2)
    text = stage.tencent.get("/_sim/messages?mobile=13700000001")["messages"]
    assert [message["text"] for message in text] == [f"【{SIGN}】客户1您好，您的包裹已经到达。"]


def test_the_schedules_exist_and_the_one_of_each_minute_brings_receipts(
    stage: Stage, plain_template: str
) -> None:
    events = boto3.client("events", **stage.options)
    rules = {}
    for rule in events.list_rules()["Rules"]:
        [target] = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        function = target["Arn"].rpartition(":")[2]
        rules[function] = (rule["ScheduleExpression"], rule["State"])
    functions = stage.deployment.functions
    assert rules == {
        functions["sweep"]: ("rate(1 hour)", "ENABLED"),
        functions["pull"]: ("rate(1 minute)", "ENABLED"),
        functions["release"]: ("rate(1 minute)", "ENABLED"),
        functions["inquire"]: ("rate(1 hour)", "ENABLED"),
    }

    # Without a callback URL, Tencent's statuses wait to be pulled.
    stage.tencent.post("/_sim/behaviour", {"callback_url": None})
    stage.campaign("pulled", templateCode=plain_template, phones=["13500000001", "13500000002"])

    assert stage.complete("pulled", 120)["delivered"] == 2


@pytest.mark.parametrize("function", ["sweep", "inquire"])
def test_the_schedules_of_each_hour_start_their_functions(stage: Stage, function: str) -> None:
    answer = boto3.client("lambda", **stage.options).invoke(
        FunctionName=stage.deployment.functions[function],
        Payload=Path(__file__).with_name("events").joinpath("schedule.json").read_bytes(),
    )

    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) is None


@pytest.mark.parametrize("queue", ["receipts", "sends"])
def test_unreadable_messages_end_in_the_dead_letters(stage: Stage, queue: str) -> None:
    wait_for(
        lambda: stage.queues.count(f"{queue}-dead") == 1,
        120,
        lambda: stage.queues.count(queue),
    )
    letter, _ = stage.queues.receive(f"{queue}-dead")
    assert letter == UNREADABLE


def test_the_queues_feed_the_functions_as_the_app_asks(stage: Stage) -> None:
    mappings = boto3.client("lambda", **stage.options).list_event_source_mappings()
    found = {
        (
            mapping["EventSourceArn"].rpartition(":")[2],
            mapping["FunctionArn"].rpartition(":")[2],
            mapping["BatchSize"],
            mapping["MaximumBatchingWindowInSeconds"],
            mapping["ScalingConfig"]["MaximumConcurrency"],
        )
        for mapping in mappings["EventSourceMappings"]
    }

    assert found == {
        (
            queue.queue,
            stage.deployment.functions[name],
            queue.batch_size,
            queue.maximum_batching_window_in_seconds,
            queue.maximum_concurrency,
        )
        for name, queue in App().queues.items()
    }


def test_the_functions_have_their_limits_and_their_settings(stage: Stage) -> None:
    app = App()
    client = boto3.client("lambda", **stage.options)
    for name, deployed in stage.deployment.functions.items():
        function = client.get_function_configuration(FunctionName=deployed)
        limits = app.config("api_handler" if name == "app" else name)
        assert function["Handler"] == f"app.{name}"
        assert function["Timeout"] == limits.lambda_timeout
        assert function["MemorySize"] == limits.lambda_memory_size
        variables = function["Environment"]["Variables"]
        assert stage.deployment.environment.items() <= variables.items()
        assert DEFAULTS["QA_KEY"] not in variables.values()
