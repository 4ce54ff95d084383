import gc
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import garbage_collection


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    # Another test of this process may have let an app handle its first event.
    thresholds = gc.get_threshold()
    # What the conftest froze; it is frozen again below.
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*thresholds)
    gc.freeze()


def test_the_collector_runs_rarely_until_the_first_event_is_handled() -> None:
    garbage_collection.postpone()
    seen = []

    def answer(event: Any) -> str:
        seen.append((event, gc.get_threshold()[0] > garbage_collection.NORMAL_THRESHOLD))
        return "answer"

    assert garbage_collection.resume("event", answer) == "answer"
    assert seen == [("event", True)]
    assert gc.get_threshold()[0] == garbage_collection.NORMAL_THRESHOLD
    assert gc.get_freeze_count() > 0


def test_the_collector_runs_normally_after_a_first_event_that_failed() -> None:
    garbage_collection.postpone()

    def answer(_: Any) -> None:
        raise RuntimeError("the event's own")

    with pytest.raises(RuntimeError, match="own"):
        garbage_collection.resume("event", answer)
    assert gc.get_threshold()[0] == garbage_collection.NORMAL_THRESHOLD


def test_later_events_do_not_change_the_collector() -> None:
    garbage_collection.resume("event", lambda _: None)
    assert gc.get_freeze_count() == 0
