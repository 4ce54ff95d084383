"""Every point of every function in turn: the process is killed before it, and killed after it.

There is no list of points. The run starts with those that a first campaign reaches. Other paths through
a function that occur later, such as a repeated message or an unknown outcome that is settled, add
their own. Orders are given one after another for each function, and campaigns are sent until all orders
have been executed.
"""

import itertools
import random
import signal
import threading
import time
from collections import deque
from collections.abc import Callable

from local.chaos.campaigns import Campaigns
from local.chaos.orders import Faults
from local.chaos.patience import wait_for
from local.chaos.sides import Sides
from local.faults import RETURNED, WHENS, Order, Point
from local.processes import StackError

ACCEPT, CALLBACK = "send_batch_list", "tencent_callback"
FUNCTIONS = (ACCEPT, CALLBACK, "deliver", "settle", "push")
AGAIN = ("settle 2", "push 2")
"""The paths of messages that are received a second time. That of `deliver` would have to wait for its
time-out, so it is left to the storm and to tests/integration."""

PULL = "pull"

_POLL = 0.05
# Seconds between two campaigns at least, so that the machine is not overloaded.
_PACE = 1.5
# Seconds after which an order that was not executed no longer delays the function's next one.
_HOLD = 2.0
# A call that a process makes once, because it caches the result.
_ONCE = "sqs GetQueueUrl"
# Seconds after which the processes are renewed again for such a call: the last ones made it with another number.
_RENEW = 10.0


