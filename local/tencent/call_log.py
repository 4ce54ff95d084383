"""The log of calls, which the control API shows."""

import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from local.tencent.behaviour import Fault

_MAX_ENTRIES = 1000


@dataclass(slots=True)
class LoggedCall:
    """One call in the log."""

    time: float
    endpoint: str
    recipients: int
    result: int | str | None
    errmsg: str
    fault: str | None


class CallLog:
    """The number of calls by endpoint, and the last 1,000 calls."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.entries: deque[LoggedCall] = deque(maxlen=_MAX_ENTRIES)

    def add(
        self, call: str, recipients: int, answer: dict[str, Any] | None, fault: Fault | None
    ) -> None:
        """Log a call.

        Args:
            call: the name of the call.
            recipients: the number of recipients in its body.
            answer: its answer; None if a fault replaced it.
            fault: the fault that was applied to the call, or None.
        """
        self.counts[call] += 1
        answer = answer or {}
        self.entries.append(
            LoggedCall(
                time=time.time(),
                endpoint=call,
                recipients=recipients,
                result=answer.get("result"),
                errmsg=answer.get("errmsg", answer.get("msg", "")),
                fault=None if fault is None else fault.answer,
            )
        )

    def clear(self) -> None:
        """Delete the log."""
        self.counts.clear()
        self.entries.clear()
