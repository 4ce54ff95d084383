"""While AWS does not answer a read, clicks and actions go on, and the read is given up after a time."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from chalicelib import deadline
from chalicelib.store import breakers, halts, send_requests
from ops import queue_counts
from ops.cloud import identity
from ops.console import page_routes, threads
from ops.console.threads import Threads, TooSlowError
from tests.support.console import Visitor
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.sends import A

PARTS = 8
"""More than there are threads for what is polled."""


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """An event for which calls that hang wait. It is set at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def hang(monkeypatch: pytest.MonkeyPatch, release: threading.Event) -> None:
    """Make calls to SQS hang."""

    def wait(_: str) -> dict[str, str]:
        assert release.wait(300)
        return {}

    monkeypatch.setattr(queue_counts, "attributes", wait)


def test_reads_that_hang_hold_up_neither_clicks_nor_actions(
    local: Bridge,
    visitor: Visitor,
    monkeypatch: pytest.MonkeyPatch,
    release: threading.Event,
) -> None:
    local.link()
    local.campaign([A], {"name": "您"}, code=local.template())
    hang(monkeypatch, release)
    visits = [("GET", "/parts/health/queues")] * PARTS
    with visitor.staying() as browser:
        hanging = [browser.begin(method, path) for method, path in visits]
        time.sleep(0.2)
        assert browser.get("/phone", timeout=60).status == 200
        assert browser.get("/actions/pause?outId=task-1", timeout=60).status == 200
        assert browser.post("/actions/pause", outId="task-1").problem == ""
        [request] = send_requests.of_out_id("task-1")
        halt = halts.get("task-1", request.biz_id)
        assert halt
        assert halt.state == "paused"
        assert not any(one.done() for one in hanging)
        release.set()


def test_a_page_does_not_wait_for_a_part_that_hangs(
    local: Bridge,
    visitor: Visitor,
    monkeypatch: pytest.MonkeyPatch,
    release: threading.Event,
) -> None:
    monkeypatch.setattr(page_routes, "_PATIENCE", 0.3)
    hang(monkeypatch, release)
    breakers.trip("quickaudience", "because", int(time.time()))
    with visitor.staying() as browser:
        page = browser.get("/health", timeout=60)
        assert page.status == 200
        assert page.problem == "silent"
        assert "because" in page.text
        # The navigation is there without its counts.
        assert 'href="/deadletters"' in page.text
        release.set()


def test_one_thread_alone_asks_whose_credentials_these_are(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, release: threading.Event
) -> None:
    asked = []

    def current() -> identity.Identity:
        asked.append(1)
        assert release.wait(300)
        return identity.Identity("123456789012", "ap-southeast-1", "aws")

    monkeypatch.setattr(identity, "current", current)
    with visitor.staying() as browser:
        first = browser.begin("GET", "/parts/health/navigation")
        time.sleep(0.2)
        assert browser.get("/parts/health/navigation", timeout=60).status == 200
        assert len(asked) == 1
        release.set()
        assert first.result(60).status == 200
        assert "123456789012" in browser.get("/parts/health/navigation", timeout=60).text


def run(made: Threads, kind: threads.Kind, work: object, **options: float) -> object:
    return asyncio.run(made.run(kind, work, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["polled", "page"])
def test_a_read_has_a_deadline(kind: threads.Kind) -> None:
    left = run(Threads(), kind, deadline.left)
    assert isinstance(left, float)
    assert 0 < left <= 60


@pytest.mark.parametrize("kind", ["asked", "action"])
def test_what_an_operator_asked_for_has_none(kind: threads.Kind) -> None:
    assert run(Threads(), kind, deadline.left) is None


def test_a_read_beyond_its_deadline_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(threads._SECONDS, "polled", 0.0)
    with pytest.raises(TooSlowError, match="not read within"):
        run(Threads(), "polled", deadline.check)


def test_a_read_that_gets_no_thread_never_begins(release: threading.Event) -> None:
    begun: list[int] = []

    async def more_than_there_are_threads() -> None:
        made = Threads()
        busy = [
            asyncio.ensure_future(made.run("page", lambda: release.wait(60), patience=20))
            for _ in range(threads._THREADS["page"])
        ]
        await asyncio.sleep(0)
        with pytest.raises(TooSlowError, match="no answer within"):
            await made.run("page", lambda: begun.append(1), patience=0.2)
        # The loop takes it from the queue.
        await asyncio.sleep(0.1)
        release.set()
        await asyncio.gather(*busy)
        assert await made.run("page", lambda: 1, patience=10) == 1

    asyncio.run(more_than_there_are_threads())
    assert begun == []
