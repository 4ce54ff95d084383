"""One packaged bundle for all tests, with an AWS and the simulators of Tencent and Quick Audience."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import aws
from local.configuration import DEFAULTS, TENCENT_API
from local.quickaudience import background as quick_audience
from local.runtime import unpacked
from local.tencent import background as tencent
from ops import bundle
from ops.bundle import Package
from tests.support.deployment.bundle import Queues, Simulator


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the files that Chalice packs."""
    folder = tmp_path_factory.mktemp("project")
    bundle.copy_project(folder)
    return folder


@pytest.fixture(scope="session")
def package(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return bundle.pack(project, "dev", tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def code(package: Package) -> Iterator[Path]:
    """Return the folder of the unpacked bundle."""
    with unpacked(package.bundle) as folder:
        yield folder


@pytest.fixture(scope="session")
def tencent_simulator() -> Iterator[Simulator]:
    with tencent.running() as url:
        yield Simulator(url)


@pytest.fixture(scope="session")
def quick_audience_simulator() -> Iterator[Simulator]:
    with quick_audience.running() as url:
        yield Simulator(url)


@pytest.fixture(scope="session")
def environment(
    tmp_path_factory: pytest.TempPathFactory,
    tencent_simulator: Simulator,
    quick_audience_simulator: Simulator,
) -> Iterator[dict[str, str]]:
    """Return a stage's settings, with table and queues in ministack. Recorded requests are never too old."""
    with aws.Ministack(tmp_path_factory.mktemp("aws")) as ministack:
        settings = {
            **DEFAULTS,
            "TENCENT_BASE_URL": tencent_simulator.url + TENCENT_API,
            "QA_BASE_URL": quick_audience_simulator.url,
            "QA_CLOCK_SKEW_SECONDS": "0",
            **aws.environment(ministack.endpoint, {"PATH": os.environ["PATH"]}),
        }
        aws.create_resources(
            ministack.endpoint, settings["BRIDGE_TABLE"], settings["BRIDGE_QUEUE_PREFIX"]
        )
        yield settings


@pytest.fixture
def queues(environment: dict[str, str]) -> Queues:
    return Queues(environment["AWS_ENDPOINT_URL"], environment["BRIDGE_QUEUE_PREFIX"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that package the bundle, which takes a minute: `make test-deployed` runs them."""
    for item in items:
        if "deployed" in item.path.parts:
            item.add_marker(pytest.mark.deployed)
