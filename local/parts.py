"""The processes that a stack consists of, besides ministack: which module each runs, and how."""

import time
from collections.abc import Iterator, Mapping
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from local import scheduler, worker
from local.functions import App
from local.hostile.polling import LONGEST_WINDOW
from local.hostile.switches import Switch, Switches
from local.processes import LISTENING, Process, StackError
from local.state import State

_SLACK = 10
_HEALTHY = 30.0


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
                    f"{name}-{n + 1}",
                    "local.worker",
                    *(name, "--app", module, "--number", str(n + 1)),
                    ready=worker.READY,
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


def shortest_visibility(app: App, switches: Switches) -> dict[str, int]:
    """Return the shortest visibility timeouts at which no message returns while it is processed.

    AWS advises six times the function's time-out, to leave room for throttled calls, and the template follows that.
    Unless HOSTILE says so, nothing throttles here, and the messages of a killed process should return while
    somebody is still watching.
    """
    slack = _SLACK + (int(LONGEST_WINDOW) if Switch.WINDOW in switches else 0)
    return {
        queue: int(app.function(name).timeout) + slack
        for name, trigger in app.queues.items()
        for queue in ("sends", "callbacks", "receipts", "files")
        if trigger.queue and trigger.queue.endswith(queue)
    }


def wait_healthy(url: str) -> None:
    """Wait until the front answers a health check. Raise StackError if it does not, or answers an error."""
    request = build_opener(ProxyHandler({})).open
    deadline = time.monotonic() + _HEALTHY
    while True:
        try:
            with request(url, timeout=5):
                return
        except HTTPError as error:
            raise StackError(f"GET /health answers {error.code}") from error
        except OSError as error:
            if time.monotonic() > deadline:
                raise StackError(f"GET /health is not answered: {error}") from error
            time.sleep(0.02)
