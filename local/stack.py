"""The whole bridge on this machine, with stand-ins for everything around it.

ministack is AWS; two simulators are Tencent and Quick Audience; the app's routes, queue functions
and schedules run in processes of their own, as they would in Lambda. Everything is on loopback.
"""

import os
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from local import aws, http, scheduler, worker
from local.functions import App
from local.processes import LISTENING, Process, StackError
from local.state import DEFAULT, State

TENCENT_API = "/v5/tlssmssvr"
"""Where Tencent's v5 API begins, on its own host as on the simulator."""

DEFAULTS = {
    "QA_PLATFORM_NAME": "qa-sms-bridge",
    "QA_KEY": "local-qa-key",
    "TENCENT_SDK_APP_ID": "1400000001",
    "TENCENT_APP_KEY": "local-app-key",
    "TENCENT_CALLBACK_TOKENS": "local-callback-token",
    "BRIDGE_TABLE": "qa-sms-bridge-local",
    "BRIDGE_QUEUE_PREFIX": "qa-sms-bridge-local-",
}
"""What the bridge is configured with where the environment says nothing."""

_WORKERS = 2
_SLACK = 10
_HEALTHY = 30.0
_PATIENCE = 30.0
_WATCH = 0.1
_POLL = 0.02
_PUBLISHED = ("AWS_", "BRIDGE_", "NO_PROXY", "OSS_", "PUBLIC_", "QA_", "TENCENT_", "no_proxy")
_SHORTEST_LIFE = 1.0


@dataclass(frozen=True)
class Addresses:
    """Where to reach what runs."""

    prefix: str
    """What Quick Audience is given."""
    callback: str
    """What Tencent is given."""
    tencent: str
    """Tencent's v5 API: the simulator's, or what TENCENT_BASE_URL says."""
    quickaudience: str
    """Quick Audience: the simulator, or what QA_BASE_URL says."""
    aws: str


