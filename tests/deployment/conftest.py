"""The bridge of the integration tests, and an emulated AWS and a checkout for tests that deploy."""

import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import requests
from aws_lambda_powertools.utilities import parameters
from typer.testing import Result

from chalicelib import aws as clients
from chalicelib import parameter_store, settings
from chalicelib.queues import sending
from local import aws
from ops import before_chalice, bundle, deploy, queue_names, stack, stages
from ops.cloud import clients as ops_clients
from ops.cloud import polling
from tests.support.deployment import remembered_clients
from tests.support.deployment.chalice_program import Chalice
from tests.support.deployment.checkout import Checkout
from tests.support.deployment.commands import keep_secrets, ops
from tests.support.deployment.fake_aws.account import Account, of_this_process
from tests.support.in_process.fixtures import bridge, clock, linked

__all__ = ["bridge", "clock", "linked"]

numbers = itertools.count(1)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[aws.Ministack]:
    with aws.Ministack(tmp_path_factory.mktemp("aws")) as running:
        yield running
        # It would write the data of a hundred accounts to disk.
        assert running.process
        running.process.kill()


@pytest.fixture
def emulated(
    ministack: aws.Ministack, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Let this process use an emulated AWS, with a separate account for each test."""
    environment = aws.environment(ministack.endpoint, {})
    # ministack reads a key of twelve digits as the number of an account.
    environment["AWS_ACCESS_KEY_ID"] = f"{next(numbers):012d}"
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    # boto3 keeps the credentials that it found first.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    remembered_clients.install(monkeypatch)
    _forget()
    yield ministack.endpoint
    _forget()


def _forget() -> None:
    for cached in (
        settings.load,
        parameter_store._kept,
        clients._client,
        sending.url,
        ops_clients.of,
    ):
        cached.cache_clear()
    parameters.clear_caches()  # type: ignore[no-untyped-call]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkout]:
    """Return a checkout with the settings of the stage prod, as the current folder."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("QA_", "TENCENT_", "BRIDGE_", "PUBLIC_", "OSS_")):
            del os.environ[name]
    made = Checkout(tmp_path / "checkout")
    made.configure(QA_PLATFORM_NAME="demo", TENCENT_SDK_APP_ID="1400000001")
    monkeypatch.chdir(made.folder)
    yield made
    # A command adds its stage's settings to its environment, which is that of the tests.
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def account(emulated: str, monkeypatch: pytest.MonkeyPatch) -> Account:
    """Lambda, API Gateway, roles, rules and log groups in memory, beside ministack's other services."""
    made = of_this_process()
    made.install(monkeypatch)
    return made


@pytest.fixture
def chalice(
    checkout: Checkout, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Chalice:
    """The way that AWS itself is deployed to, but for the one who answers at the address."""
    made = Chalice(tmp_path / "bin", monkeypatch)
    monkeypatch.setattr(sys, "executable", str(made.python))
    monkeypatch.setattr(stages, "emulator", lambda: "")
    monkeypatch.setattr(stack, "_POLL_SECONDS", 0.02)
    monkeypatch.setattr(before_chalice, "_PROPAGATION_SECONDS", 0)
    monkeypatch.setattr(polling, "_SECONDS", 0.02)
    monkeypatch.setattr(queue_names, "_SECONDS", 0)
    monkeypatch.setattr(deploy, "_SETTLING_SECONDS", 0)
    monkeypatch.setattr(deploy, "_HEALTH_PAUSE", 0)
    monkeypatch.setattr(bundle, "pack", lambda *_, **__: None)
    # Code that isn't packed needn't be copied.
    monkeypatch.setattr(shutil, "copytree", lambda code, copy, **_: copy.symlink_to(code))
    answer = requests.Response()
    answer.status_code = 200
    monkeypatch.setattr(requests, "get", lambda *_, **__: answer)
    return made


@pytest.fixture
def deployed(checkout: Checkout, chalice: Chalice) -> Result:
    keep_secrets()
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 0, result.output
    return result
