"""The operator's console of a local stack, as a process beside the stack's own."""

import os
import time
from types import TracebackType
from typing import Self

from local.processes import Process, StackError
from local.stack import Stack
from ops import stages
from ops.console import control

_READY = r"http://\S+:(?P<port>\d+)/enter/"
_SECONDS = 30
_END_SECONDS = 5


class Console:
    """The console of a running stack. The stack does not need it, so nothing that befalls it ends the stack."""

    def __init__(self, stack: Stack) -> None:
        # By this, `ops` finds the stack, and this process the console.
        os.environ["BRIDGE_STATE"] = str(stack.state.folder)
        self._process = Process(
            "console",
            "ops",
            *("console", "--no-browser"),
            environment={**stack.environment, "BRIDGE_STATE": str(stack.state.folder)},
            log=stack.state.logs / "console.log",
            ready=_READY,
        )

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        if not self._process.wait(_END_SECONDS):
            self._process.kill()

    def address(self) -> str:
        """Return an address that opens the console once; "" if it does not run.

        The address that the console wrote to its log is void then.
        """
        try:
            port = self._process.wait_ready(_SECONDS)["port"]
        except StackError:
            return ""
        deadline = time.monotonic() + _END_SECONDS
        while time.monotonic() < deadline:
            found = [one for one in control.addresses(stages.LOCAL) if f":{port}/" in one]
            if found:
                return found[0]
            time.sleep(0.05)
        return ""
