"""README's “Deploy it” and docs/deployment.md, word for word, against an emulated AWS and a simulated Tencent."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from local import aws
from local.configuration import DEFAULTS, TENCENT_API
from local.processes import LISTENING, Process
from ops import policies
from ops.cloud.identity import Identity
from tests.support.deployment.checkout import Checkout

# Packing takes a quarter of a minute, and is done three times.
pytestmark = pytest.mark.deployed

Run = Callable[..., str]
README = Path("README.md").read_text()
PAGE = Path("docs/deployment.md").read_text()
TYPED = {"QA_KEY": "the-key-of-quick-audience", "TENCENT_APP_KEY": DEFAULTS["TENCENT_APP_KEY"]}


def section(text: str, heading: str) -> str:
    _, found = text.split(f"\n## {heading}\n")
    return found.split("\n## ")[0]


def commands(text: str, heading: str) -> list[str]:
    block: str = re.findall(r"```\n(.*?)```", section(text, heading), re.DOTALL)[0]
    return block.strip().splitlines()


ADOPTED = 'eval "$(.venv/bin/python -m ops env)"'
"""What directs a shell to the local stack."""


@pytest.fixture
def tencent(tmp_path: Path) -> Iterator[str]:
    process = Process(
        "tencent",
        "local.tencent",
        *("--port", "0"),
        environment={**os.environ, **DEFAULTS},
        log=tmp_path / "tencent.log",
        ready=LISTENING,
    )
    process.start()
    yield process.wait_ready()["url"] + TENCENT_API
    process.terminate()
    assert process.wait(60)


@pytest.fixture
def checkout(tmp_path: Path, tencent: str, ministack: aws.Ministack) -> Checkout:
    """A checkout in which step 1 was done, beside a local stack that `ops env` finds."""
    made = Checkout(tmp_path / "checkout", code=True)
    local = {"TENCENT_BASE_URL": tencent, "QA_BASE_URL": "http://127.0.0.1:9"}
    made.configure(
        QA_PLATFORM_NAME="demo", TENCENT_SDK_APP_ID=DEFAULTS["TENCENT_SDK_APP_ID"], **local
    )
    config = made.config
    config["stages"]["prod"]["stack"]["AlarmEmail"] = "operator@example.com"
    made.write(config)
    variables = {**aws.environment(ministack.endpoint, {}), **DEFAULTS, **local}
    (made.folder / ".local").mkdir()
    (made.folder / ".local" / "stack.json").write_text(json.dumps({"environment": variables}))
    return made


@pytest.fixture
def run(checkout: Checkout) -> Run:
    """Return what runs commands in a shell of the checkout, and returns what they print."""
    # Without AWS's variables: only `ops env` leads to an AWS, and to an emulated one.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "BRIDGE_", "QA_", "TENCENT_", "PUBLIC_", "OSS_"))
    }
    unreachable = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": os.devnull}

    def in_shell(commands: str, typed: str = "") -> str:
        done = subprocess.run(
            ["/bin/bash", "-e", "-c", commands],
            cwd=checkout.folder,
            env=kept | unreachable | {"COLUMNS": "250"},
            input=typed,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{commands}: {done.stdout}{done.stderr}"
        return done.stdout

    return in_shell


def test_the_page_has_the_readmes_commands() -> None:
    assert commands(PAGE, "Deploy to AWS") == commands(README, "Deploy it")


def test_the_pages_block_deploys_into_an_emulator(checkout: Checkout, run: Run) -> None:
    block = commands(PAGE, "Deploy into an emulator")
    assert block[0] == ADOPTED
    before = checkout.config["stages"]
    printed = run("\n".join(block))
    assert "stack qa-sms-bridge-emulated created" in printed
    prefix = re.findall(r"Give to Quick Audience +(\S+)", printed)[0]
    doctor = printed.rpartition("Next: ")[2]
    assert prefix in doctor
    assert "error" not in doctor
    assert DEFAULTS["TENCENT_CALLBACK_TOKENS"] not in printed
    added = checkout.config["stages"].pop("emulated")
    assert added["environment_variables"]["QA_KEY"] == "ssm:/qa-sms-bridge/emulated/qa-key"
    assert {name: one for name, one in checkout.config["stages"].items() if name != "emulated"} == (
        before
    )
    run(f"{ADOPTED}\nmake destroy STAGE=emulated", "y\n")


def test_what_the_readme_says_deploys_and_says_so(
    checkout: Checkout, ministack: aws.Ministack, run: Run
) -> None:
    said = {}
    for command in commands(README, "Deploy it"):
        typed = [value for name, value in TYPED.items() if f" {name} " in command]
        said[command] = run(f"{ADOPTED}\n{command}", "".join(typed))
    deployed, doctor = said["make deploy STAGE=prod"], list(said.values())[-1]
    assert "qa-sms-bridge-prod created" in deployed
    prefix = re.findall(r"Give to Quick Audience +(\S+)", deployed)[0]
    assert "error" not in doctor
    assert prefix in doctor
    [token] = re.findall(r"/tencent/(\S{32})/callback", doctor)
    assert token not in deployed

    options = aws.client_options(ministack.endpoint)
    iam = boto3.client("iam", **options)
    found = [
        iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"]
        for role in iam.list_roles()["Roles"]
        for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
    ]
    account = boto3.client("sts", **options).get_caller_identity()["Account"]
    identity = Identity(account=account, region=options["region_name"], partition="aws")
    wanted = policies.of_stage(checkout.config, "prod", identity)
    assert all(document in found for document in wanted.values())

    again = run(f"{ADOPTED}\nmake deploy STAGE=prod")
    assert "stack qa-sms-bridge-prod unchanged" in again
    assert "stack qa-sms-bridge-prod-functions unchanged" in again
    assert prefix in again

    gone = run(f"{ADOPTED}\nmake destroy STAGE=prod", "y\n")
    assert "The table qa-sms-bridge-prod stays" in gone
    assert boto3.client("sqs", **options).list_queues().get("QueueUrls", []) == []
    tables = boto3.client("dynamodb", **options).list_tables()["TableNames"]
    assert "qa-sms-bridge-prod" in tables
