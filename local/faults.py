"""Kill a function at a chosen call to the outside, in a process of a running stack.

With BRIDGE_FAULTS=<folder>, the stack's processes number every outside call that a function makes:

    deliver   ├─ dynamodb GetItem 1 ─ dynamodb PutItem 1 ─ tencent sendsms 1 ─ … ─ returned 1
              before                                     after

A *point* is a function and one of its calls: the operation called, and the call's ordinal among the
calls of that operation in this invocation. So the same point occurs again in another process, with
a warm cache, or when two concurrent calls change places. Every point that is reached is logged, so
nobody needs to know a function's points beforehand.

An *order* kills the process right before or right after one point. It is a file, and a process takes it
by renaming it: of several processes that reach the point, one dies, once. `local.chaos.orders` gives
the orders and reads the log.

Nothing that ships to Lambda knows of this module. It sits between the app and its client libraries,
and only where the variable is set.
"""

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from requests import PreparedRequest
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection

VARIABLE = "BRIDGE_FAULTS"
RETURNED = "returned"
"""The last point of every invocation: the function has finished, but its caller does not know yet."""

When = Literal["before", "after"]
WHENS: tuple[When, ...] = ("before", "after")
_SEPARATOR = "~"


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A call that a function makes."""

    function: str
    """The name that `label` returns."""
    call: str
    nth: int
    """Ordinal among the calls of this kind in one invocation, from 1."""

    def __str__(self) -> str:
        return _SEPARATOR.join((self.function, self.call, str(self.nth)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the result of `str`."""
        function, call, nth = text.split(_SEPARATOR)
        return cls(function, call, int(nth))


@dataclass(frozen=True, slots=True, order=True)
class Order:
    """An order to die right before or right after a point."""

    point: Point
    when: When

    def __str__(self) -> str:
        return f"{self.point}{_SEPARATOR}{self.when}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the result of `str`. Raise ValueError if it is malformed."""
        point, _, when = text.rpartition(_SEPARATOR)
        if when not in WHENS:
            raise ValueError(f"{text!r} ends neither in before nor in after")
        return cls(Point.parse(point), when)


def label(function: str, event: Mapping[str, Any]) -> str:
    """Return the name of an invocation: `deliver`, or `deliver 2` for the second receive of a message.

    A batch is named after the message that was received most often. A function processes a repeated
    message on a path of its own, with points of its own. The separate names also let a test ensure
    that no message is interrupted so often that it becomes a dead letter.
    """
    tries = [
        int(record["attributes"]["ApproximateReceiveCount"])
        for record in event.get("Records", [])
        if "attributes" in record
    ]
    most = max(tries, default=1)
    return function if most == 1 else f"{function} {most}"


class _Invocation:
    """An invocation of a function, with the calls that it has made so far."""

    def __init__(self, function: str) -> None:
        self.function = function
        self._made: Counter[str] = Counter()
        self._lock = threading.Lock()

    def next(self, call: str) -> tuple[Point, int]:
        """Return the point of the next call, and the call's ordinal among all calls of this invocation."""
        with self._lock:
            self._made[call] += 1
            return Point(self.function, call, self._made[call]), self._made.total()


class _ThreadState(threading.local):
    """The invocation that a thread belongs to, and whether the thread is inside a call."""

    invocation: _Invocation | None = None
    calling = False


class _Interceptor:
    """Intercepts the calls that the functions of this process make to the outside."""

    def __init__(self, folder: Path) -> None:
        self._orders, self._executed = folder / "orders", folder / "executed"
        self._log_file = os.open(folder / "passed.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.thread = _ThreadState()
        self.invocation: _Invocation | None = None

    def make(self, call: str, do: Callable[[], Any]) -> Any:
        """Make a call, unless an order kills the process. A nested call belongs to the outer one."""
        invocation = self.thread.invocation or self.invocation
        if invocation is None or self.thread.calling:
            return do()
        point, number = invocation.next(call)
        self._log(point, number)
        self._obey(point, "before")
        self.thread.calling = True
        try:
            return do()
        finally:
            self.thread.calling = False
            self._obey(point, "after")

    def _log(self, point: Point, number: int) -> None:
        line = {"at": round(time.time(), 3), "pid": os.getpid(), "number": number}
        # One write in append mode, so that the lines of several processes don't mix.
        os.write(self._log_file, json.dumps(line | {"point": str(point)}).encode() + b"\n")

    def _obey(self, point: Point, when: When) -> None:
        order = str(Order(point, when))
        try:
            (self._orders / order).rename(self._executed / order)
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)
        # The signal may take effect a moment later, and this thread must not continue.
        time.sleep(60)


_interceptor: _Interceptor | None = None


def install() -> None:
    """Number the calls of this process's functions from now on, if BRIDGE_FAULTS names a folder."""
    global _interceptor  # noqa: PLW0603 - one for each process
    folder = os.environ.get(VARIABLE)
    if not folder or _interceptor is not None:
        return
    # Imported only when needed: imports take time, and every process of a stack calls this function.
    from botocore.client import BaseClient  # noqa: PLC0415
    from requests.adapters import HTTPAdapter  # noqa: PLC0415
    from urllib3.connection import HTTPConnection  # noqa: PLC0415

    _interceptor = _Interceptor(Path(folder))
    _wrap(BaseClient, "_make_api_call", _aws)
    # The adapter, not the session: some callers use it directly, and every request passes through it.
    _wrap(HTTPAdapter, "send", _http)
    # Files are fetched with urllib3 alone. The two libraries above use it, too, within their own calls.
    _wrap(HTTPConnection, "request", _fetch)


def _wrap(owner: Any, name: str, describe: Callable[..., str]) -> None:
    original = getattr(owner, name)

    def intercepted(*arguments: Any, **named: Any) -> Any:
        assert _interceptor is not None  # noqa: S101 - `install` has set it
        return _interceptor.make(
            describe(*arguments, **named), lambda: original(*arguments, **named)
        )

    setattr(owner, name, intercepted)


def _aws(client: "BaseClient", operation: str, *_: Any) -> str:
    return f"{client.meta.service_model.service_name} {operation}"


def _http(_: "HTTPAdapter", request: "PreparedRequest", **__: Any) -> str:
    """Return the names of the API and the operation, such as `tencent sendsms` or `tencent SendSms`."""
    path = urlsplit(request.url or "").path
    if "/restapi/" in path:
        return f"quickaudience {path.rpartition('/')[2]}"
    # Tencent's API 3.0 has one path for all calls.
    action = request.headers.get("X-TC-Action") if request.headers else None
    return f"tencent {action or path.rpartition('/')[2]}"


def _fetch(_: "HTTPConnection", method: str, *__: Any, **___: Any) -> str:
    return f"file {method}"


@contextmanager
def invocation(function: str, *, own_thread: bool = False) -> Iterator[None]:
    """Count the calls inside the block as those of one invocation.

    A worker process runs one function at a time, and the calls of all threads count. The HTTP front
    runs several at once: with `own_thread`, only calls of this thread count. If the function does not
    raise, its end is a point, too.
    """
    interceptor = _interceptor
    if interceptor is None:
        yield
        return
    holder: Any = interceptor.thread if own_thread else interceptor
    holder.invocation = _Invocation(function)
    try:
        yield
        interceptor.make(RETURNED, lambda: None)
    finally:
        holder.invocation = None
