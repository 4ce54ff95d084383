"""Access to a running stack: the simulators' control APIs, the table, the queues, and `ops`."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import boto3
import requests

from local import aws
from local.chaos.audit import DELIVERED, Facts, Recipient, Sent, State
from local.chaos.patience import if_answered, is_aws_error, wait_for
from local.configuration import TENCENT_API
from local.processes import StackError
from local.stack import Stack

SIGN, SIGN_ID = "测试签名", "1001"
REPLY = "请问几点开始？"
"""The reply that Tencent's simulator sends from numbers that end in 9943."""

_QUEUES = ("sends", "callbacks", "receipts", "files")
_QUICK_AUDIENCE_DELIVERED = 2
_Replies = dict[Recipient, frozenset[str]]
_Accounts = dict[str, dict[str, Any]]


class Sides:
    """Calls a running stack and the simulators around it, for tests and storms."""

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
        self._hostile = bool(stack.environment.get("HOSTILE"))
        self.replies_given_up = 0
        """Number of replies that earlier runs of Tencent's simulator gave up; it counts from its own start."""

    # --- the simulators ---

    def get(self, base: str, path: str) -> dict[str, Any]:
        """Send a GET request to a simulator."""
        response = requests.get(base + path, timeout=60)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    def post(self, base: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a POST request to a simulator. Raise StackError if it refuses."""
        response = requests.post(base + path, json=body, timeout=60)
        if not response.ok:
            raise StackError(f"POST {path}: {response.status_code} {response.text[:300]}")
        answer: dict[str, Any] = response.json()
        return answer

    def delete(self, base: str, path: str) -> None:
        """Send a DELETE request to a simulator, which resets a setting."""
        requests.delete(base + path, timeout=60).raise_for_status()

    def behave(self, **switches: Any) -> None:
        """Set switches of Tencent's simulator."""
        self.post(self.tencent, "/_sim/behaviour", switches)

    def ask(self, path: str, **more: Any) -> dict[str, Any] | None:
        """Have Quick Audience send a request to the bridge; return None if no answer of the bridge came.

        Raise StackError for an answer that does not follow the document. Where HOSTILE is set, errors of AWS need not.
        """
        response = requests.post(
            self.quick_audience + "/_sim/request", json={"path": path, **more}, timeout=90
        )
        if response.status_code == requests.codes.bad_gateway:
            return None
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        if self._hostile and is_aws_error(answer):
            return None
        if answer["violations"]:
            raise StackError(f"the answer to {path} violates the document: {answer['violations']}")
        return answer

    def template(self, content: str) -> str:
        """Create a template, wait for its approval, and return its code."""
        body = {"name": "通知", "content": content, "type": 1}
        codes: list[str] = []

        def create() -> bool:
            codes.append(self.post(self.quick_audience, "/_sim/templates", body)["templateCode"])
            return True

        wait_for(if_answered(create), 30, "a template")
        [code] = codes
        path = f"/_sim/templates/{code}"
        wait_for(if_answered(lambda: self.get(self.quick_audience, path)["approved"]), 30)
        return code

    # --- processes ---

    def python(self, module: str, *words: str, given: str = "", **environment: str) -> str:
        """Run a module in the stack's environment, and return its output. Raise StackError if it fails."""
        done = self.attempt(module, *words, given=given, seconds=None, **environment)
        if done.returncode:
            raise StackError(f"{module} {' '.join(words)}: {done.stderr.strip()[-1000:]}")
        return done.stdout

    def attempt(
        self,
        module: str,
        *words: str,
        given: str = "",
        seconds: float | None = None,
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run a module in the stack's environment, and return the process with any exit code.

        If `seconds` are given, kill it after that time and raise TimeoutExpired.
        """
        return subprocess.run(
            [sys.executable, "-m", module, *words],
            env=self.environment | environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    # --- facts ---

    def facts(self, recipients: Iterable[Recipient], *, shown: bool = False) -> Facts:
        """Return the facts for the audit; with `shown`, also those that `ops` shows, which takes a second."""
        wanted = frozenset(recipients)
        mine = {phone: (out_id, phone) for out_id, phone in wanted}
        sent, replies_sent, handed_over = self._sent(mine)
        # The accounts are not read at one instant. The reported states are read last, and Tencent's
        # account again if they contain a message that was sent meanwhile: otherwise that message would
        # look as if it had been reported without having been sent.
        unknown = self._unknown(wanted)
        replies_reported = self._replies_reported()
        reported = self._reported()
        if reported.keys() - sent_recipients(sent, mine):
            sent, replies_sent, handed_over = self._sent(mine)
        counted, kept = self._shown(sorted({out_id for out_id, _ in wanted})) if shown else ({}, {})
        return Facts(
            recipients=wanted,
            sent=sent,
            reported=reported,
            unknown=unknown,
            replies_sent=replies_sent,
            replies_handed_over=handed_over,
            replies_reported=replies_reported,
            dead_letters=self._dead_letters(),
            shown=counted,
            kept=kept,
        )

    def end_lease(self, name: str) -> None:
        """Remove a function's lease, as if the time-out of a killed invocation had passed."""
        self._dynamodb.delete_item(
            TableName=self._table, Key={"pk": {"S": "LEASE"}, "sk": {"S": name}}
        )

    def count_replies_given_up(self) -> int:
        """Return the number of replies that Tencent could not hand over in three attempts."""
        state = self.get(self.tencent, "/_sim/state")
        return self.replies_given_up + int(state["replies"]["given_up"])

    def _sent(
        self, mine: Mapping[str, Recipient]
    ) -> tuple[dict[str, list[Sent]], _Replies, _Replies]:
        """Return Tencent's messages, the recipients' replies, and the replies that it certainly handed over."""
        sent: dict[str, list[Sent]] = defaultdict(list)
        replies: _Replies = {}
        handed_over: _Replies = {}
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
                acknowledged = "pushed" in pushes
                pending = "not yet" in pushes
                sent[mobile].append(Sent(frozenset(states), acknowledged, pending))
                if mobile.endswith("9943") and mobile in mine:
                    replies[mine[mobile]] = frozenset([REPLY])
                    # The simulator does not say which replies it gave up. So if it gave up any, none
                    # counts as certainly handed over.
                    if acknowledged and not given_up:
                        handed_over[mine[mobile]] = frozenset([REPLY])
        return sent, replies, handed_over

    def _reported(self) -> dict[Recipient, list[State]]:
        reported: dict[Recipient, list[State]] = defaultdict(list)
        path = f"/_sim/receipts?limit={10**9}"
        for receipt in self.get(self.quick_audience, path)["receipts"]:
            failed = receipt["sendStatus"] != _QUICK_AUDIENCE_DELIVERED
            state = ("failed", str(receipt["errCode"])) if failed else DELIVERED
            reported[receipt["outId"], receipt["phoneNum"]].append(state)
        return dict(reported)

    def _replies_reported(self) -> dict[Recipient, frozenset[str]]:
        replies: dict[Recipient, set[str]] = defaultdict(set)
        path = f"/_sim/replies?limit={10**9}"
        for reply in self.get(self.quick_audience, path)["replies"]:
            replies[reply["outId"], reply["phoneNum"]].add(reply["content"])
        return {recipient: frozenset(texts) for recipient, texts in replies.items()}

    def _unknown(self, wanted: frozenset[Recipient]) -> frozenset[Recipient]:
        """Return the recipients with a mark in the table and no receipt yet."""
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

    def _dead_letters(self) -> dict[str, int]:
        return {queue: self.count(f"{queue}-dead") for queue in _QUEUES}

    def queued(self) -> int:
        """Return the number of messages in all queues, except dead letters."""
        return sum(map(self.count, _QUEUES))

    def count(self, queue: str) -> int:
        """Return the number of messages in a queue, including those that cannot be received now."""
        url = self._sqs.get_queue_url(QueueName=self._queue_prefix + queue)["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return (
            int(found["ApproximateNumberOfMessages"])
            + int(found["ApproximateNumberOfMessagesNotVisible"])
            + int(found["ApproximateNumberOfMessagesDelayed"])
        )

    def _shown(self, out_ids: list[str]) -> tuple[_Accounts, _Accounts]:
        """Return two accounts of each campaign: the first counts every item, the second uses the sums."""
        counted, kept = json.loads(self.python("local.chaos.shown", given=json.dumps(out_ids)))
        return counted, kept


def sent_recipients(
    sent: Mapping[str, object], mine: Mapping[str, Recipient]
) -> frozenset[Recipient]:
    """Return the recipients whose numbers were sent to."""
    return frozenset(mine[phone] for phone in sent if phone in mine)
