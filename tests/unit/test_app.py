"""The events of `deliver`, as app.py registers them: larger ones where the ceiling of calls at once is high."""

import os
import subprocess
import sys

import pytest

PRINT = """
import app
found = next(one for one in app.app.event_sources if one.name == "deliver")
print(found.batch_size, found.maximum_batching_window_in_seconds, found.maximum_concurrency)
"""


@pytest.mark.parametrize(
    ("parallel", "events"),
    [
        ("", "5 0 4"),
        ("64", "5 0 4"),
        ("200", "5 0 4"),
        ("201", "20 1 4"),
        ("512", "20 1 4"),
        # The settings refuse it, with a message; app.py must not fail before.
        ("many", "5 0 4"),
    ],
)
def test_an_event_of_deliver_has_more_chunks_if_more_calls_at_once_are_allowed(
    parallel: str, events: str
) -> None:
    given = {**os.environ, "TENCENT_PARALLEL_CALLS": parallel}
    run = subprocess.run(
        [sys.executable, "-c", PRINT], env=given, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == events
