"""`ops env`: a shell gets the local stack's environment, and nothing leads it elsewhere."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.in_process.bridge import ENVIRONMENT, Bridge
from tests.support.in_process.operator import answer, ops

ODD = 'it\'s "$HOME" `x` \\ ${y}\nsecond line; 密钥'


def publish(bridge: Bridge, **more: str) -> dict[str, str]:
    environment = {**ENVIRONMENT, **more}
    Path(bridge.state, "stack.json").write_text(json.dumps({"environment": environment}))
    return environment


def evaluated(text: str, **before: str) -> dict[str, str]:
    """The environment of a shell that had some variables and evaluated these lines."""
    done = subprocess.run(
        ["/bin/bash", "-c", 'eval "$1"; exec /usr/bin/env -0', "bash", text],
        env=before,
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = (one.partition("=") for one in done.stdout.split("\0") if one)
    return {name: value for name, _, value in pairs}


def test_a_shell_gets_every_variable_of_the_stack(local: Bridge) -> None:
    environment = publish(local, QA_KEY=ODD, PUBLIC_BASE_URL="")
    result = ops("env")
    assert result.exit_code == 0
    assert evaluated(result.stdout).items() >= environment.items()
    assert answer("env") == environment


def test_every_line_exports_one_variable(local: Bridge) -> None:
    environment = publish(local)
    lines = [shlex.split(line) for line in ops("env").stdout.splitlines()]
    assert lines == [["export", f"{name}={value}"] for name, value in sorted(environment.items())]


def test_variables_that_would_lead_to_the_real_aws_are_unset(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray = {"AWS_PROFILE": "work", "AWS_ENDPOINT_URL_SQS": "https://sqs.example.com"}
    for name, value in stray.items():
        monkeypatch.setenv(name, value)
    publish(local)
    assert not any(name in ops("env").stdout for name in stray)
    publish(local, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    shell = evaluated(ops("env").stdout, **stray, AWS_CA_BUNDLE="/harmless")
    assert not stray.keys() & shell.keys()
    assert shell["AWS_CA_BUNDLE"] == "/harmless"
    assert shell["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"


def test_without_a_local_stack_the_error_says_what_to_do(local: Bridge) -> None:
    Path(local.state, "stack.json").unlink()
    result = ops("env")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "make up" in result.stderr
