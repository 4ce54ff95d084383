"""The processes for the tests of the local stack, started and ended by fixtures."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import aws
from tests.support.local_stack.processes import Bridge, numbers


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[aws.Ministack]:
    with aws.Ministack(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def bridge(ministack: aws.Ministack, tmp_path: Path) -> Iterator[Bridge]:
    made = Bridge(ministack.endpoint, tmp_path, f"t{next(numbers)}-", [])
    yield made
    for process in made.processes:
        # Without waiting: no other test uses these queues.
        process.kill()
