"""The whole bridge on this machine, with stand-ins for everything around it.

ministack stands in for AWS, and two simulators stand in for Tencent and Quick Audience. The app's
routes, queue functions and schedules run in processes of their own, as they would in Lambda.
Everything listens on loopback only.
"""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from chalicelib import settings
from chalicelib.errors import ConfigurationError
from local import aws, configuration, worst
from local.functions import TIMEOUTS, App
from local.hostile.switches import Switch
from local.parts import Parts, shortest_visibility, wait_healthy
from local.ports import HOST
from local.processes import Process, StackError
from local.state import DEFAULT, State
from local.supervision import Supervisor

_WORKERS = 2
# AWS ends `deliver` after five minutes. Here somebody is watching: after a death its messages return, and a status
# settles a send of unknown outcome, within about a minute.
_TIMEOUTS = "deliver=62"


@dataclass(frozen=True)
class Addresses:
    """The addresses of a running stack."""

    prefix: str
    """Prefix URL to enter in Quick Audience."""
    callback: str
    """Callback URL to enter at Tencent."""
    tencent: str
    """Tencent's API: the simulator's, or the value of TENCENT_BASE_URL."""
    quickaudience: str
    """Quick Audience: the simulator, or the value of QA_BASE_URL."""
    aws: str
    """Endpoint of ministack."""


