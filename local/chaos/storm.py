"""Everything that may go wrong, at random, for minutes; and then everybody is accounted for.

The seed decides the campaigns, the kinds of trouble and the pauses between them. At which call somebody
is to die is drawn from the calls that were passed by then, and processes run as they run: so the same
seed is nearly the same storm, and no more than that.
"""

import random
import shlex
import signal
import socket
import tempfile
import threading
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local import oss
from local.chaos import audit, deaths, weather
from local.chaos.arena import Arena
from local.chaos.audit import Facts
from local.chaos.campaigns import CONTENT, Campaign, Campaigns
from local.chaos.rest import come_to_rest
from local.faults import RETURNED, WHENS, Order
from local.processes import StackError

_SENDERS = 2
# Seconds between two campaigns of a sender, and between two troubles.
_CAMPAIGNS = (0.5, 4.0)
_TROUBLES = (0.2, 1.5)
# Who dies at a call. Not who answers a template's questions or the stack's own, whether it is up.
_MORTAL = frozenset((*deaths.FUNCTIONS, deaths.PULL, "read"))
# How long a side stays as it was spoilt.
_SPELL = (2.0, 12.0)
# A breaker that opened late keeps messages back for minutes, and a status that found no message by then
# is looked for after 255 s, after 555 s, after 1155 s.
_REST = 1300.0


class Storm:
    """One run: `pass_over` makes it, `settle` waits until it is over and says what came of it."""

    def __init__(self, arena: Arena, files: oss.Files, seed: str, console: Console) -> None:
        self._arena = arena
        self._files = files
        self._seed = seed
        self._console = console
        self._began = time.monotonic()
        self.campaigns = Campaigns(arena.sides, arena.sides.template(CONTENT))
        # A restart waits until nobody sends, and nobody sends until it is over.
        self._may_send = threading.Semaphore(_SENDERS)
        self._over = threading.Event()
        self._failure: Exception | None = None
        self.counts = {"killed at a call": 0, "killed anywhere": 0, "restarts of everything": 0}
        self._calm_at = 0.0

    # --- the storm ---

    def pass_over(self, seconds: float) -> None:
        """Send campaigns and make trouble. Raises what a sender met that it must not meet."""
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
                self._trouble(self._random(f"trouble {number}"))
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
        """Have everything behave, and wait until nothing moves any more."""
        for order in self._arena.faults.pending():
            self._arena.faults.withdraw(order)
        self._arena.behave()
        self.counts["killed at a call"] = len(self._arena.faults.executed())
        self._say("all behave again; now what is left comes to its end")
        last = -1

        def follow(facts: Facts, problems: list[str]) -> None:
            nonlocal last
            if len(problems) != last:
                last = len(problems)
                told = sum(one in facts.told for one in facts.recipients)
                self._say(f"{told} of {len(facts.recipients)} told, {last} not at their end yet")

        return come_to_rest(self.campaigns, _REST, follow)

    def _send_until_over(self, number: int) -> None:
        generator = self._random(f"sender {number}")
        try:
            # Who reads a file holds it for three minutes, dead or not: so files come first.
            if number == 0:
                for count in (30, 300):
                    self._send(self.campaigns.from_file(self._files.put, count), generator)
            while not self._over.wait(generator.uniform(*_CAMPAIGNS)):
                self._send(self.campaigns.various(generator), generator)
        except Exception as error:
            self._failure = error

    def _send(self, campaign: Campaign, generator: random.Random) -> None:
        again = generator if generator.random() < 0.2 else None
        with self._may_send:
            if not self._over.is_set():
                self.campaigns.send(campaign, again=again)

    # --- trouble ---

    def _trouble(self, generator: random.Random) -> None:
        """Make some, and wait a moment."""
        troubles = (self._order, self._kill, self._spoil, self._shuffle, self._pull)
        [trouble] = generator.choices(troubles, weights=(8, 2, 4, 1, 1))
        said = trouble(generator)
        if said:
            self._say(said)
        self._over.wait(generator.uniform(*_TROUBLES))

    def _order(self, generator: random.Random) -> str:
        """Have a function die at some point that was passed before."""
        # By kinds first: a point is as likely as any other, however many batches passed it.
        points = sorted(
            point
            for point in self._arena.faults.seen()
            if point.nth < 4 and point.function.partition(" ")[0] in _MORTAL
        )
        functions = sorted({point.function for point in points})
        if not functions:
            return ""
        function = generator.choice(functions)
        point = generator.choice([point for point in points if point.function == function])
        when = WHENS[0] if point.call == RETURNED else generator.choice(WHENS)
        self._arena.faults.order(Order(point, when))
        return f"{function} is to die {when} {point.call} {point.nth}"

    def _kill(self, generator: random.Random) -> str:
        """Kill some process of the bridge, whatever it is at."""
        # Not ministack nor the simulators: what they lose, AWS, Tencent and Quick Audience don't.
        stood_in = {"ministack", "tencent", "quickaudience"}
        running = sorted(self._arena.stack.processes, key=lambda process: process.name)
        process = generator.choice([each for each in running if each.name not in stood_in])
        process.kill()
        self.counts["killed anywhere"] += 1
        return f"{process.name} is killed"

    def _spoil(self, generator: random.Random) -> str:
        """Spoil a side for a spell, or both; or have them behave again."""
        if self._calm_at and time.monotonic() > self._calm_at:
            self._calm_at = 0.0
            self._arena.behave()
            return "both sides behave again"
        self._calm_at = self._calm_at or time.monotonic() + generator.uniform(*_SPELL)
        spoil = generator.choice((weather.spoil_tencent, weather.spoil_quick_audience))
        return spoil(self._arena.sides, generator)

    def _shuffle(self, generator: random.Random) -> str:
        return weather.shuffle_callbacks(self._arena.sides, generator)

    def _pull(self, _: random.Random) -> str:
        """Have what Tencent pushes be pulled, too."""
        self._arena.sides.behave(pull_enabled=True)
        died = deaths.pull(self._arena.sides) == -signal.SIGKILL
        return "statuses are pulled, too" + (" by one who dies of it" if died else "")

    def _restart(self) -> None:
        """Stop everything in mid-campaign, gracefully, and start it again."""
        for _ in range(_SENDERS):
            self._may_send.acquire()
        try:
            given_up = self._arena.sides.count_replies_given_up()
            self._arena.stop()
            self._arena.start()
            self._arena.sides.replies_given_up = given_up
            self.campaigns.sides = self._arena.sides
        except BaseException:
            # Who waits to send would wait for ever.
            self._over.set()
            raise
        finally:
            self._may_send.release(_SENDERS)
        self.counts["restarts of everything"] += 1
        self._calm_at = 0.0
        self._say("everything was stopped and started again")

    # --- words ---

    def _random(self, purpose: str) -> random.Random:
        """Chance, for a purpose: so that one thread's draws don't depend on another's."""
        return random.Random(f"{self._seed} {purpose}")

    def _say(self, what: str) -> None:
        seconds = time.monotonic() - self._began
        self._console.print(
            f"{seconds:6.1f}  {what}", markup=False, highlight=False, soft_wrap=True
        )


