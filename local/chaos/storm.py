"""Faults of every kind at random, for minutes; then every recipient has to reach a final state.

The seed decides the campaigns, the kinds of faults and the pauses between them. The point of each death
is chosen from the points reached so far, and that depends on the scheduling of processes. So the same
seed makes a similar storm, not an identical one.
"""

import random
import signal
import threading
import time
from collections.abc import Callable
from functools import partial

from rich.console import Console

from local import oss
from local.chaos import deaths, misbehaviour
from local.chaos.arena import Arena
from local.chaos.audit import Facts
from local.chaos.campaigns import CONTENT, Campaign, Campaigns
from local.chaos.halts import Operator
from local.chaos.rest import come_to_rest
from local.faults import RETURNED, WHENS, Order

_SENDERS = 2
# Seconds between two campaigns of a sender, and between two faults.
_CAMPAIGN_PAUSE = (0.5, 4.0)
_FAULT_PAUSE = (0.2, 1.5)
# Functions that may be killed at a call: not those that answer template queries or health checks.
_KILLABLE = frozenset((*deaths.FUNCTIONS, deaths.PULL, "read"))
# Seconds for which a simulator keeps misbehaving.
_SPELL = (2.0, 12.0)
# Seconds after which the wait for final states ends. A breaker that opened late delays messages for
# minutes, and a status without a matching message is retried after 255 s, after 555 s and after 1155 s.
_MAX_REST = 1300.0


