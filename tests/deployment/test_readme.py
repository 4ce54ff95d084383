"""README's “Deploy it” and docs/deployment.md, word for word, against an emulated AWS and a simulated Tencent."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from local import aws
from local.configuration import DEFAULTS, TENCENT_API
from local.processes import LISTENING, Process
from ops import policies
from tests.support.deployment.checkout import Checkout

# Packing takes a quarter of a minute, and is done twice.
pytestmark = [pytest.mark.timeout(600), pytest.mark.deployed]

README = Path("README.md").read_text()
PAGE = Path("docs/deployment.md").read_text()
TYPED = {"QA_KEY": "the-key-of-quick-audience", "TENCENT_APP_KEY": DEFAULTS["TENCENT_APP_KEY"]}


def section(text: str, heading: str) -> str:
    _, found = text.split(f"\n## {heading}\n")
    return found.split("\n## ")[0]


def commands(text: str, heading: str) -> list[str]:
    block: str = re.findall(r"```\n(.*?)```", section(text, heading), re.DOTALL)[0]
    return block.strip().splitlines()


def environment(endpoint: str) -> dict[str, str]:
    """Return what the page's `export` sets, and nothing of AWS that was set before."""
    [line] = re.findall(r"^export (.*)$", section(PAGE, "Deploy into an emulator"), re.MULTILINE)
    exported = dict(word.split("=", 1) for word in line.split())
    exported["AWS_ENDPOINT_URL"] = endpoint
    # The rest keeps a test from reaching the real AWS.
    return {**aws.environment(endpoint, os.environ), **exported}


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
    assert process.wait(20)


@pytest.fixture
def checkout(tmp_path: Path, tencent: str) -> Checkout:
    """A checkout in which step 1 was done, and the two simulators named."""
    made = Checkout(tmp_path / "checkout", code=True)
    made.configure(
        QA_PLATFORM_NAME="demo",
        TENCENT_SDK_APP_ID=DEFAULTS["TENCENT_SDK_APP_ID"],
        TENCENT_BASE_URL=tencent,
        QA_BASE_URL="http://127.0.0.1:9",
    )
    config = made.config
    config["stages"]["prod"]["stack"]["AlarmEmail"] = "operator@example.com"
    made.write(config)
    return made


def test_the_page_has_the_readmes_commands() -> None:
    assert commands(PAGE, "Deploy to AWS") == commands(README, "Deploy it")


def test_what_the_readme_says_deploys_and_says_so(
    checkout: Checkout, ministack: aws.Ministack
) -> None:
    def run(command: str, typed: str = "") -> str:
        done = subprocess.run(
            ["/bin/bash", "-c", command],
            cwd=checkout.folder,
            env=environment(ministack.endpoint) | {"COLUMNS": "250"},
            input=typed,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    said = {}
    for command in commands(README, "Deploy it"):
        typed = [value for name, value in TYPED.items() if f" {name} " in command]
        said[command] = run(command, "".join(typed))
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
    wanted = policies.render("prod", table="qa-sms-bridge-prod", queue_prefix="qa-sms-bridge-prod-")
    assert all(document in found for document in wanted.values())

    again = run("make deploy STAGE=prod")
    assert "stack qa-sms-bridge-prod unchanged" in again
    assert "stack qa-sms-bridge-prod-functions unchanged" in again
    assert prefix in again

    gone = run("make destroy STAGE=prod", "y\n")
    assert "The table qa-sms-bridge-prod stays" in gone
    assert boto3.client("sqs", **options).list_queues().get("QueueUrls", []) == []
    tables = boto3.client("dynamodb", **options).list_tables()["TableNames"]
    assert "qa-sms-bridge-prod" in tables
