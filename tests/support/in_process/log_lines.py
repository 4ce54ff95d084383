"""The lines that the bridge logs."""

from typing import Any

import pytest

from chalicelib.logs import log
from tests.support.in_process import hostile

# With HOSTILE, DynamoDB throttles at random.
_AWS_AT_ITS_WORST = "DynamoDB throttles a whole batch"


def collect(monkeypatch: pytest.MonkeyPatch, *levels: str) -> list[str]:
    """Return the list to which the messages that are logged at these levels are added from now on."""
    lines: list[str] = []

    def add(message: str, **_: Any) -> None:
        if not (hostile.current.switches and message == _AWS_AT_ITS_WORST):
            lines.append(message)

    for level in levels:
        monkeypatch.setattr(log, level, add)
    return lines
