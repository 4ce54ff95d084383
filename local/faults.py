"""Killing a function at a chosen call to the outside, in the processes of a running stack.

    BRIDGE_FAULTS=<folder> makes the stack's processes number every call that a function makes:

    deliver   ├─ dynamodb GetItem 1 ─ dynamodb PutItem 1 ─ tencent sendsms 1 ─ … ─ returned 1
              before                                     after

A *point* is a function and a call: what is called, and the how manieth of that kind in this
invocation it is. So the same point is met again in another process, where something is cached, or
where two calls that are made side by side have changed places. What passes a point is written down,
so nobody has to know beforehand which points a function has. An *order* kills the process right
before or right after one point. It is a file that is taken by renaming it: of several processes that
come to the point, one dies, once.

Nothing that ships to Lambda knows of this: it stands between the app and the libraries that it calls
with, and only where the variable is set.
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
"""The last point of every invocation: the function is done, and whoever called it does not know yet."""

When = Literal["before", "after"]
WHENS: tuple[When, ...] = ("before", "after")
_BETWEEN = "~"


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A call that a function makes."""

    function: str
    """As `label` names it."""
    call: str
    nth: int
    """From 1: of the calls of this kind in one invocation."""

    def __str__(self) -> str:
        return _BETWEEN.join((self.function, self.call, str(self.nth)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote."""
        function, call, nth = text.split(_BETWEEN)
        return cls(function, call, int(nth))


@dataclass(frozen=True, slots=True, order=True)
class Order:
    """A death."""

    point: Point
    when: When

    def __str__(self) -> str:
        return f"{self.point}{_BETWEEN}{self.when}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote. Raises ValueError."""
        point, _, when = text.rpartition(_BETWEEN)
        if when not in WHENS:
            raise ValueError(f"{text!r} ends neither in before nor in after")
        return cls(Point.parse(point), when)


def label(function: str, event: Mapping[str, Any]) -> str:
    """What an invocation is called: `deliver`, or `deliver 2` where a message of its batch comes again.

    What a function does with a message that comes again is another way through it, with points of
    its own. And whoever gives orders can see to it that no message is killed with so often that it
    ends in the dead letters.
    """
    tries = [
        int(record["attributes"]["ApproximateReceiveCount"])
        for record in event.get("Records", [])
        if "attributes" in record
    ]
    most = max(tries, default=1)
    return function if most == 1 else f"{function} {most}"


# --- the side of those who die ----------------------------------------------------------------


class _Invocation:
    """A function that is being called, and the calls that it has made."""

    def __init__(self, function: str) -> None:
        self.function = function
        self._made: Counter[str] = Counter()
        self._lock = threading.Lock()

    def next(self, call: str) -> tuple[Point, int]:
        """The point of a call that is about to be made, and its number in this invocation."""
        with self._lock:
            self._made[call] += 1
            return Point(self.function, call, self._made[call]), self._made.total()


class _Here(threading.local):
    """What a thread is in the middle of."""

    invocation: _Invocation | None = None
    calling = False


class _Border:
    """What stands between the functions of this process and the outside."""

    def __init__(self, folder: Path) -> None:
        self._orders, self._executed = folder / "orders", folder / "executed"
        self._passed = os.open(folder / "passed.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.here = _Here()
        self.invocation: _Invocation | None = None

    def cross(self, call: str, do: Callable[[], Any]) -> Any:
        """Make a call, if the process lives; a call within a call is a part of it."""
        invocation = self.here.invocation or self.invocation
        if invocation is None or self.here.calling:
            return do()
        point, number = invocation.next(call)
        self._note(point, number)
        self._obey(point, "before")
        self.here.calling = True
        try:
            return do()
        finally:
            self.here.calling = False
            self._obey(point, "after")

    def _note(self, point: Point, number: int) -> None:
        line = {"at": round(time.time(), 3), "pid": os.getpid(), "number": number}
        # In one write at the end of the file, so that lines of several processes don't mix.
        os.write(self._passed, json.dumps(line | {"point": str(point)}).encode() + b"\n")

    def _obey(self, point: Point, when: When) -> None:
        order = str(Order(point, when))
        try:
            (self._orders / order).rename(self._executed / order)
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)
        # The signal may take effect a moment later, and this thread must not get any further.
        time.sleep(60)


_border: _Border | None = None


def install() -> None:
    """Number the calls of this process's functions from now on, if BRIDGE_FAULTS names a folder."""
    global _border  # noqa: PLW0603 - there is one outside
    folder = os.environ.get(VARIABLE)
    if not folder or _border is not None:
        return
    # Imported only where they are wanted: it takes time, and every process of a stack comes by here.
    from botocore.client import BaseClient  # noqa: PLC0415
    from requests.adapters import HTTPAdapter  # noqa: PLC0415
    from urllib3.connection import HTTPConnection  # noqa: PLC0415

    _border = _Border(Path(folder))
    _wrap(BaseClient, "_make_api_call", _aws)
    # The adapter, not the session: some go there directly, and everybody comes through it.
    _wrap(HTTPAdapter, "send", _http)
    # Files are fetched with urllib3 alone. The two above use it, too: within their own calls.
    _wrap(HTTPConnection, "request", _fetch)


def _wrap(owner: Any, name: str, describe: Callable[..., str]) -> None:
    original = getattr(owner, name)

    def crossing(*arguments: Any, **named: Any) -> Any:
        assert _border is not None  # noqa: S101 - it is what installed this
        return _border.cross(describe(*arguments, **named), lambda: original(*arguments, **named))

    setattr(owner, name, crossing)


def _aws(client: "BaseClient", operation: str, *_: Any) -> str:
    return f"{client.meta.service_model.service_name} {operation}"


def _http(_: "HTTPAdapter", request: "PreparedRequest", **__: Any) -> str:
    """`tencent sendsms`, `quickaudience details`: the API's name and the call's."""
    path = urlsplit(request.url or "").path
    side = "quickaudience" if "/restapi/" in path else "tencent"
    return f"{side} {path.rpartition('/')[2]}"


def _fetch(_: "HTTPConnection", method: str, *__: Any, **___: Any) -> str:
    return f"file {method}"


@contextmanager
def invocation(function: str, *, own_thread: bool = False) -> Iterator[None]:
    """Count the calls made inside as those of one invocation.

    A process runs one function at a time, whose threads all count; the HTTP front runs several, each
    in a thread of its own. The end is a point, too, where the function did not raise.
    """
    border = _border
    if border is None:
        yield
        return
    holder: Any = border.here if own_thread else border
    holder.invocation = _Invocation(function)
    try:
        yield
        border.cross(RETURNED, lambda: None)
    finally:
        holder.invocation = None


# --- the side of those who kill ---------------------------------------------------------------


class Faults:
    """The folder: orders given and executed, points passed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._orders, self._executed = folder / "orders", folder / "executed"
        for each in (self._orders, self._executed):
            each.mkdir(parents=True, exist_ok=True)
        self._log = folder / "passed.jsonl"
        self._read = 0
        self._seen: dict[Point, int] = {}

    def order(self, order: Order) -> None:
        """Have the next process that comes to this point die there."""
        (self._orders / str(order)).touch()

    def withdraw(self, order: Order) -> bool:
        """Take an order back; answers whether it was still there."""
        try:
            (self._orders / str(order)).unlink()
        except FileNotFoundError:
            return False
        return True

    def pending(self) -> set[Order]:
        """The orders that nobody has come to yet."""
        return {Order.parse(path.name) for path in self._orders.iterdir()}

    def executed(self) -> set[Order]:
        """The orders that somebody died of."""
        return {Order.parse(path.name) for path in self._executed.iterdir()}

    def seen(self) -> Mapping[Point, int]:
        """Every point that was ever passed, in the order of the first time, and how often."""
        if self._log.exists():
            with self._log.open("rb") as log:
                log.seek(self._read)
                for line in log:
                    if not line.endswith(b"\n"):
                        break
                    self._read += len(line)
                    point = Point.parse(json.loads(line)["point"])
                    self._seen[point] = self._seen.get(point, 0) + 1
        return self._seen
