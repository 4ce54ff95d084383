"""Random histories of a campaign with resends: whatever happens, nobody gets two messages under its outId.

Tencent answers, refuses or falls silent, functions and commands die at any call, Quick Audience repeats its request
and makes others, operators pause, stop and send again, and time passes. MODEL=long runs many: STORIES=200 sets
the number.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest

from chalicelib.errors import BridgeError
from chalicelib.store import resends, send_requests
from ops import halting, resend_drafts, resending
from ops.errors import OperatorError
from tests.support.in_process import tencent, web
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.campaign_counts import check_counts
from tests.support.in_process.final_state_logs import check_logs
from tests.support.in_process.outside import Fault
from tests.support.in_process.tencent import coded, lost, refused

STORIES = int(os.environ.get("STORIES", "200")) if os.environ.get("MODEL") == "long" else 5
STEPS = 30
PHONES = [f"139{number:08d}" for number in range(8)]
HOWS: tuple[Fault, ...] = ("killed before", "killed after", "failed before", "failed after")


class Story:
    """One campaign, and what happens to it."""

    def __init__(self, bridge: Bridge, seed: int) -> None:
        self.bridge = bridge
        self.random = random.Random(seed)
        self.codes = [bridge.template(), bridge.template("再见${name}")]
        self.history: list[str] = []
        self.events: dict[str, Callable[[], None]] = {
            "answers": self.answers,
            "ask": self.ask,
            "ask for another": self.ask_for_another,
            "deliver": lambda: self.run("deliver"),
            "settle": self.settle,
            "resend": self.resend,
            "resend again": self.resend,
            "halt": self.halt,
            "time": self.time,
            "sweep": bridge.pump.sweep,
        }

    def tell(self) -> None:
        self.ask()
        for _ in range(STEPS):
            name = self.random.choice(list(self.events))
            self.history.append(name)
            self.events[name]()
            self.check()
        self.end()

    def check(self) -> None:
        times = Counter(sms.phone for sms in self.bridge.tencent.sent)
        assert not times or max(times.values()) == 1, (times, self.history)

    def break_something(self, act: Callable[[], object]) -> None:
        """Do something in a new process, which mostly has a fault at one of its calls."""
        at = self.random.choice([None, None, *range(30)])
        self.bridge.restart()
        with self.bridge.outside.watched(at, self.random.choice(HOWS)):
            try:
                act()
            except (OperatorError, BridgeError):
                pass
            except Exception as error:
                self.bridge.pump.failures.append(error)
        self.bridge.restart()

    # --- events ---

    def answers(self) -> None:
        """Let Tencent answer the calls to some phones differently from now on."""
        behaviours = [
            None,
            refused(coded(1016)),
            refused(coded(1013)),
            refused(coded(1031)),
            lost(web.read_timeout, sent=True),
            lost(web.read_timeout, sent=False),
            tencent.raw_answer(200, b"<html>", sent=True),
        ]
        for phone in PHONES:
            self.bridge.tencent.always("86" + phone, self.random.choice([None, *behaviours]))

    def ask(self) -> None:
        self.break_something(lambda: self.campaign(PHONES[:5], self.codes[0]))

    def ask_for_another(self) -> None:
        """Make another request under the outId, for phones that no other request names."""
        self.break_something(lambda: self.campaign(PHONES[5:], self.codes[1]))

    def campaign(self, phones: list[str], code: str) -> None:
        self.bridge.campaign(phones, [{"name": phone} for phone in phones], code=code)

    def run(self, function: str) -> None:
        if self.bridge.pump._messages({"deliver": "sends", "push": "receipts"}[function]):
            event = self.bridge.pump.receive(function)
            if event:
                self.break_something(lambda: self.bridge.pump.invoke(function, event))

    def settle(self) -> None:
        self.bridge.deliver_all(self.random.choice(["SUCCESS", "FAIL"]))
        self.bridge.pump.drain("settle")
        self.run("push")

    def resend(self) -> None:
        codes = self.random.choice([(), (), ("isv.MOBILE_NUMBER_ILLEGAL",), ("STOPPED",)])
        self.break_something(lambda: resending.resend("task-1", codes))

    def halt(self) -> None:
        command = self.random.choice([halting.pause, halting.resume, halting.resume, halting.stop])
        self.break_something(lambda: command("task-1"))

    def time(self) -> None:
        """Let time pass; less than the 12 hours after which a repetition is a new request."""
        self.bridge.clock.advance(seconds=self.random.choice([1, 40, 310, 900]))
        self.bridge.pump.release()

    # --- the end ---

    def end(self) -> None:
        """Let everything work again. Each recipient has an end then, and those who were refused get a message."""
        fake = self.bridge.tencent
        for phone in PHONES:
            fake.always("86" + phone, None)
        with suppress(OperatorError):
            halting.resume("task-1")
        self.finish()
        self.bridge.clock.advance(hours=80)
        self.bridge.pump.sweep()
        self.finish()
        for _ in range(2):
            self.bridge.clock.advance(seconds=1)
            if send_requests.of_out_id("task-1"):
                resending.resend("task-1")
            self.finish()
            self.check()
        if not send_requests.of_out_id("task-1"):
            return
        assert resending.resend("task-1")["recipients"] == 0, self.history
        assert not resends.get("task-1").unqueued
        assert check_logs(self.history)
        check_counts("task-1")

    def finish(self) -> None:
        self.bridge.pump.run("deliver", "push", hours=4)
        self.bridge.deliver_all()
        self.bridge.pump.run("deliver", "settle", "push", hours=4)


@pytest.mark.parametrize("seed", range(STORIES))
def test_nobody_gets_two_messages(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    linked.configure(TENCENT_PARALLEL_CALLS="4")
    monkeypatch.setattr("chalicelib.functions.sweep._HOURS_BACK", 100)
    monkeypatch.setattr(resend_drafts, "STEP", 2)
    Story(linked, seed).tell()
