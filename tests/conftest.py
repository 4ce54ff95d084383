"""How tests are spread over processes, and the IAM policies in the integration tests.

An integration test fails if a function makes a call that its policy does not allow. A run of all integration
tests fails if a policy allows a call that no test made. `POLICIES=print` prints what was used instead.
"""

import gc
import json
import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from chalicelib.garbage_collection import NORMAL_THRESHOLD

if TYPE_CHECKING:
    from tests.support.deployment.permissions import Guard

_TESTS = Path(__file__).parent
_INTEGRATION = _TESTS / "integration"
# Tests that take a while and share nothing go to any process that has time. Others stay together by file, or by folder
# if they share something that takes seconds to start, unless they start it themselves.
_SPREAD = {"integration", "console"}
_SHARING = {"end_to_end", "browser", "local_stack", "concurrency", "deployment"}
_BY_THEMSELVES = {
    "test_bringing_back.py",
    "test_interrupted.py",
    "test_make_run.py",
    "test_pulling_stack.py",
    "test_restart.py",
    "test_unknown_outcomes.py",
}
# Python's readline module sets it for the processes of a parallel run. A console of `rich` that is imported with it
# keeps that width, whatever a test sets.
os.environ.pop("COLUMNS", None)
# Tests that mostly wait run first, beside others that compute. The many short ones run last, so that all processes end
# at the same time.
_ORDER = ("chaos", "end_to_end", "deployment", "local_stack", "concurrency", "browser", "network")
_LAST = "integration"
_LONG = ("test_model.py", "test_long_outages.py", "test_long_halts.py", "test_costs.py")
# A function, an action and its resource; or a function, `dynamodb:LeadingKeys` and a partition that it wrote.
_used: set[tuple[str, str, str]] = set()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Collect the tests without the garbage collector, and keep it from scanning them during the run.

    Twelve thousand tests are a million objects: to scan them again and again takes a tenth of the run. Afterwards the
    collector runs as seldom as in the deployed functions.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(NORMAL_THRESHOLD)
        gc.enable()


@pytest.fixture(autouse=True)
def allowed_by_their_policies(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator["Guard | None"]:
    """Enforce the policies as IAM does, and return the guard that does it; behave as AWS does where HOSTILE says so."""
    if _INTEGRATION not in request.path.parents:
        yield None
        return
    # Other folders do not need it, and importing it takes time.
    from tests.support.deployment.permissions import LEADING_KEYS, Guard
    from tests.support.in_process import hostile

    guard = Guard()
    hostile.install(monkeypatch, request.node.nodeid)
    guard.install(monkeypatch)
    yield guard
    for function, permissions in guard.used.items():
        for one in permissions:
            _used.add((function, one.action, one.resource))
            _used.update((function, LEADING_KEYS, partition) for partition in one.partitions)
    if guard.denied:
        pytest.fail("\n".join(sorted(guard.denied)), pytrace=False)


class _Collection(list[str]):
    """The names of all tests. xdist looks up the number of each, for which a list compares half of the names."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(names)
        self._numbers = {name: number for number, name in enumerate(self)}

    def index(self, name: str, *_: Any) -> int:
        return self._numbers[name]


class _BySharing(LoadScopeScheduling):
    """Keep tests that share a stack, an AWS or a long preparation in one of several processes.

    xdist's own groups (`--dist loadgroup`) need an attribute of tests that pytest 9.2 has removed.
    """

    def add_node_collection(self, node: Any, collection: Sequence[str]) -> None:
        super().add_node_collection(node, collection)
        if node in self.registered_collections:
            self.registered_collections[node] = _Collection(collection)

    def _split_scope(self, nodeid: str) -> str:
        path = Path(nodeid.partition("::")[0])
        folder = path.parts[1]
        if folder in _SPREAD:
            return nodeid
        return folder if folder in _SHARING and path.name not in _BY_THEMSELVES else str(path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    # In the order of `pytest_collection_modifyitems`, not the files with the most tests first.
    config.option.loadscopereorder = False
    return _BySharing(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the tests of a run with several processes."""
    if hasattr(config, "workerinput"):
        items.sort(key=_rank)


def _rank(item: pytest.Item) -> tuple[int, bool]:
    folder, name = item.path.relative_to(_TESTS).parts[0], item.path.name
    if folder == _LAST:
        return len(_ORDER) + 1, not (name in _LONG or name.endswith("_crashes.py"))
    # In chaos, the test that waits for two minutes.
    return _ORDER.index(folder) if folder in _ORDER else len(_ORDER), name != "test_every_point.py"


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect the calls that each of several processes saw."""
    _used.update(map(tuple, getattr(node, "workeroutput", {}).get("used", [])))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["used"] = sorted(_used)
    elif exitstatus == pytest.ExitCode.OK and _all_of_them(session.config) and _unused():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    if os.environ.get("POLICIES") == "print":
        from tests.support.deployment.permissions import record

        terminalreporter.write_line(json.dumps(record(_used), indent=2))
    elif _all_of_them(config) and not terminalreporter.stats.get("failed"):
        for function, action, resource in _unused():
            terminalreporter.write_line(
                f"ERROR .chalice/policies.json allows {function} {action} on {resource}, which no "
                "integration test used",
                red=True,
            )


def _all_of_them(config: pytest.Config) -> bool:
    """Return whether all integration tests ran, so that permissions that were not used are not needed."""
    # `make test` leaves out the tests marked `deployed`; no integration test is marked so.
    marked = config.option.markexpr not in ("", "not deployed")
    # Tests that count exactly are skipped with HOSTILE.
    chosen = config.option.keyword or marked or config.option.deselect or os.environ.get("HOSTILE")
    paths = {Path(arg).resolve() for arg in config.args}
    return not chosen and bool(paths & {_TESTS, _INTEGRATION})


def _unused() -> list[tuple[str, str, str]]:
    from tests.support.deployment.permissions import documents, expected

    return sorted(
        (function, *one)
        for function, document in documents().items()
        for one in expected(document)
        if (function, *one) not in _used
    )
