"""A bridge with the table and queues of ministack, so that threads compete as they would at AWS."""

import contextlib
from collections.abc import Iterator

import pytest
from chalice.test import BaseClient

from local import aws as local_aws
from tests.support.concurrency import World
from tests.support.in_process import aws
from tests.support.in_process.bridge import Bridge, clear_caches
from tests.support.in_process.outside import Outside


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local_aws.Ministack]:
    with local_aws.Ministack(tmp_path_factory.mktemp("aws")) as running:
        local_aws.create_resources(running.endpoint, aws.TABLE, aws.PREFIX)
        yield running


@pytest.fixture
def world(ministack: local_aws.Ministack, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in local_aws.environment(ministack.endpoint, {}).items():
        monkeypatch.setenv(name, value)
    # For each request it replaces the environment of the process, which threads must not do.
    monkeypatch.setattr(BaseClient, "_patched_env_vars", lambda *_: contextlib.nullcontext())
    # These tests use neither the clock nor the queues of moto.
    bridge = Bridge(monkeypatch, None, Outside(), "")  # type: ignore[arg-type]
    world = World(bridge)
    world.empty_queues()
    yield world
    clear_caches()
