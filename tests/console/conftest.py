"""The bridge in one process, and a console that shows it."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.client import BaseClient

from ops import deadletters, queue_ages
from tests.support.console import OUT_ID, Visitor
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.fixtures import bridge, clock, local
from tests.support.in_process.sends import A, B

__all__ = ["bridge", "clock", "local"]


@pytest.fixture(autouse=True)
def no_long_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still, so moto would wait for ever."""
    monkeypatch.setattr(deadletters, "_WAIT_SECONDS", 0)


@pytest.fixture(autouse=True)
def no_aws(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a bridge, a test asks AWS for nothing: such a read would go on during the next test."""
    if "bridge" not in request.fixturenames:

        def refuse(_: Any, operation: str, __: Any) -> None:
            raise AssertionError(f"{operation}, and this test has no bridge")

        monkeypatch.setattr(BaseClient, "_make_api_call", refuse)


@pytest.fixture(autouse=True)
def no_reads_left() -> Iterator[None]:
    """Calls of one test must not be counted in the next one."""
    yield
    while Visitor.not_left:
        Visitor.not_left.pop().leave()


class FakeCloudWatch:
    """CloudWatch with the ages of queues; it has none for the others. It raises `error` if there is one."""

    def __init__(self) -> None:
        self.ages: dict[str, int] = {}
        self.error: Exception | None = None
        self.asked: list[dict[str, Any]] = []

    def get_metric_data(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        if self.error:
            raise self.error
        results = [
            {"Id": one["Id"], "Values": [self.ages[one["Id"]], 1] if one["Id"] in self.ages else []}
            for one in asked["MetricDataQueries"]
        ]
        return {"MetricDataResults": results}


@pytest.fixture(autouse=True)
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> FakeCloudWatch:
    fake = FakeCloudWatch()
    monkeypatch.setattr(queue_ages, "_client", lambda: fake)
    return fake


@pytest.fixture
def visitor(local: Bridge) -> Iterator[Visitor]:
    """An operator who has entered the console of a local stack."""
    visitor = Visitor()
    visitor.enter()
    yield visitor
    assert visitor.failures == []


@pytest.fixture
def accepted(local: Bridge) -> Bridge:
    """A bridge that has accepted a campaign of two and sent to nobody."""
    local.link()
    local.campaign([A, B], {"name": "您"}, code=local.template(), out_id=OUT_ID)
    return local
