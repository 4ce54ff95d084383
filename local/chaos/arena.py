"""A stack whose functions can be killed and are soon replaced."""

import os
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from local import faults, worst
from local.chaos.orders import Faults
from local.chaos.sides import SIGN, SIGN_ID, Sides
from local.functions import TIMEOUTS
from local.hostile.polling import LONGEST_WINDOW
from local.hostile.switches import Switch
from local.stack import Stack

_QUEUE_OF = {"deliver": "sends", "settle": "callbacks", "push": "receipts", "read": "files"}
_FRONT = "http"
# Shortest time-outs in seconds. `deliver` and `read` do not start with less than a minute left, and `push`
# makes no call in its last half minute.
_MIN_TIMEOUTS = {"deliver": 62, "read": 62, "push": 35}


class Arena:
    """A stack in a folder. It may be started and stopped repeatedly, and its data stay.

    `timeouts`, in seconds, override the functions' own. One second after a time-out, the queue delivers
    the messages of a dead function again. Shorter time-outs mean less waiting, but they must be longer
    than the slowest invocation. `receives` is that of Stack.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        timeouts: Mapping[str, int],
        receives: Mapping[str, int] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.faults = Faults(folder / "faults")
        self._folder = folder
        self._port = port
        self._receives = receives
        self._timeouts = {**_MIN_TIMEOUTS, **timeouts}
        self._environ = {
            "PATH": os.environ["PATH"],
            # Which of Tencent's APIs is called: `TENCENT_API=3.0 make chaos`.
            "TENCENT_API": os.environ.get("TENCENT_API", ""),
            faults.VARIABLE: str(self.faults.folder),
            TIMEOUTS: ",".join(f"{name}={seconds}" for name, seconds in self._timeouts.items()),
            **(environ or {}),
        }
        self._switches = worst.switches(self._environ)
        self._held = ExitStack()
        self.stack: Stack
        self.sides: Sides

    def __enter__(self) -> Self:
        self.start()
        self.sides.python("ops", "sign", "link", SIGN, SIGN_ID)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the stack, with well-behaved simulators. Call `stop` from the same thread."""
        slack = 1 + (int(LONGEST_WINDOW) if Switch.WINDOW in self._switches else 0)
        visibility = {_QUEUE_OF[name]: seconds + slack for name, seconds in self._timeouts.items()}
        self.stack = self._held.enter_context(
            Stack(
                port=self._port,
                state=self._folder / "state",
                visibility=visibility,
                receives=self._receives,
                environ=self._environ,
            )
        )
        self.sides = Sides(self.stack)
        self.behave()

    def stop(self) -> None:
        """Stop the stack gently."""
        self._held.close()

    def notes(self) -> Counter[str]:
        """Return how often each switch of HOSTILE did something."""
        file = self._folder / "state" / worst.FOLDER / worst.NOTES
        return Counter(file.read_text().split() if file.exists() else ())

    def behave(self) -> None:
        """Make both simulators behave well, with short delays."""
        self.sides.delete(self.sides.tencent, "/_sim/behaviour")
        self.sides.delete(self.sides.quick_audience, "/_sim/behaviour")
        # Long enough for a push to a killed front to reach the next one.
        self.sides.behave(report_delay=[0.3, 1.0], push_timeout=20)

    def renew(self, function: str) -> None:
        """End the processes of a function gently. The stack replaces them."""
        function = function.partition(" ")[0]
        name = function if function in _QUEUE_OF else _FRONT
        for process in self.stack.processes:
            if process.name.partition("-")[0] == name:
                process.terminate()