class Deaths:
    """Gives the orders, and sends campaigns until they have been executed.

    `renew` ends the processes of a function gently, for points that only a new process reaches.
    `rare` names calls, by function, that occur late and are waited for.
    """

    def __init__(
        self,
        faults: Faults,
        campaigns: Campaigns,
        generator: random.Random,
        renew: Callable[[str], None],
        rare: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        self._rare = rare
        self._faults = faults
        self._campaigns = campaigns
        self._random = generator
        self._renew = renew
        self._queued: dict[str, deque[Order]] = {name: deque() for name in (*FUNCTIONS, *AGAIN)}
        # By function, because two threads give orders, to different functions.
        self._given: dict[str, dict[Order, float]] = {name: {} for name in self._queued}
        self._known: set[Point] = set()
        self._must: set[Order] = set()
        self._failure: Exception | None = None

    def learn(self, *, first: bool = False) -> None:
        """Queue orders for points that were reached for the first time.

        The points of the `first` campaign recur, because the functions that handle single messages make
        the same calls each time. Of later campaigns, and of functions that handle batches, only the
        first call of each kind is certain to recur: the number of further calls depends on the number of
        messages in a batch, and on their earlier processing. Orders for uncertain points are given,
        too, but not waited for.
        """
        for point in list(self._faults.seen()):
            if point in self._known or point.function not in self._queued:
                continue
            self._known.add(point)
            whens = WHENS[:1] if point.call == RETURNED else WHENS
            orders = [Order(point, when) for when in whens]
            self._random.shuffle(orders)
            single = point.function in (ACCEPT, CALLBACK, "deliver")
            if (first and single) or (point.nth == 1 and point.function in FUNCTIONS):
                self._must.update(orders)
                self._queued[point.function].extend(orders)
            elif point.nth == 1:
                self._queued[point.function].extend(orders)

    @property
    def left(self) -> list[Order]:
        """The orders that are waited for and have not been executed yet."""
        return sorted(self._must - self._faults.executed())

    @property
    def executed(self) -> list[Order]:
        """The orders that have been executed."""
        return sorted(self._faults.executed())

    @property
    def died_of(self) -> set[tuple[str, str]]:
        """The calls at which a process was killed, each with its function."""
        return {(order.point.function, order.point.call) for order in self._faults.executed()}

    def run(self, seconds: float, follow: Callable[[str], None] = lambda _: None) -> None:
        """Send campaigns and give orders until all have been executed.

        Raise StackError if none is executed for `seconds`. How long all of them take depends on the machine.
        """
        executed, deadline = 0, time.monotonic() + seconds
        over = threading.Event()
        giving = threading.Thread(target=self._give_until, args=(over,))
        giving.start()
        try:
            while self._failure is None and (left := [*self.left, *(self._rare - self.died_of)]):
                if (count := len(self._faults.executed())) > executed:
                    executed, deadline = count, time.monotonic() + seconds
                if time.monotonic() > deadline:
                    raise StackError(f"none executed for {seconds:.0f} s: {list(map(str, left))}")
                last = time.monotonic()
                self._send()
                follow(f"{count} deaths, {len(left)} to go")
                over.wait(max(0.0, last + _PACE - time.monotonic()))
        finally:
            over.set()
            giving.join()
            for order in itertools.chain.from_iterable(self._given.values()):
                self._faults.withdraw(order)
        if self._failure:
            raise self._failure

    def _send(self) -> None:
        """Send a campaign.

        Every other campaign leaves a recipient of unknown outcome, which a status settles half a minute
        later.
        """
        kind = len(self._campaigns.all) % 4
        # The order for the accepting function concerns the first request, not its repetition. The
        # orders for `deliver` come first, because their messages take longest to become final.
        if not self._queued["deliver"]:
            self._give_next(ACCEPT)
        self._campaigns.send(
            self._campaigns.small(unanswered=kind % 2 == 0, refused=kind == 1),
            again=self._random if kind == 3 else None,
        )

    def _give_until(self, over: threading.Event) -> None:
        try:
            while not over.wait(_POLL):
                self.learn()
                for function in self._queued:
                    if function != ACCEPT:
                        self._give_next(function)
        except Exception as error:
            self._failure = error

    def _give_next(self, function: str) -> None:
        """Give a function's next order, once its last one was executed or has waited for too long."""
        now = time.monotonic()
        given = self._given[function]
        pending = given.keys() - self._faults.executed()
        self._renew_again(function, pending)
        queued = self._queued[function]
        if not queued or any(now - given[order] < _HOLD for order in pending):
            return
        if function == CALLBACK and (
            any(now - since < _HOLD for since in given.values())
            or pending
            or self._tencent_pushes()
        ):
            return
        order = queued.popleft()
        if order.point.call == _ONCE:
            self._renew(function)
        given[order] = now
        self._faults.order(order)

    def _renew_again(self, function: str, pending: set[Order]) -> None:
        """Renew the processes again for an order that the last ones made no call for."""
        now = time.monotonic()
        given = self._given[function]
        late = [
            order for order in pending if order.point.call == _ONCE and now - given[order] > _RENEW
        ]
        if late and not (function == CALLBACK and self._tencent_pushes()):
            self._renew(function)
            given.update(dict.fromkeys(late, now))

    def _tencent_pushes(self) -> bool:
        """Return whether a push of Tencent's may be a retry.

        Tencent makes three attempts only, so a retry must not be interrupted again. A push in progress
        may be the second attempt, waiting for the front that replaces the dead one.
        """
        sides = self._campaigns.sides
        queues = sides.get(sides.tencent, "/_sim/state")["queues"]
        return bool(queues["pushes_waiting_for_retry"] or queues["pushes_under_way"])


def pull(sides: Sides) -> int:
    """Run the scheduled function `pull`, and return its exit code."""
    run = sides.attempt("local.scheduler", "--once", PULL, TENCENT_RECEIPTS="pull")
    return run.returncode


def die_pulling(faults: Faults, campaigns: Campaigns) -> list[Order]:
    """Kill `pull` before and after the first call of each kind, each time with statuses to pull.

    Statuses that a killed `pull` had fetched are lost to it, as docs/architecture.md says. Here they
    also arrive by callback, so all others arrive twice. Return the orders. Raise StackError for an
    order that was not executed.
    """
    sides = campaigns.sides
    sides.behave(pull_enabled=True)
    orders: list[Order] = []

    def pull_with_something_to_pull() -> int:
        made = _receipts_made(sides)
        campaigns.send(campaigns.small())
        wait_for(lambda: _receipts_made(sides) >= made + 2, 30, "statuses to be pulled")
        # The invocation that was killed before holds its lease for five minutes.
        sides.end_lease(PULL)
        return pull(sides)

    if pull_with_something_to_pull():
        raise StackError("pull failed although it was not killed")
    for point in [each for each in faults.seen() if each.function == PULL and each.nth == 1]:
        for when in WHENS[:1] if point.call == RETURNED else WHENS:
            orders.append(Order(point, when))
            faults.order(orders[-1])
            if pull_with_something_to_pull() != -signal.SIGKILL:
                raise StackError(f"pull did not die: {orders[-1]}")
    return orders


def _receipts_made(sides: Sides) -> int:
    return int(sides.get(sides.tencent, "/_sim/state")["receipts"]["made"])