class Storm:
    """One chaos run: `run` injects the faults, and `settle` waits for the final states and audits them."""

    def __init__(self, arena: Arena, files: oss.Files, seed: str, console: Console) -> None:
        self._arena = arena
        self._files = files
        self._seed = seed
        self._console = console
        self._began = time.monotonic()
        self.campaigns = Campaigns(arena.sides, arena.sides.template(CONTENT))
        self.operator = Operator(self.campaigns)
        # A restart waits until no sender is sending, and no sender sends before it is over.
        self._may_send = threading.Semaphore(_SENDERS)
        self._over = threading.Event()
        self._failure: Exception | None = None
        self.counts = {"killed at a call": 0, "killed anywhere": 0, "restarts of the stack": 0}
        self._calm_at = 0.0

    def run(self, seconds: float) -> None:
        """Send campaigns and inject faults. Raise the error of a sender, if one failed."""
        ends = time.monotonic() + seconds
        restart_at = time.monotonic() + seconds * self._random("restart").uniform(0.3, 0.7)
        senders = [
            threading.Thread(target=self._send_until_over, args=(number,))
            for number in range(_SENDERS)
        ]
        for sender in senders:
            sender.start()
        try:
            number = 0
            while time.monotonic() < ends and self._failure is None:
                self._inject(self._random(f"fault {number}"))
                number += 1
                if restart_at and time.monotonic() > restart_at:
                    restart_at = 0.0
                    self._restart()
        finally:
            self._over.set()
            for sender in senders:
                sender.join()
        if self._failure:
            raise self._failure

    def settle(self) -> tuple[Facts, list[str]]:
        """End all faults, wait until nothing changes any more, and return the facts with the problems found."""
        for order in self._arena.faults.pending():
            self._arena.faults.withdraw(order)
        self._arena.behave()
        self.operator.resume_all()
        self.counts |= self.operator.counts
        self.counts["killed at a call"] = len(self._arena.faults.executed())
        self._print("all faults have ended; waiting for the final states")
        last = -1

        def follow(facts: Facts, problems: list[str]) -> None:
            nonlocal last
            if len(problems) != last:
                last = len(problems)
                reported = sum(one in facts.reported for one in facts.recipients)
                total = len(facts.recipients)
                self._print(f"{reported} of {total} recipients reported, {last} problems left")

        return come_to_rest(self.campaigns, _MAX_REST, follow)

    def _send_until_over(self, number: int) -> None:
        generator = self._random(f"sender {number}")
        try:
            # Files come first, because a function that reads a file claims it for three minutes, even if it
            # dies.
            if number == 0:
                for count in (30, 300):
                    self._send(partial(self.campaigns.from_file, self._files.put, count), generator)
            while not self._over.wait(generator.uniform(*_CAMPAIGN_PAUSE)):
                self._send(partial(self.campaigns.various, generator), generator)
        except Exception as error:
            self._failure = error

    def _send(self, make: Callable[[], Campaign], generator: random.Random) -> None:
        """Make a campaign and send it. Once the storm is over, make none: its recipients would be missed."""
        again = generator if generator.random() < 0.2 else None
        with self._may_send:
            if not self._over.is_set():
                self.campaigns.send(make(), again=again)

    # --- faults ---

    def _inject(self, generator: random.Random) -> None:
        """Inject a random fault, and wait a moment."""
        halt = self.operator.halt
        faults = (self._order, self._kill, self._spoil, self._shuffle, self._pull, halt)
        [fault] = generator.choices(faults, weights=(8, 2, 4, 1, 1, 2))
        description = fault(generator)
        if description:
            self._print(description)
        self._over.wait(generator.uniform(*_FAULT_PAUSE))

    def _order(self, generator: random.Random) -> str:
        """Have a function die at a point that was reached before."""
        # The function is chosen first, so that all are equally likely, whatever the number of their points.
        points = sorted(
            point
            for point in self._arena.faults.seen()
            if point.nth < 4 and point.function.partition(" ")[0] in _KILLABLE
        )
        functions = sorted({point.function for point in points})
        if not functions:
            return ""
        function = generator.choice(functions)
        point = generator.choice([point for point in points if point.function == function])
        when = WHENS[0] if point.call == RETURNED else generator.choice(WHENS)
        self._arena.faults.order(Order(point, when))
        return f"{function} will die {when} {point.call} {point.nth}"

    def _kill(self, generator: random.Random) -> str:
        """Kill a random process of the bridge at once."""
        # Neither ministack nor the simulators: they would lose data that AWS, Tencent and Quick Audience keep.
        stood_in = {"ministack", "tencent", "quickaudience"}
        running = sorted(self._arena.stack.processes, key=lambda process: process.name)
        process = generator.choice([each for each in running if each.name not in stood_in])
        process.kill()
        self.counts["killed anywhere"] += 1
        return f"{process.name} was killed"

    def _spoil(self, generator: random.Random) -> str:
        """Make a simulator misbehave for a while, or both; or end that."""
        if self._calm_at and time.monotonic() > self._calm_at:
            self._calm_at = 0.0
            self._arena.behave()
            return "both simulators behave well again"
        self._calm_at = self._calm_at or time.monotonic() + generator.uniform(*_SPELL)
        spoil = generator.choice((misbehaviour.spoil_tencent, misbehaviour.spoil_quick_audience))
        return spoil(self._arena.sides, generator)

    def _shuffle(self, generator: random.Random) -> str:
        return misbehaviour.shuffle_callbacks(self._arena.sides, generator)

    def _pull(self, _: random.Random) -> str:
        """Pull statuses from Tencent, in addition to its callbacks."""
        self._arena.sides.behave(pull_enabled=True)
        died = deaths.pull(self._arena.sides) == -signal.SIGKILL
        return "statuses were pulled, too" + (", and the function died" if died else "")

    def _restart(self) -> None:
        """Stop the stack gently in the middle of a campaign, and start it again."""
        for _ in range(_SENDERS):
            self._may_send.acquire()
        try:
            given_up = self._arena.sides.count_replies_given_up()
            self._arena.stop()
            self._arena.start()
            self._arena.sides.replies_given_up = given_up
            self.campaigns.sides = self._arena.sides
        except BaseException:
            # Otherwise a waiting sender would wait for ever.
            self._over.set()
            raise
        finally:
            self._may_send.release(_SENDERS)
        self.counts["restarts of the stack"] += 1
        self._calm_at = 0.0
        self._print("the whole stack was restarted")

    # --- helpers ---

    def _random(self, purpose: str) -> random.Random:
        """Return a generator for one purpose, so that threads do not affect each other's choices."""
        return random.Random(f"{self._seed} {purpose}")

    def _print(self, text: str) -> None:
        seconds = time.monotonic() - self._began
        self._console.print(
            f"{seconds:6.1f}  {text}", markup=False, highlight=False, soft_wrap=True
        )
