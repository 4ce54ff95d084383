"""A running stack's sides: the simulators by their control APIs, the table, the queues, `ops`."""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import boto3
import requests

from local import aws
from local.chaos.audit import DELIVERED, Facts, Recipient, Sent, State
from local.configuration import TENCENT_API
from local.processes import StackError
from local.stack import Stack

SIGN, SIGN_ID = "测试签名", "1001"
REPLY = "请问几点开始？"
"""What Tencent's simulator has those reply whose numbers end in 9943."""

_QUEUES = ("sends", "callbacks", "receipts", "files")
_QUICK_AUDIENCE_DELIVERED = 2
_Replies = dict[Recipient, frozenset[str]]


class Sides:
    """What a test or a storm asks of a stack that runs, and of those around it."""

    def __init__(self, stack: Stack) -> None:
        self.prefix = stack.addresses.prefix
        self.quick_audience = stack.addresses.quickaudience
        self.tencent = stack.addresses.tencent.removesuffix(TENCENT_API)
        self.environment = {**os.environ, **stack.environment}
        options = aws.client_options(stack.addresses.aws)
        self._dynamodb = boto3.client("dynamodb", **options)
        self._sqs = boto3.client("sqs", **options)
        self._table = stack.environment["BRIDGE_TABLE"]
        self._queue_prefix = stack.environment["BRIDGE_QUEUE_PREFIX"]
        self.replies_given_up = 0
        """Replies that an earlier run of Tencent's simulator gave up: it counts since its start."""

    # --- the simulators ---

    def get(self, base: str, path: str) -> dict[str, Any]:
        """Ask a simulator."""
        response = requests.get(base + path, timeout=60)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    def post(self, base: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Tell a simulator something. Raises StackError for what it doesn't understand."""
        response = requests.post(base + path, json=body, timeout=60)
        if not response.ok:
            raise StackError(f"POST {path}: {response.status_code} {response.text[:300]}")
        answer: dict[str, Any] = response.json()
        return answer

    def delete(self, base: str, path: str) -> None:
        """Have a simulator put something back."""
        requests.delete(base + path, timeout=60).raise_for_status()

    def behave(self, **switches: Any) -> None:
        """Set switches of Tencent's simulator."""
        self.post(self.tencent, "/_sim/behaviour", switches)

    def ask(self, path: str, **more: Any) -> dict[str, Any] | None:
        """One request of Quick Audience's to the bridge; None where no answer came.

        Raises StackError for an answer that isn't as documented.
        """
        response = requests.post(
            self.quick_audience + "/_sim/request", json={"path": path, **more}, timeout=90
        )
        if response.status_code == requests.codes.bad_gateway:
            return None
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        if answer["violations"]:
            raise StackError(f"{path} is answered against the document: {answer['violations']}")
        return answer

    def template(self, content: str) -> str:
        """Create a template and wait for its approval."""
        asked = {"name": "通知", "content": content, "type": 1}
        code = str(self.post(self.quick_audience, "/_sim/templates", asked)["templateCode"])
        wait_for(lambda: self.get(self.quick_audience, f"/_sim/templates/{code}")["approved"], 30)
        return code

    # --- processes ---

    def python(self, module: str, *words: str, given: str = "", **environment: str) -> str:
        """Run a module on the stack's environment; answers what it printed. Raises StackError."""
        done = self.attempt(module, *words, given=given, **environment)
        if done.returncode:
            raise StackError(f"{module} {' '.join(words)}: {done.stderr.strip()[-1000:]}")
        return done.stdout

    def attempt(
        self, module: str, *words: str, given: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a module that may end in any way."""
        return subprocess.run(
            [sys.executable, "-m", module, *words],
            env=self.environment | environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    # --- what is known ---

    def facts(self, recipients: Iterable[Recipient], *, shown: bool = False) -> Facts:
        """All that the audit wants; what the operator is shown is asked only where wanted: it takes a second."""
        wanted = frozenset(recipients)
        mine = {phone: (out_id, phone) for out_id, phone in wanted}
        sent, written, replied = self._sent(mine)
        # No order is kept between the accounts while things move. Told comes last: what is told was
        # known to Tencent before, and would otherwise look like an invention.
        unknown = self._unknown(wanted)
        replies = self._replies()
        told = self._told()
        if told.keys() - sent_recipients(sent, mine):
            sent, written, replied = self._sent(mine)
        return Facts(
            recipients=wanted,
            sent=sent,
            told=told,
            unknown=unknown,
            written=written,
            replied=replied,
            replies=replies,
            dead=self._dead(),
            shown=self._shown(sorted({out_id for out_id, _ in wanted})) if shown else {},
        )

    def count_replies_given_up(self) -> int:
        """How many replies Tencent could not hand over in three tries."""
        state = self.get(self.tencent, "/_sim/state")
        return self.replies_given_up + int(state["replies"]["given_up"])

    def _sent(
        self, mine: Mapping[str, Recipient]
    ) -> tuple[dict[str, list[Sent]], _Replies, _Replies]:
        """What Tencent sent; what users answered; and what of that it certainly handed over."""
        sent: dict[str, list[Sent]] = defaultdict(list)
        written: _Replies = {}
        replied: _Replies = {}
        given_up = self.count_replies_given_up()
        after = 0
        while page := self.get(self.tencent, f"/_sim/messages?after={after}"):
            messages = page["messages"]
            if not messages:
                break
            after = page["next_after"]
            for message in messages:
                mobile = str(message["mobile"])
                pushes = {receipt["push"] for receipt in message["receipts"]}
                states = {
                    "delivered" if receipt["report_status"] == "SUCCESS" else "failed"
                    for receipt in message["receipts"]
                }
                taken = "pushed" in pushes
                sent[mobile].append(Sent(frozenset(states), taken, coming="not yet" in pushes))
                if mobile.endswith("9943") and mobile in mine:
                    written[mine[mobile]] = frozenset([REPLY])
                    # Which reply Tencent gave up is not told: then none counts as handed over for sure.
                    if taken and not given_up:
                        replied[mine[mobile]] = frozenset([REPLY])
        return sent, written, replied

    def _told(self) -> dict[Recipient, list[State]]:
        told: dict[Recipient, list[State]] = defaultdict(list)
        path = f"/_sim/receipts?limit={10**9}"
        for receipt in self.get(self.quick_audience, path)["receipts"]:
            failed = receipt["sendStatus"] != _QUICK_AUDIENCE_DELIVERED
            state = ("failed", str(receipt["errCode"])) if failed else DELIVERED
            told[receipt["outId"], receipt["phoneNum"]].append(state)
        return dict(told)

    def _replies(self) -> dict[Recipient, frozenset[str]]:
        replies: dict[Recipient, set[str]] = defaultdict(set)
        path = f"/_sim/replies?limit={10**9}"
        for reply in self.get(self.quick_audience, path)["replies"]:
            replies[reply["outId"], reply["phoneNum"]].add(reply["content"])
        return {recipient: frozenset(texts) for recipient, texts in replies.items()}

    def _unknown(self, wanted: frozenset[Recipient]) -> frozenset[Recipient]:
        """Whose mark stands in the table without a receipt."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="begins_with(sk, :mark)",
            ExpressionAttributeValues={":mark": {"S": "UNKNOWN#"}},
            ConsistentRead=True,
        )
        found = set()
        for page in pages:
            for item in page["Items"]:
                settled = "state" in item or item.get("receipt", {}).get("M")
                phone = item["pk"]["S"].removeprefix("PHONE#").removeprefix("86")
                recipient = (item["outId"]["S"], phone)
                if not settled and recipient in wanted:
                    found.add(recipient)
        return frozenset(found)

    def _dead(self) -> dict[str, int]:
        return {queue: self.count(f"{queue}-dead") for queue in _QUEUES}

    def count(self, queue: str) -> int:
        """Messages in a queue, whether they can be received now or not."""
        url = self._sqs.get_queue_url(QueueName=self._queue_prefix + queue)["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return (
            int(found["ApproximateNumberOfMessages"])
            + int(found["ApproximateNumberOfMessagesNotVisible"])
            + int(found["ApproximateNumberOfMessagesDelayed"])
        )

    def _shown(self, out_ids: list[str]) -> dict[str, dict[str, Any]]:
        answer: dict[str, dict[str, Any]] = json.loads(
            self.python("local.chaos.shown", given=json.dumps(out_ids))
        )
        return answer


def sent_recipients(
    sent: Mapping[str, object], mine: Mapping[str, Recipient]
) -> frozenset[Recipient]:
    """The recipients of numbers that were sent to."""
    return frozenset(mine[phone] for phone in sent if phone in mine)


def wait_for(condition: Callable[[], Any], seconds: float, what: str = "something") -> None:
    """Wait for something. Raises StackError when it doesn't come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise StackError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.1)
