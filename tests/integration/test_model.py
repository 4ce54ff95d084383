"""The life of two messages to one phone agrees with a plain model, whatever happens to them.

Hypothesis makes up histories: requests, deaths of functions at any call, answers of every kind, statuses that
arrive early, twice, late or contradict each other, time, an operator. After each step, and at the end of every
history, when both sides work again and 80 hours have passed, the model checks the promises against what both
sides saw:

    at most one message · receipts of accepted requests only · at most one final state, and one at the end

`make test` runs a few histories, always the same ones. MODEL=long runs many: STORIES=200 sets the number of
seeds, each with three variations, and a seed repeats its histories. MODEL=shrink makes a failing history as short
as possible, for one seed (-k '[15]') and with a --timeout of an hour.
"""

import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from moto.dynamodb.models import dynamodb_backends

from chalicelib.domain import breaker
from chalicelib.domain.chunks import ChunkKey
from chalicelib.domain.periods import CLOSED_AFTER_SECONDS, SAME_REQUEST_SECONDS
from chalicelib.store import breakers, due_chunks, messages, pushed, table
from ops import halting, unknown
from ops.errors import OperatorError
from tests.support.in_process import aws, tencent, web
from tests.support.in_process.bridge import Answer, Bridge
from tests.support.in_process.campaign_counts import check_counts
from tests.support.in_process.final_state_logs import check_logs
from tests.support.in_process.outside import Fault
from tests.support.in_process.quickaudience import broken, ok, respond
from tests.support.in_process.snapshot import snapshot
from tests.support.in_process.tencent import lost, refused

if TYPE_CHECKING:
    from chalicelib.domain.messages import Message

MODEL = os.environ.get("MODEL", "")
LONG = MODEL in ("long", "shrink")
# Hypothesis varies few histories, so each seed has few variations.
SEEDS = range(int(os.environ.get("STORIES") or (200 if LONG else 5)))
VARIATIONS = 3

PHONE = "13900001111"
OUT_IDS = ("task-1", "task-2")
# How Tencent answers a send, and whether it sent the message.
SENT: dict[str, tencent.Behaviour] = {
    "answered": tencent.obeyed,
    "timed out, sent": lost(web.read_timeout, sent=True),
    "reset, sent": lost(web.reset, sent=True),
    "garbage, sent": tencent.raw_answer(200, b"<html>", sent=True),
}
NOT_SENT: dict[str, tencent.Behaviour] = {
    "timed out": lost(web.read_timeout, sent=False),
    "no connection": lost(web.never_connected, sent=False),
    "1008": refused(1008),
    "1013": refused(1013),
    "1016": refused(1016),
    "1029, waited for": refused(1029),
    "1031": refused(1031),
    "1001": refused(1001),
}
PUSHES = {
    "accepted": ok,
    "401": lambda: respond(401, {"code": "401"}),
    "403 within 200": lambda: respond(200, {"code": "403"}),
    "500": lambda: respond(500, b"oops"),
    "refused": lambda: respond(200, {"code": "isv.X"}),
    "timed out": broken(web.read_timeout),
}
SECONDS = (1, 12, 35, 130, 310, 900, 3600, 25 * 3600, 73 * 3600)
MAX_SECONDS = 6 * 24 * 3600
Break = tuple[int | None, Fault]
NO_BREAK: Break = (None, "killed before")
_HOWS: tuple[Fault, ...] = ("killed before", "killed after", "failed before", "failed after")
# At which call a function has a fault, and of which kind.
breaks = st.one_of(st.just(NO_BREAK), st.tuples(st.integers(0, 14), st.sampled_from(_HOWS)))


