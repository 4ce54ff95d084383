"""Every point of every function in turn: the process dies before it, and dies after it.

Nobody writes the points down. Those that a first campaign passes are where it begins; whatever way
through a function shows up later (a message that comes again, an unknown outcome that is settled) adds
its own. Orders are given one after another, function by function, and campaigns are sent until all
were executed.
"""

import random
import signal
import threading
import time
from collections import deque
from collections.abc import Callable

from local.chaos.campaigns import Campaigns
from local.chaos.orders import Faults
from local.chaos.sides import Sides, wait_for
from local.faults import RETURNED, WHENS, Order, Point
from local.processes import StackError

ACCEPT, CALLBACK = "send_batch_list", "tencent_callback"
FUNCTIONS = (ACCEPT, CALLBACK, "deliver", "settle", "push")
AGAIN = ("settle 2", "push 2")
"""The ways of those messages that come a second time. What `deliver` does then has to wait for its
time-out, and is left to the storm and to tests/integration."""

PULL = "pull"

_POLL = 0.05
# So often a campaign is sent, at most: the machine has other things to do, too.
_PACE = 1.5
# An order that nobody came to for so long doesn't hold up the function's next one.
_HOLD = 2.0
# What a process does once and then remembers.
_ONCE = "sqs GetQueueUrl"


class Deaths:
    """Gives the orders.

    `renew` has the processes of a function end in peace, for the sake of what only a new one does.
    `rare` are calls by function that take a while to be made at all, and are waited for.
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
        self._todo: dict[str, deque[Order]] = {name: deque() for name in (*FUNCTIONS, *AGAIN)}
        self._given: dict[Order, float] = {}
        self._known: set[Point] = set()
        self._must: set[Order] = set()
        self._failure: Exception | None = None

    def learn(self, *, first: bool = False) -> None:
        """Take note of points that were not known, and mean to have somebody die there.

        Whoever is `first` makes the same calls each time. Later, and of functions that are given whole
        batches, the first call of each kind will certainly be made again; how many more there are
        depends on how many messages a batch happens to have, and on what became of them before. Such
        points get their orders, too, but are not waited for.
        """
        for point in list(self._faults.seen()):
            if point in self._known or point.function not in self._todo:
                continue
            self._known.add(point)
            whens = WHENS[:1] if point.call == RETURNED else WHENS
            orders = [Order(point, when) for when in whens]
            self._random.shuffle(orders)
            alone = point.function in (ACCEPT, CALLBACK, "deliver")
            if (first and alone) or (point.nth == 1 and point.function in FUNCTIONS):
                self._must.update(orders)
                self._todo[point.function].extend(orders)
            elif point.nth == 1:
                self._todo[point.function].extend(orders)

    @property
    def left(self) -> list[Order]:
        """The orders that are waited for, and that nobody has died of yet."""
        return sorted(self._must - self._faults.executed())

    @property
    def executed(self) -> list[Order]:
        """The orders that somebody died of."""
        return sorted(self._faults.executed())

    @property
    def died_of(self) -> set[tuple[str, str]]:
        """The calls that somebody died of, by function."""
        return {(order.point.function, order.point.call) for order in self._faults.executed()}

    def run(self, seconds: float, follow: Callable[[str], None] = lambda _: None) -> None:
        """Send campaigns and give orders until all were executed. Raises StackError when they aren't in time."""
        deadline = time.monotonic() + seconds
        over = threading.Event()
        giving = threading.Thread(target=self._give_until, args=(over,))
        giving.start()
        try:
            while self._failure is None and (left := [*self.left, *(self._rare - self.died_of)]):
                if time.monotonic() > deadline:
                    raise StackError(f"not executed in {seconds:.0f} s: {list(map(str, left))}")
                last = time.monotonic()
                self._send()
                follow(f"{len(self.executed)} deaths, {len(left)} to go")
                over.wait(max(0.0, last + _PACE - time.monotonic()))
        finally:
            over.set()
            giving.join()
            for order in self._given:
                self._faults.withdraw(order)
        if self._failure:
            raise self._failure

    def _send(self) -> None:
        """Send a campaign; every other leaves somebody of unknown outcome, whom a status settles half a minute on."""
        kind = len(self._campaigns.all) % 4
        # Those who accept it are to die of its first request, not of that one's repetition. And
        # `deliver` goes first, because what it leaves takes longest to mend.
        if not self._todo["deliver"]:
            self._give_next(ACCEPT)
        self._campaigns.send(
            self._campaigns.small(unanswered=kind % 2 == 0, refused=kind == 1),
            again=self._random if kind == 3 else None,
        )

    def _give_until(self, over: threading.Event) -> None:
        try:
            while not over.wait(_POLL):
                self.learn()
                for function in self._todo:
                    if function != ACCEPT:
                        self._give_next(function)
        except Exception as error:
            self._failure = error

    def _give_next(self, function: str) -> None:
        """Give a function's next order, if it came to its last one or doesn't come to it."""
        now = time.monotonic()
        given = {o: since for o, since in self._given.items() if o.point.function == function}
        waiting = given.keys() - self._faults.executed()
        todo = self._todo[function]
        if not todo or any(now - given[order] < _HOLD for order in waiting):
            return
        if function == CALLBACK and (
            any(now - since < _HOLD for since in given.values())
            or waiting
            or self._tencent_pushes()
        ):
            return
        order = todo.popleft()
        if order.point.call == _ONCE:
            self._renew(function)
        self._given[order] = now
        self._faults.order(order)

    def _tencent_pushes(self) -> bool:
        """Whether a push of Tencent's may be one that failed: it is tried three times, so nobody dies of it again.

        One that is under way may be the second try, waiting for the front that is to replace the dead one.
        """
        sides = self._campaigns.sides
        queues = sides.get(sides.tencent, "/_sim/state")["queues"]
        return bool(queues["pushes_waiting_for_retry"] or queues["pushes_under_way"])


def pull(sides: Sides) -> int:
    """Run the scheduled function that fetches from Tencent what it also pushes; answers its exit code."""
    run = sides.attempt("local.scheduler", "--once", PULL, TENCENT_RECEIPTS="pull")
    return run.returncode


def die_pulling(faults: Faults, campaigns: Campaigns) -> list[Order]:
    """Have `pull` die before and after the first call of each kind, each time with something to pull.

    What it has in hand then is lost to it, as docs/architecture.md says; and comes by callback as well,
    here, so that all of it comes twice otherwise. Answers the orders. Raises StackError for one that
    wasn't executed.
    """
    sides = campaigns.sides
    sides.behave(pull_enabled=True)
    orders: list[Order] = []

    def pull_with_something_to_pull() -> int:
        made = _receipts_made(sides)
        campaigns.send(campaigns.small())
        wait_for(lambda: _receipts_made(sides) >= made + 2, 30, "statuses to be pulled")
        return pull(sides)

    if pull_with_something_to_pull():
        raise StackError("pull failed without having been killed")
    for point in [each for each in faults.seen() if each.function == PULL and each.nth == 1]:
        for when in WHENS[:1] if point.call == RETURNED else WHENS:
            orders.append(Order(point, when))
            faults.order(orders[-1])
            if pull_with_something_to_pull() != -signal.SIGKILL:
                raise StackError(f"pull did not die: {orders[-1]}")
    return orders


def _receipts_made(sides: Sides) -> int:
    return int(sides.get(sides.tencent, "/_sim/state")["receipts"]["made"])
