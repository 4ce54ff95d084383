"""`ops secret`: storing secrets in the parameter store."""

import json
import os

import boto3
import pytest

from ops.commands import secret
from tests.support.deployment.checkout import Checkout
from tests.support.deployment.commands import ops

pytestmark = pytest.mark.usefixtures("emulated")


def test_a_secret_is_stored_encrypted_and_not_shown() -> None:
    result = ops("secret", "set", "QA_KEY", "--stage", "prod", typed=" s3cret \n")
    assert result.exit_code == 0
    assert "s3cret" not in result.output
    found = boto3.client("ssm").get_parameter(
        Name="/qa-sms-bridge/prod/qa-key", WithDecryption=True
    )["Parameter"]
    assert (found["Type"], found["Value"]) == ("SecureString", "s3cret")


def test_a_secret_can_be_generated_and_replaced() -> None:
    made = set()
    for _ in range(2):
        ops("secret", "set", "TENCENT_CALLBACK_TOKENS", "--generate", "--stage", "prod")
        where = "/qa-sms-bridge/prod/tencent-callback-tokens"
        found = boto3.client("ssm").get_parameter(Name=where, WithDecryption=True)["Parameter"]
        made.add(found["Value"])
    assert len(made) == 2
    assert all(len(value) >= 32 for value in made)


def stored() -> str:
    found = boto3.client("ssm").get_parameter(
        Name="/qa-sms-bridge/prod/qa-key", WithDecryption=True
    )
    return str(found["Parameter"]["Value"])


@pytest.mark.parametrize(
    ("words", "typed", "left"),
    [([], "n\n", "first"), ([], "y\nsecond\n", "second"), (["--yes"], "second\n", "second")],
)
def test_a_terminal_is_asked_before_a_secret_is_replaced(
    monkeypatch: pytest.MonkeyPatch, words: list[str], typed: str, left: str
) -> None:
    monkeypatch.setattr(secret, "_is_terminal", lambda: True)
    first = ops("secret", "set", "QA_KEY", "--stage", "prod", typed="first\n")
    assert (first.exit_code, stored()) == (0, "first"), "a new secret needs no confirmation"
    ops("secret", "set", "QA_KEY", "--stage", "prod", *words, typed=typed)
    assert stored() == left


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [("QA_AUTH", "x\n", "QA_AUTH is no secret"), ("QA_KEY", "\n", "nothing was given")],
)
def test_an_invalid_secret_is_not_stored(name: str, typed: str, said: str) -> None:
    result = ops("secret", "set", name, "--stage", "prod", typed=typed)
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_stage_has_to_be_named() -> None:
    result = ops("secret", "set", "QA_KEY", typed="s3cret\n")
    assert result.exit_code == 2
    assert "--stage" in result.stderr


def test_a_secret_is_not_shown_as_json() -> None:
    result = ops("secret", "set", "QA_KEY", "--stage", "prod", "--json", typed="s3cret\n")
    assert json.loads(result.stdout) == {
        "name": "QA_KEY",
        "parameter": "/qa-sms-bridge/prod/qa-key",
        "referenced": True,
    }


def test_a_secret_that_the_configuration_does_not_name_says_what_to_write(
    checkout: Checkout,
) -> None:
    checkout.configure(QA_KEY="in plain")
    result = ops("secret", "set", "QA_KEY", "--stage", "prod", typed="s3cret\n")
    assert '"QA_KEY": "ssm:/qa-sms-bridge/prod/qa-key"' in result.stdout
    assert os.environ["QA_KEY"] == "in plain"
