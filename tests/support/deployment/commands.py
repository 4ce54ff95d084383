"""The operator's commands, as they are typed."""

import boto3
from typer.testing import Result

from ops import secret
from ops.__main__ import app
from tests.support import typed_commands

SECRETS = {
    "QA_KEY": "k3y-of-quick-audience",
    "TENCENT_APP_KEY": "4pp-k3y",
    "TENCENT_CALLBACK_TOKENS": "t0ken-one-of-the-callback,t0ken-two-of-the-callback",
}


def ops(*arguments: str, typed: str = "") -> Result:
    """Run a command with the answers to its questions, and return its result."""
    return typed_commands.run(app, arguments, typed, COLUMNS="300")


def keep_secrets() -> None:
    """Store what `ops secret set` stores; without the command, which takes longer."""
    client = boto3.client("ssm")
    for name, value in SECRETS.items():
        client.put_parameter(Name=secret.parameter("prod", name), Value=value, Type="SecureString")