def run(*, seconds: float, seed: str) -> int:
    """`make chaos`; answers the exit code."""
    console = Console(highlight=False)
    console.print(f"SEED={seed} SECONDS={seconds:.0f}")
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    try:
        facts, problems, storm = _weather(folder, seconds, seed, console)
    except StackError as error:
        problems = [str(error)]
    else:
        console.print(_table(facts, storm))
    if not problems:
        console.print("[green]✓[/] everybody was sent to at most once, and came to one end")
        return 0
    console.print(audit.shortened(problems), style="red", markup=False, soft_wrap=True)
    again = shlex.join(["make", "chaos", f"SEED={seed}", f"SECONDS={seconds:.0f}"])
    console.print(f"\nNearly the same again: {again}\nLogs, data, deaths:    {folder}")
    return 1


def _weather(
    folder: Path, seconds: float, seed: str, console: Console
) -> tuple[Facts, list[str], Storm]:
    with oss.serving() as files:
        arena = Arena(
            folder,
            port=_free_port(),
            timeouts={"settle": 10, "push": 60},
            # Deaths are far more frequent here than anywhere; what is a poison message there, is
            # only one that was unlucky here.
            receives={"sends": 50, "callbacks": 50},
            environ={"OSS_ALLOWED_HOSTS": f".aliyuncs.com,{files.origin}"},
        )
        with arena:
            storm = Storm(arena, files, seed, console)
            storm.pass_over(seconds)
            return *storm.settle(), storm


def _table(facts: Facts, storm: Storm) -> Table:
    table = Table(title="What came of it", title_justify="left", show_header=False)
    counts = {
        **storm.counts,
        "requests cut off": storm.campaigns.cut_off,
        "campaigns": len(storm.campaigns.all),
        **audit.summary(facts),
    }
    for name, count in counts.items():
        table.add_row(name, f"{count:,}")
    return table


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
