"""What the pollers of an event source mapping do: poll less after errors, wait, lose messages, deliver them again.

Several processes poll for one function, so what they share is in files of one folder.
"""

import json
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .switches import Switch, Switches

_MINUTE = 60.0
LONGEST_WINDOW = 20.0
"""Seconds for which a batch may wait, whatever its window."""

# Shares of batches that wait for the longest window, that are lost, and of messages that are delivered again.
_LONG, _LOST, _AGAIN = 0.1, 0.03, 0.05
# Seconds after which a repeated message is delivered: at once, or when the first delivery is likely over.
_LATER = (0.0, 6.0)


class Polling:
    """The switches `backoff`, `window`, `again` and `lost-receive` of one of a function's pollers.

    `number` counts a function's pollers from 1.
    """

    def __init__(
        self, switches: Switches, folder: Path, function: str, number: int, purpose: str
    ) -> None:
        self._switches = switches
        self._number = number
        self._failed = folder / f"{function}.failed"
        self._repeated = folder / f"{function}.again"
        if switches:
            self._repeated.mkdir(parents=True, exist_ok=True)
        self._windows = switches.draws(Switch.WINDOW, purpose)
        self._losses = switches.draws(Switch.LOST_RECEIVE, purpose, 2)
        self._repeats = switches.draws(Switch.AGAIN, purpose)

    # --- backoff ---

    def failed(self) -> None:
        """Record an error of the function."""
        if Switch.BACKOFF in self._switches:
            self._failed.touch()
            self._switches.note(Switch.BACKOFF)

    def may_poll(self) -> bool:
        """Return whether this poller polls at present: after an error one does, and one more after each minute."""
        if Switch.BACKOFF not in self._switches or self._number == 1:
            return True
        try:
            since = time.time() - self._failed.stat().st_mtime
        except FileNotFoundError:
            return True
        return self._number <= 1 + since // _MINUTE

    # --- window ---

    def window(self, configured: float) -> float:
        """Return the seconds for which a batch that isn't full waits for more."""
        if (
            Switch.WINDOW in self._switches
            and configured > 0
            and self._windows.fails("window", _LONG)
        ):
            return LONGEST_WINDOW
        return configured

    # --- lost-receive ---

    def loses(self) -> bool:
        """Return whether a batch that was received is dropped. It comes again when its visibility ends."""
        return Switch.LOST_RECEIVE in self._switches and self._losses.fails("receive", _LOST)

    # --- again ---

    def offer(self, records: Iterable[dict[str, Any]]) -> None:
        """Choose some of an event's records to be delivered again, by whichever poller takes them."""
        if Switch.AGAIN not in self._switches:
            return
        for record in records:
            if self._repeats.fails(record["messageId"], _AGAIN):
                due = time.time() + self._repeats.choice(_LATER)
                name = f"{due:017.3f} {secrets.token_hex(4)}"
                made = self._repeated / f".{name}"
                made.write_text(json.dumps(record))
                made.rename(self._repeated / name)

    def take(self) -> list[dict[str, Any]]:
        """Return the record of a message that is due to be delivered again, in a list of its own."""
        if Switch.AGAIN not in self._switches:
            return []
        for file in sorted(self._repeated.glob("[0-9]*")):
            if float(file.name.split()[0]) > time.time():
                break
            taken = file.with_name(f".taken {file.name}")
            try:
                file.rename(taken)
            except FileNotFoundError:
                continue
            record: dict[str, Any] = json.loads(taken.read_text())
            taken.unlink()
            return [record]
        return []