class Stack:
    """A running bridge: `with Stack(port=8000, state=Path(".local")) as stack: …`.

    What is not given comes from the environment as the contract has it (BRIDGE_PORT, BRIDGE_STATE,
    BRIDGE_WORKERS), then from defaults. `visibility` sets the queues' visibility timeouts, in
    seconds, and `receives` their tries before the dead letters, by the queues' short names; `app` is
    the module of another app, for tests.
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
        self._inherited = environ
        self._app_name = app
        self._app = App(app, environ)
        self.environment: dict[str, str] = {}
        self.addresses = Addresses("", "", "", "", "")
        self.failure: StackError | None = None
        """Why the stack cannot go on, once it can't."""
        self.failed = threading.Event()
        self._lock = -1
        self._held = ExitStack()
        self._listener: socket.socket | None = None
        self._ministack: aws.Ministack | None = None
        self._simulators: list[Process] = []
        self._front: list[Process] = []
        self._functions: list[Process] = []
        self._watcher: threading.Thread | None = None
        self._tending = threading.Lock()
        self._stopping = False
        self._ended = threading.Event()
        self._patience = _PATIENCE

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
    def processes(self) -> list[Process]:
        """Everything that was started and has not been stopped."""
        ministack = [self._ministack.process] if self._ministack else []
        everything = [*self._functions, *self._simulators, *self._front, *filter(None, ministack)]
        return [process for process in everything if process.running]

    def _listen(self) -> socket.socket:
        """Take the front's port. It is ours and outlives a front that dies: who calls then, waits for the next."""
        try:
            return socket.create_server((http.HOST, self.port), backlog=128)
        except OSError as error:
            raise StackError(
                f"Port {self.port} cannot be used ({error.strerror}). "
                "Set BRIDGE_PORT to another one (and BRIDGE_STATE, to run beside another stack)."
            ) from error

    def _start(self) -> None:
        """Start everything: first what depends on nothing, then what needs to know of that."""
        for log in self.state.logs.glob("*.log"):
            log.unlink()
        prefix = f"http://{http.HOST}:{self.port}"
        self._ministack = aws.Ministack(
            self.state.aws, log=self.state.logs / "ministack.log", lock=self._lock
        )
        self._ministack.start()
        self.environment = self._configure(prefix, self._ministack.endpoint)
        token = self.environment["TENCENT_CALLBACK_TOKENS"].split(",")[0].strip()
        callback = f"{prefix}/tencent/{token}/callback"
        tencent, quickaudience = self._start_simulators(prefix, callback)

        self._ministack.wait_ready()
        aws.create_resources(
            self._ministack.endpoint,
            self.environment["BRIDGE_TABLE"],
            self.environment["BRIDGE_QUEUE_PREFIX"],
            visibility=self._visibility or self._shortest_visibility(),
            receives=self._receives,
        )
        if tencent:
            url = tencent.wait_ready()["url"]
            self.environment["TENCENT_BASE_URL"] = url + TENCENT_API
        if quickaudience:
            self.environment["QA_BASE_URL"] = quickaudience.wait_ready()["url"]
        self.addresses = Addresses(
            prefix=prefix,
            callback=callback,
            tencent=self.environment["TENCENT_BASE_URL"],
            quickaudience=self.environment["QA_BASE_URL"],
            aws=self._ministack.endpoint,
        )

        # Before the front answers: who sees it healthy may look here next.
        self.state.publish(self._description())
        self._start_app()
        self._wait_healthy()
        self._watcher = threading.Thread(target=self._watch, name="stack-watcher")
        self._watcher.start()

    def _configure(self, prefix: str, endpoint: str) -> dict[str, str]:
        given = {name: value for name, value in self._inherited.items() if value}
        return {
            "PUBLIC_BASE_URL": prefix,
            **DEFAULTS,
            **aws.environment(endpoint, given),
            "BRIDGE_PORT": str(self.port),
            "BRIDGE_STATE": str(self.state.folder),
        }

    def _start_simulators(
        self, prefix: str, callback: str
    ) -> tuple[Process | None, Process | None]:
        tencent = quickaudience = None
        if "TENCENT_BASE_URL" not in self.environment:
            tencent = self._process(
                "tencent",
                "local.tencent",
                *("--port", "0", "--state", str(self.state.folder / "tencent")),
                *("--callback-url", callback),
                ready=LISTENING,
            )
            self._simulators.append(tencent)
        if "QA_BASE_URL" not in self.environment:
            quickaudience = self._process(
                "quickaudience",
                "local.quickaudience",
                *("serve", "--port", "0", "--state", str(self.state.folder / "quickaudience")),
                *("--bridge-url", prefix),
                ready=LISTENING,
            )
            self._simulators.append(quickaudience)
        for simulator in self._simulators:
            simulator.start()
        return tencent, quickaudience

    def _start_app(self) -> None:
        app = ("--app", self._app_name)
        assert self._listener is not None  # noqa: S101 - for the type checker
        fd = self._listener.fileno()
        self._front.append(
            self._process("http", "local.http", "--fd", str(fd), *app, ready=LISTENING, fd=fd)
        )
        for name, trigger in self._app.queues.items():
            for n in range(min(self._workers, trigger.maximum_concurrency or self._workers)):
                self._functions.append(
                    self._process(f"{name}-{n + 1}", "local.worker", name, *app, ready=worker.READY)
                )
        if self._app.schedules:
            self._functions.append(
                self._process("scheduler", "local.scheduler", *app, ready=scheduler.READY)
            )
        for process in (*self._front, *self._functions):
            process.start()
        for process in (*self._front, *self._functions):
            process.wait_ready()

    def _process(
        self, name: str, module: str, *arguments: str, ready: str, fd: int | None = None
    ) -> Process:
        return Process(
            name,
            module,
            *arguments,
            environment=self.environment,
            log=self.state.logs / f"{name}.log",
            ready=ready,
            pass_fds=(self._lock,) if fd is None else (self._lock, fd),
        )

    def _shortest_visibility(self) -> dict[str, int]:
        """The shortest visibility timeout at which no message comes back while it is worked on.

        AWS advises six times the function's time-out to leave room for throttled calls, and the
        template says so. Here nothing throttles, and what a killed process had in hand should come
        back while somebody still looks on.
        """
        return {
            queue: int(self._app.function(name).timeout) + _SLACK
            for name, trigger in self._app.queues.items()
            for queue in ("sends", "callbacks", "receipts", "files")
            if trigger.queue and trigger.queue.endswith(queue)
        }

    def _wait_healthy(self) -> None:
        request = build_opener(ProxyHandler({})).open
        deadline = time.monotonic() + _HEALTHY
        while True:
            try:
                with request(f"{self.addresses.prefix}/health", timeout=5):
                    return
            except HTTPError as error:
                raise StackError(f"GET /health answers {error.code}") from error
            except OSError as error:
                if time.monotonic() > deadline:
                    raise StackError(f"GET /health is not answered: {error}") from error
                time.sleep(0.02)

    def _description(self) -> dict[str, object]:
        return {
            "environment": {
                name: value
                for name, value in self.environment.items()
                if name.startswith(_PUBLISHED)
            },
            "prefix": self.addresses.prefix,
            "callback": self.addresses.callback,
            "tencent": self.addresses.tencent,
            "quickaudience": self.addresses.quickaudience,
            "pid": os.getpid(),
        }

    def _watch(self) -> None:
        # Until everything has ended, because the kernel would take the end of this thread for
        # the end of the parent of what it started.
        while not self._ended.wait(_WATCH):
            with self._tending:
                if not self._stopping and not self.failed.is_set():
                    self._tend()

    def _tend(self) -> None:
        """Replace functions that ended, as Lambda does; give up when anything else has ended."""
        ministack = [self._ministack.process] if self._ministack else []
        for process in (*filter(None, ministack), *self._simulators):
            if not process.running:
                self.failure = StackError(f"{process.name} {process.fate()}")
                self.failed.set()
        for process in (*self._front, *self._functions):
            if not process.running and time.monotonic() - process.started > _SHORTEST_LIFE:
                process.start()

    def stop(self) -> None:
        """Stop everything, gently, in the order in which nothing is lost.

        Functions first, while the simulators still answer: a message whose sending is cut off is
        of unknown outcome for ever. Then the simulators, while the front still takes their
        callbacks into the queues; then the front; and last AWS, which writes all of it down.
        """
        with self._tending:
            self._stopping = True
        try:
            if self._lock >= 0:
                self.state.withdraw()
            self._end(self._functions)
            self._end(self._simulators)
            if self._listener is not None:
                # From now on who calls is refused, rather than left waiting for a front that ends.
                self._listener.close()
            self._end(self._front)
            if self._ministack is not None:
                self._ministack.stop()
        finally:
            self._ended.set()
            if self._watcher is not None:
                self._watcher.join()
            self._held.close()

    def hurry(self) -> None:
        """Make a `stop` that is under way wait for nothing but AWS; may be called by a signal."""
        self._patience = 0.0

    def _end(self, stage: Iterable[Process]) -> None:
        left = [process for process in stage if process.running]
        began = time.monotonic()
        for process in left:
            process.terminate()
        while left := [process for process in left if process.running]:
            if time.monotonic() - began > self._patience:
                for process in left:
                    process.kill()
            time.sleep(_POLL)