class Life(RuleBasedStateMachine):
    """The bridge, and the state of the model."""

    def __init__(self, bridge: Bridge, restore: Callable[[], None]) -> None:
        super().__init__()
        restore()
        self.began = time.time()
        self.bridge = bridge
        self.code = next(iter(bridge.tencent.templates))
        # When each request was first made, and the requests that were answered with OK.
        self.asked: dict[str, int] = {}
        self.accepted: dict[str, str] = {}
        # All statuses of the phone: one may adopt the mark of the other message if both are unknown.
        self.reported: set[str] = set()
        self.by_hand = False
        # The campaigns that a command may have stopped, and those that certainly send nothing for now or for good,
        # each with the number of messages that were sent before.
        self.perhaps_stopped: set[str] = set()
        self.stopped: dict[str, int] = {}
        self.paused: dict[str, int] = {}
        self.kept: list[Message] = []

    # --- Quick Audience ---

    @initialize(
        accepting=breaks,
        answer=st.sampled_from([*SENT, *NOT_SENT]),
        sending=breaks,
        state=st.sampled_from(["SUCCESS", "FAIL"]),
        settling=breaks,
    )
    def begin(
        self, accepting: Break, answer: str, sending: Break, state: str, settling: Break
    ) -> None:
        """Start every history in the same way, which hypothesis would take long to find."""
        self.request("task-1", accepting)
        self.is_asked_to_send(answer, None, None, sending)
        if self.bridge.tencent.sent:
            self.reports(0, state, 1, settling)

    @rule(out_id=st.sampled_from(OUT_IDS), broken_at=breaks)
    def request(self, out_id: str, broken_at: Break) -> None:
        """Send a request of §6, perhaps repeatedly. After half a day equal content would be a new request."""
        now = int(time.time())
        if now - self.asked.setdefault(out_id, now) >= SAME_REQUEST_SECONDS - 60:
            return
        self.bridge.restart()
        answer: list[Answer] = []
        with self.bridge.outside.watched(*broken_at):
            answer.append(self.ask(out_id))
        self.bridge.restart()
        if not answer or answer[0].code != "OK":
            answer = [self.ask(out_id)]
        if out_id in self.perhaps_stopped and answer[0].code != "OK":
            assert answer[0].code == "isv.BUSINESS_LIMIT_CONTROL"
            assert "停止" in answer[0].message
            return
        assert out_id not in self.stopped
        assert answer[0].code == "OK"
        assert self.accepted.setdefault(out_id, answer[0]["bizId"]) == answer[0]["bizId"]

    def ask(self, out_id: str) -> Answer:
        params = {"name": out_id}
        return self.bridge.campaign([PHONE], params, code=str(self.code), out_id=out_id)

    # --- Tencent ---

    @precondition(lambda self: self.has("deliver"))
    @rule(
        answer=st.sampled_from([*SENT, *NOT_SENT]),
        early=st.sampled_from([None, None, "SUCCESS", "FAIL"]),
        meanwhile=st.sampled_from([None, None, "deliver", "settle", "push", "sweep"]),
        broken_at=breaks,
    )
    def is_asked_to_send(
        self, answer: str, early: str | None, meanwhile: str | None, broken_at: Break
    ) -> None:
        """Before Tencent answers, it may push a status, and another function may run."""
        behaviour = (SENT | NOT_SENT)[answer]

        def behave(fake: tencent.FakeTencent, call: tencent.Call) -> Any:
            before = len(fake.sent)
            try:
                return behaviour(fake, call)
            finally:
                if early and len(fake.sent) > before:
                    self.report(fake.sent[-1], early)
                if meanwhile == "sweep":
                    self.bridge.pump.sweep()
                elif meanwhile:
                    self.bridge.pump.invoke_once(meanwhile)

        self.bridge.tencent._next["send"].clear()
        self.bridge.tencent.next("send", behave)
        self.run("deliver", broken_at)

    @rule(what=st.sampled_from(["answered", "timed out", "1013", "1031", "1001"]))
    def answers_every_push(self, what: str) -> None:
        behaviour = None if what == "answered" else NOT_SENT[what]
        self.bridge.tencent.always("send", behaviour)
        self.bridge.tencent.always("get_template", behaviour)

    @precondition(lambda self: self.bridge.tencent.sent)
    @rule(
        which=st.integers(0, 1),
        state=st.sampled_from(["SUCCESS", "FAIL"]),
        times=st.sampled_from([1, 1, 2]),
        broken_at=breaks,
    )
    def reports(self, which: int, state: str, times: int, broken_at: Break) -> None:
        """Push a status: the first, another one, or a contradicting one; and run a function."""
        sent = self.bridge.tencent.sent
        for _ in range(times):
            self.report(sent[which % len(sent)], state)
        self.run("settle", broken_at)

    def report(self, sms: tencent.Sms, state: str) -> None:
        self.reported.add(state)
        assert self.bridge.callback([tencent.status(sms, state)])[0] == 200

    # --- the functions ---

    def has(self, function: str) -> bool:
        return any(due <= time.time() for due in self.bridge.pump.due(function))

    def run(self, function: str, broken_at: Break) -> None:
        """Invoke a function on its queue, perhaps with a fault."""
        if self.has(function):
            self.bridge.pump.watch(function, *broken_at)

    @precondition(lambda self: self.has("settle"))
    @rule(broken_at=breaks)
    def settle_runs(self, broken_at: Break) -> None:
        self.run("settle", broken_at)

    @precondition(lambda self: self.has("push"))
    @rule(answer=st.sampled_from(sorted(PUSHES)), broken_at=breaks)
    def push_runs(self, answer: str, broken_at: Break) -> None:
        self.bridge.quick_audience._next.clear()
        self.bridge.quick_audience.next(PUSHES[answer])
        self.run("push", broken_at)

    @precondition(lambda self: time.time() - min(self.asked.values()) > CLOSED_AFTER_SECONDS)
    @rule(broken_at=breaks)
    def sweep_runs(self, broken_at: Break) -> None:
        self.bridge.restart()
        with self.bridge.outside.watched(*broken_at):
            try:
                self.bridge.pump.sweep()
            except Exception as error:
                self.bridge.pump.failures.append(error)
        self.bridge.restart()

    @precondition(lambda self: time.time() - self.began < MAX_SECONDS)
    @rule(seconds=st.sampled_from(SECONDS))
    def nothing_runs_for(self, seconds: int) -> None:
        # SQS keeps a message for four days.
        if self.bridge.pump.kept_until() > time.time() + seconds:
            self.bridge.clock.advance(seconds=seconds)

    @rule(seconds=st.sampled_from([20, 100, 400, 2000]))
    def everything_runs_for(self, seconds: int) -> None:
        self.bridge.pump.run("deliver", "settle", "push", hours=seconds / 3600)

    # --- an operator ---

    @rule(name=st.sampled_from(breaker.NAMES))
    def operator_closes_a_breaker(self, name: breaker.BreakerName) -> None:
        breakers.close(name, int(time.time()))

    @precondition(lambda self: self.accepted)
    @rule(
        which=st.integers(0, 1),
        command=st.sampled_from(["pause", "pause", "resume", "resume", "stop"]),
        broken_at=breaks,
    )
    def operator_halts(self, which: int, command: str, broken_at: Break) -> None:
        """Pause, resume or stop a campaign, by a command that may die."""
        out_id = list(self.accepted)[which % len(self.accepted)]
        if command == "stop":
            self.perhaps_stopped.add(out_id)
        if command == "resume":
            self.paused.pop(out_id, None)
        done = False
        self.bridge.restart()
        with self.bridge.outside.watched(*broken_at):
            try:
                getattr(halting, command)(out_id)
                done = True
            except OperatorError:
                pass
            except Exception as error:
                self.bridge.pump.failures.append(error)
        self.bridge.restart()
        if done and command == "pause":
            self.paused[out_id] = self.sent(out_id)
        if done and command == "stop":
            self.stopped.setdefault(out_id, self.sent(out_id))

    @rule()
    def release_runs(self) -> None:
        self.bridge.pump.release()

    @precondition(lambda self: any(one.state == "unknown" for one in self.kept))
    @rule(state=st.sampled_from(["delivered", "failed"]))
    def operator_settles(self, state: unknown.State) -> None:
        out_id = next(one.origin.out_id for one in self.kept if one.state == "unknown")
        self.by_hand = True
        unknown.record_and_report([one for one in self.kept if one.origin.out_id == out_id], state)

    @rule()
    def operator_replays_dead_letters(self) -> None:
        for queue in ("sends", "callbacks", "receipts"):
            dead = self.bridge.pump._messages(f"{queue}-dead")
            bodies = [message.body for message in dead]
            dead.clear()
            for body in bodies:
                self.bridge.pump.put(queue, body)

    # --- the promises ---

    @invariant()
    def every_promise_holds(self) -> None:
        # The later checks need the messages of this step.
        self.read_messages()
        self.at_most_one_message_is_sent()
        self.at_most_one_state_is_reported_and_it_is_possible()
        self.each_recipient_is_stored_once()

    def read_messages(self) -> None:
        """Read the messages stored for the phone."""
        self.kept = messages.of_phone("86" + PHONE)

    def sent(self, out_id: str) -> int:
        return sum(sms.params == (out_id,) for sms in self.bridge.tencent.sent)

    def receipts(self, out_id: str) -> set[tuple[int, str]]:
        return set(self.bridge.quick_audience.reported(PHONE, out_id))

    def at_most_one_message_is_sent(self) -> None:
        for out_id in OUT_IDS:
            assert self.sent(out_id) <= (out_id in self.accepted)
        for out_id, before in (self.stopped | self.paused).items():
            assert self.sent(out_id) <= before, f"{out_id} is halted"

    def at_most_one_state_is_reported_and_it_is_possible(self) -> None:
        for out_id in OUT_IDS:
            receipts = self.receipts(out_id)
            assert len(receipts) <= (out_id in self.accepted), receipts
            for state, code in receipts:
                if code == "DELIVERED":
                    assert state == 2
                    assert "SUCCESS" in self.reported or self.by_hand
                elif code == "MK:0001":
                    assert "FAIL" in self.reported
                elif code == unknown.BY_HAND:
                    assert self.by_hand
                elif code in ("NO_RECEIPT", "OUTCOME_UNKNOWN"):
                    assert state == 1
                elif code == "STOPPED":
                    assert state == 1
                    assert out_id in self.perhaps_stopped
                    assert self.sent(out_id) == 0
                else:
                    # Refused by Tencent, or not sent in time.
                    assert code == "NOT_SENT" or code.startswith(("isv.", "isp."))
                    # A refusal of the account fails nobody.
                    assert code not in ("isv.AMOUNT_NOT_ENOUGH", "isp.RAM_PERMISSION_DENY")
                    waited = time.time() - self.asked[out_id]
                    assert code != "NOT_SENT" or waited >= CLOSED_AFTER_SECONDS
                    assert self.sent(out_id) == 0

    def each_recipient_is_stored_once(self) -> None:
        """Each recipient is stored once for the phone, and the receipt is the stored one."""
        for out_id in OUT_IDS:
            kept = [one for one in self.kept if one.origin.out_id == out_id]
            assert len(kept) <= 1
            if receipts := self.receipts(out_id):
                assert kept[0].receipt
                assert {code for _, code in receipts} == {kept[0].receipt.code}

    def teardown(self) -> None:
        """Let both sides work again and time pass."""
        fake = self.bridge.tencent
        fake._next.clear()
        fake._always.clear()
        self.bridge.quick_audience._next.clear()
        self.bridge.quick_audience.always(ok)
        self.bridge.pump.run("deliver", "settle", "push", hours=3)
        self.operator_replays_dead_letters()
        self.bridge.pump.run("deliver", "settle", "push", hours=3)
        self.bridge.clock.advance(hours=80)
        self.sweep_runs(NO_BREAK)
        self.bridge.pump.run("deliver", "settle", "push", hours=3)
        self.bridge.clock.advance(hours=1)
        self.sweep_runs(NO_BREAK)
        self.bridge.pump.run("deliver", "settle", "push", hours=3)
        self.every_promise_holds()
        for out_id, biz_id in self.accepted.items():
            assert len(self.receipts(out_id)) == 1, f"{out_id} has no final state"
            (progress,) = self.bridge.progress(self.ask_nothing(biz_id), out_id)
            assert not progress.remaining_calls()
            assert pushed.pushed_positions(out_id, biz_id) == {0}
            check_counts(out_id)
        assert check_logs() == len(self.accepted)
        for queue in ("sends", "callbacks", "receipts"):
            assert self.bridge.pump.count(queue) == 0, queue
            assert self.bridge.pump.count(f"{queue}-dead") == 0, f"{queue}-dead"

    @staticmethod
    def ask_nothing(biz_id: str) -> Answer:
        return Answer(200, {"bizId": biz_id})


