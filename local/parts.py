"""The processes that a stack consists of, besides ministack: which module each runs, and how."""

from collections.abc import Iterator, Mapping

from local import scheduler, worker
from local.functions import App
from local.processes import LISTENING, Process
from local.state import State


class Parts:
    """Makes the processes of one stack, without starting them.

    A process gets the `environment` as it is when the process is made. It inherits `lock`, the open
    file that locks the stack's folder.
    """

    def __init__(self, environment: Mapping[str, str], state: State, lock: int) -> None:
        self._environment = environment
        self._state = state
        self._lock = lock

    def tencent(self, callback: str) -> Process:
        """Return Tencent's simulator, which sends statuses and replies to the callback URL."""
        return self._process(
            "tencent",
            "local.tencent",
            *("--port", "0", "--state", str(self._state.folder / "tencent")),
            *("--callback-url", callback),
            ready=LISTENING,
        )

    def quick_audience(self, prefix: str) -> Process:
        """Return Quick Audience's simulator, which calls the bridge at the prefix URL."""
        return self._process(
            "quickaudience",
            "local.quickaudience",
            *("serve", "--port", "0", "--state", str(self._state.folder / "quickaudience")),
            *("--bridge-url", prefix),
            ready=LISTENING,
        )

    def front(self, app: str, listener: int) -> Process:
        """Return the HTTP front, which accepts connections from the open socket `listener`."""
        return self._process(
            "http",
            "local.http",
            *("--fd", str(listener), "--app", app),
            ready=LISTENING,
            pass_fd=listener,
        )

    def functions(self, module: str, app: App, workers: int) -> Iterator[Process]:
        """Yield `workers` processes for each queue function, or as many as it allows, and the scheduler."""
        for name, trigger in app.queues.items():
            for n in range(min(workers, trigger.maximum_concurrency or workers)):
                yield self._process(
                    f"{name}-{n + 1}", "local.worker", name, "--app", module, ready=worker.READY
                )
        if app.schedules:
            yield self._process(
                "scheduler", "local.scheduler", "--app", module, ready=scheduler.READY
            )

    def _process(
        self, name: str, module: str, *arguments: str, ready: str, pass_fd: int | None = None
    ) -> Process:
        return Process(
            name,
            module,
            *arguments,
            environment=self._environment,
            log=self._state.logs / f"{name}.log",
            ready=ready,
            pass_fds=(self._lock,) if pass_fd is None else (self._lock, pass_fd),
        )
