"""A stack whose functions can be killed, and whose dead come back soon."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from local import faults
from local.chaos.orders import Faults
from local.chaos.sides import SIGN, SIGN_ID, Sides
from local.functions import TIMEOUTS
from local.stack import Stack

_QUEUE_OF = {"deliver": "sends", "settle": "callbacks", "push": "receipts", "read": "files"}
_FRONT = "http"
# `deliver` and `read` refuse to begin with less than a minute, and `push` makes no call in its last
# half of one.
_LEAST = {"deliver": 62, "read": 62, "push": 35}


class Arena:
    """A stack in a folder; `start` and `stop` it as often as you like, its data stay.

    `timeouts`, in seconds, takes the place of the functions' own, and what a dead function had in hand
    is given out again a second later. The shorter, the less there is to wait for; but a function that
    is merely slow must not be taken for dead. `receives` as for Stack.
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
        self._timeouts = {**_LEAST, **timeouts}
        self._environ = {
            "PATH": os.environ["PATH"],
            faults.VARIABLE: str(self.faults.folder),
            TIMEOUTS: ",".join(f"{name}={seconds}" for name, seconds in self._timeouts.items()),
            **(environ or {}),
        }
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
        """Start the stack, with simulators that behave; in the thread that is to stop it, too."""
        visibility = {_QUEUE_OF[name]: seconds + 1 for name, seconds in self._timeouts.items()}
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
        """Stop it in peace."""
        self._held.close()

    def behave(self) -> None:
        """Have both sides work as they should; and quickly."""
        self.sides.delete(self.sides.tencent, "/_sim/behaviour")
        self.sides.delete(self.sides.quick_audience, "/_sim/behaviour")
        # Who pushes to a front that was killed waits until there is another one.
        self.sides.behave(report_delay=[0.3, 1.0], push_timeout=20)

    def renew(self, function: str) -> None:
        """Have the processes of a function end in peace: there will be new ones."""
        function = function.partition(" ")[0]
        name = function if function in _QUEUE_OF else _FRONT
        for process in self.stack.processes:
            if process.name.partition("-")[0] == name:
                process.terminate()