def due(now: int, _: int) -> Iterator[tuple[int, ChunkKey]]:
    """Return the due chunks from moto's own table, without a query for each hour of a week."""
    backend: Any = dynamodb_backends[aws.ACCOUNT][aws.REGION]
    stored = [
        table.unpack(item.to_json()["Attributes"])
        for pk, items in backend.tables[aws.TABLE].items.items()
        if pk.value.startswith("DUE#")
        for item in items.values()
    ]
    for item in sorted(stored, key=lambda item: (item["pk"], item["sk"])):
        hour = int(item["pk"].removeprefix("DUE#"))
        if hour < now // 3600:
            yield hour, ChunkKey(item["outId"], item["bizId"], item["start"])


@pytest.mark.parametrize("number", SEEDS)
def test_two_messages_to_one_phone(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    linked.configure(TENCENT_PARALLEL_CALLS="4", TENCENT_WAIT_CODES="1029")
    monkeypatch.setattr(due_chunks, "due", due)
    linked.template()
    restore = snapshot(linked)

    @seed(number)
    def life() -> Life:
        return Life(linked, restore)

    run_state_machine_as_test(
        life,  # type: ignore[arg-type]
        settings=settings(
            max_examples=VARIATIONS,
            stateful_step_count=50 if LONG else 20,
            deadline=None,
            database=None,
            print_blob=False,
            phases=[Phase.generate, *([Phase.shrink] if MODEL == "shrink" else [])],
            suppress_health_check=list(HealthCheck),
        ),
    )
