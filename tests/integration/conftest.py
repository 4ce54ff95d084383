"""The fixtures of the bridge in one process, the choice of Tencent's API, and HOSTILE (tests/README.md)."""

import pytest

from tests.support.in_process.bridge import Bridge
from tests.support.in_process.fixtures import (
    bridge,
    clock,
    here,
    linked,
    local,
    moves,
    no_sockets,
    oss,
    tencent,
)
from tests.support.in_process.operator import Ops
from tests.support.in_process.switches import SWITCHES
from tests.support.in_process.tencent import API, SETTINGS

__all__ = ["bridge", "clock", "here", "linked", "local", "moves", "no_sockets", "oss", "tencent"]


@pytest.fixture
def operator(linked: Bridge, local: Bridge) -> Ops:
    """An operator at a terminal of the linked bridge."""
    return Ops(local)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test marked `both_apis` with each API."""
    if metafunc.definition.get_closest_marker("both_apis"):
        metafunc.parametrize("bridge", list(SETTINGS), indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests about v5's own calls in a run with the other API, and those that count exactly in a hostile one."""
    for item in items:
        marker = item.get_closest_marker("v5_only")
        if marker and API != "v5":
            item.add_marker(pytest.mark.skip(reason=f"v5 only: {marker.args[0]}"))
        marker = item.get_closest_marker("counts")
        if marker and SWITCHES:
            item.add_marker(pytest.mark.skip(reason=f"counts exactly: {marker.args[0]}"))


def pytest_report_header() -> str:
    """Print the switches and the seed with which a failure repeats."""
    return f"HOSTILE={SWITCHES} HOSTILE_SEED={SWITCHES.seed}" if SWITCHES else ""