class Stack:
    """A running bridge: `with Stack(port=8000, state=Path(".local")) as stack: …`.

    Arguments that are not given come from the environment (BRIDGE_PORT, BRIDGE_STATE,
    BRIDGE_WORKERS), then from defaults. `visibility` sets the queues' visibility timeouts in
    seconds, and `receives` the number of receives before a message moves to the dead-letter queue;
    both by the queues' short names. `app` is the module of another app, for tests.
    """

    def __init__(
        self,
        *,
        port: int | None = None,
        state: Path | None = None,
        visibility: Mapping[str, int] | None = None,
        receives: Mapping[str, int] | None = None,
        environ: Mapping[str, str] = os.environ,
        app: str = "app",
    ) -> None:
        self.port = port if port is not None else int(environ.get("BRIDGE_PORT") or 8000)
        self.state = State(state or Path(environ.get("BRIDGE_STATE") or DEFAULT))
        self._workers = int(environ.get("BRIDGE_WORKERS") or _WORKERS)
        self._visibility = visibility
        self._receives = receives
        environ = {TIMEOUTS: _TIMEOUTS, **environ}
        self._inherited = environ
        self._switches = worst.switches(environ)
        self._app_name = app
        self._app = App(app, environ)
        self.environment: dict[str, str] = {}
        self.addresses = Addresses("", "", "", "", "")
        self._lock = -1
        self._held = ExitStack()
        self._listener: socket.socket | None = None
        self._ministack: aws.Ministack | None = None
        self._simulators: list[Process] = []
        self._front: list[Process] = []
        self._functions: list[Process] = []
        self._supervisor = Supervisor(
            replaceable=lambda: (*self._front, *self._functions),
            essential=lambda: (*self._aws_process(), *self._simulators),
        )
        self.failed = self._supervisor.failed
        """Set when the stack cannot go on."""

    def __enter__(self) -> Self:
        try:
            self._lock = self._held.enter_context(self.state.lock())
            self._listener = self._held.enter_context(self._listen())
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def failure(self) -> StackError | None:
        """The reason why the stack cannot go on; None while it can."""
        return self._supervisor.failure

    @property
    def processes(self) -> list[Process]:
        """All processes that are running."""
        everything = (
            *self._functions,
            *self._simulators,
            *self._front,
            *self._aws_process(),
        )
        return [process for process in everything if process.running]

    def _aws_process(self) -> Iterator[Process]:
        if self._ministack is not None and self._ministack.process is not None:
            yield self._ministack.process

    def _listen(self) -> socket.socket:
        """Take the front's port.

        The socket belongs to the stack and outlives a front that dies: a request that arrives then
        waits for the next front.
        """
        try:
            return socket.create_server((HOST, self.port), backlog=128)
        except OSError as error:
            raise StackError(
                f"Port {self.port} cannot be used ({error.strerror}). "
                "Set BRIDGE_PORT to another one (and BRIDGE_STATE, to run beside another stack)."
            ) from error

    def _start(self) -> None:
        """Start everything: first the independent processes, then those that need their addresses."""
        for log in self.state.logs.glob("*.log"):
            log.unlink()
        prefix = f"http://{HOST}:{self.port}"
        self._ministack = aws.Ministack(
            self.state.aws, log=self.state.logs / "ministack.log", lock=self._lock
        )
        self._ministack.start()
        self.environment = configuration.configure(
            self._inherited,
            endpoint=self._ministack.endpoint,
            prefix=prefix,
            port=self.port,
            state=self.state.folder,
            deliver_timeout=self._app.function("deliver").timeout,
        )
        token = self.environment["TENCENT_CALLBACK_TOKENS"].split(",")[0].strip()
        callback = f"{prefix}/tencent/{token}/callback"
        parts = Parts(self.environment, self.state, self._lock)
        tencent = quick_audience = None
        if "TENCENT_BASE_URL" not in self.environment:
            tencent = parts.tencent(callback)
            self._simulators.append(tencent)
        if "QA_BASE_URL" not in self.environment:
            quick_audience = parts.quick_audience(prefix)
            self._simulators.append(quick_audience)
        for simulator in self._simulators:
            simulator.start()

        self._ministack.wait_ready()
        aws.create_resources(
            self._ministack.endpoint,
            self.environment["BRIDGE_TABLE"],
            self.environment["BRIDGE_QUEUE_PREFIX"],
            visibility=self._visibility or shortest_visibility(self._app, self._switches),
            receives=self._receives,
            expiry=Switch.EXPIRY_LATE not in self._switches,
        )
        if tencent:
            url = tencent.wait_ready()["url"]
            self.environment["TENCENT_BASE_URL"] = configuration.tencent_root(self.environment, url)
        if quick_audience:
            self.environment["QA_BASE_URL"] = quick_audience.wait_ready()["url"]
        self.addresses = Addresses(
            prefix=prefix,
            callback=callback,
            tencent=self.environment["TENCENT_BASE_URL"],
            quickaudience=self.environment["QA_BASE_URL"],
            aws=self._ministack.endpoint,
        )
        self._check_settings()

        # Before the front answers, because a caller that finds it healthy may read this next.
        self.state.publish(self._description())
        sealed = worst.seal(self.environment, self._switches)
        self._start_app(Parts(sealed, self.state, self._lock))
        wait_healthy(f"{prefix}/health")
        self._supervisor.start()

    def _check_settings(self) -> None:
        """Raise StackError if the bridge would refuse its settings: its functions would only log why."""
        try:
            settings.from_environment(self.environment)
        except ConfigurationError as error:
            raise StackError(str(error)) from error

    def _start_app(self, parts: Parts) -> None:
        assert self._listener is not None  # noqa: S101 - for the type checker
        self._front.append(parts.front(self._app_name, self._listener.fileno()))
        self._functions.extend(parts.functions(self._app_name, self._app, self._workers))
        for process in (*self._front, *self._functions):
            process.start()
        for process in (*self._front, *self._functions):
            process.wait_ready()

    def _description(self) -> dict[str, object]:
        return {
            "environment": configuration.published(self.environment),
            "prefix": self.addresses.prefix,
            "callback": self.addresses.callback,
            "tencent": self.addresses.tencent,
            "quickaudience": self.addresses.quickaudience,
            "pid": os.getpid(),
        }

    def stop(self) -> None:
        """Stop everything gently, in the order in which nothing is lost.

        1. The functions, while the simulators still answer: a message whose sending is interrupted
           has an unknown outcome for ever.
        2. The simulators, while the front still accepts their callbacks into the queues.
        3. The front.
        4. ministack, which writes everything to disk.
        """
        self._supervisor.suspend()
        try:
            if self._lock >= 0:
                self.state.withdraw()
            self._supervisor.end(self._functions)
            self._supervisor.end(self._simulators)
            if self._listener is not None:
                # From now on a connection is refused, rather than left waiting for a front that ends.
                self._listener.close()
            self._supervisor.end(self._front)
            if self._ministack is not None:
                self._ministack.stop()
        finally:
            self._supervisor.close()
            self._held.close()

    def hurry(self) -> None:
        """Make a `stop` in progress wait for ministack only. A signal handler may call this."""
        self._supervisor.hurry()
