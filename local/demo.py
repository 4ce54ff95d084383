"""`make run`: a campaign of 1,000 recipients from end to end, and whether all of it came home.

Quick Audience's simulator creates a template, waits for its approval and sends the campaign; the
bridge does its work; Tencent's simulator lets some fail, some reply, and some do what real carriers
do. Whatever is then missing, told in two ways or sent twice makes the exit code 1.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import requests
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from local.processes import StackError
from local.stack import TENCENT_API, Stack

RECIPIENTS = 1000
_SIGN, _SIGN_ID = "测试签名", 1001
_CONTENT = "亲爱的会员，${city}周年庆，本周末全场八折。拒收请回复R"
# Endings of mobiles that Tencent's simulator treats in a way of their own (local/tencent/magic.py),
# and how many recipients have each; all others are ordinary.
_SPECIAL = {
    **dict.fromkeys(("9901", "9902", "9903", "9904", "9905", "9906", "9907", "9908"), 5),
    **dict.fromkeys(("9911", "9912", "9913", "9914", "9915"), 4),
    "9918": 1,
    "9932": 5,
    "9933": 3,
    **dict.fromkeys(("9941", "9942", "9943", "9944"), 6),
}
# Those who end in 9944 reply twice.
_REPLIES = 6 * 5
_WRONG = ["12345", "1380000", "00000000000", "19900000000000000"]


class DemoError(Exception):
    """Something that should have worked did not."""


def run(*, lose_a_receipt: bool = False, patience: float = 45) -> int:
    """Do it all; answers the exit code.

    `lose_a_receipt` has Tencent lose one, to see it noticed. When nothing has come for `patience`
    seconds, what is missing is missing.
    """
    console = Console(highlight=False)
    if os.environ.get("QA_BASE_URL"):
        console.print(
            "[red]QA_BASE_URL is set, but Quick Audience's simulator sends the campaign.[/]"
        )
        return 1
    try:
        console.print("Starting the bridge and its stand-ins …")
        with Stack() as stack:
            return _Demo(console, stack, patience).run(lose_a_receipt=lose_a_receipt)
    except (StackError, DemoError, requests.RequestException) as error:
        Console(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True)
        return 1


class _Demo:
    """One campaign on a running stack."""

    def __init__(self, console: Console, stack: Stack, patience: float) -> None:
        self._console = console
        self._stack = stack
        self._patience = patience
        self._began = time.monotonic()
        self._began_at = time.time()
        self._out_id = f"demo-{time.time_ns() // 10**6}"
        self._quick_audience = stack.addresses.quickaudience
        # Another Tencent than the simulator answers no questions and owes no replies.
        simulated = not os.environ.get("TENCENT_BASE_URL")
        self._tencent = stack.addresses.tencent.removesuffix(TENCENT_API) if simulated else None
        self._replies = _REPLIES if simulated else 0
        self._calls_before = self._calls()

    def run(self, *, lose_a_receipt: bool) -> int:
        self._ops("sign", "link", _SIGN, str(_SIGN_ID))
        self._done(f"sign 【{_SIGN}】 linked to Tencent's sign {_SIGN_ID}")
        code = self._template()
        self._done(f"template {code} created by Quick Audience and approved by Tencent")
        if lose_a_receipt and self._tencent:
            _call(self._tencent, "/_sim/behaviour", {"drop_receipts": 1})
        biz_id = self._send(code)
        self._done(f"campaign {self._out_id} accepted: bizId {biz_id}")
        campaign = self._follow()
        return self._report(
            campaign, json.loads(self._ops("campaign", "show", self._out_id, "--json"))
        )

    def _template(self) -> str:
        asked = {"name": "周年庆", "content": _CONTENT, "type": 2}
        code = str(_call(self._quick_audience, "/_sim/templates", asked)["templateCode"])
        deadline = time.monotonic() + self._patience
        while not (review := _call(self._quick_audience, f"/_sim/templates/{code}"))["approved"]:
            if time.monotonic() > deadline:
                raise DemoError(f"template {code} was not approved: {review['reason']}")
            time.sleep(0.2)
        return code

    def _send(self, code: str) -> str:
        campaign = {
            "outId": self._out_id,
            "signName": _SIGN,
            "templateCode": code,
            "phones": _phones(),
            "params": {"generate": {"city": "第{group}分店"}, "groups": 4},
            "batch": RECIPIENTS,
        }
        [call] = _call(self._quick_audience, "/_sim/campaigns", campaign)["sendCalls"]
        if call["code"] != "OK":
            raise DemoError(f"the bridge refused the campaign: {call['code']}: {call['message']}")
        return str(call["bizId"])

    def _follow(self) -> dict[str, Any]:
        """Show what has come until all has, or nothing more comes."""
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            told = progress.add_task("receipts told", total=RECIPIENTS)
            replied = progress.add_task("replies told", total=self._replies)
            last, since = (-1, -1), time.monotonic()
            while True:
                campaign = _call(self._quick_audience, f"/_sim/campaigns/{self._out_id}")
                now = (campaign["told"], campaign["replies"])
                progress.update(told, completed=now[0])
                progress.update(replied, completed=now[1])
                if campaign["complete"] and campaign["replies"] >= self._replies:
                    return campaign
                if now != last:
                    last, since = now, time.monotonic()
                elif time.monotonic() - since > self._patience:
                    return campaign
                time.sleep(0.2)

    def _report(self, campaign: dict[str, Any], shown: dict[str, Any]) -> int:
        """Print what came of it; answers 0 only if everything adds up."""
        missing = _call(self._quick_audience, f"/_sim/campaigns/{self._out_id}?missing=1")[
            "missingPhones"
        ]
        problems = [
            f"{count} receipts missing, e.g. of {missing[0]}" for count in [len(missing)] if count
        ]
        if campaign["contradictory"] or campaign["unexpected"]:
            problems.append(
                f"{campaign['contradictory']} contradictory, {campaign['unexpected']} unexpected receipts"
            )
        if campaign["replies"] < self._replies:
            problems.append(f"{self._replies - campaign['replies']} replies missing")
        if campaign["delivered"] + campaign["failed"] != RECIPIENTS:
            problems.append(f"delivered and failed don't add up to {RECIPIENTS:,}")
        if (shown["delivered"], shown["failed"]) != (campaign["delivered"], campaign["failed"]):
            problems.append("`ops campaign show` counts otherwise than Quick Audience does")
        table = Table(
            title=f"What came of {RECIPIENTS:,} recipients", title_justify="left", show_header=False
        )
        table.add_row("sent to Tencent", f"{shown['sent']:,}")
        table.add_row("delivered", f"{campaign['delivered']:,}")
        table.add_row("failed", f"{campaign['failed']:,}")
        for reason, count in campaign["failureReasons"].items():
            table.add_row(f"  {reason}", f"{count:,}", style="dim")
        table.add_row(
            "delivered + failed", f"{campaign['delivered'] + campaign['failed']:,}", style="bold"
        )
        table.add_row("replies", f"{campaign['replies']:,}")
        table.add_row("pushes to Quick Audience", f"{campaign['pushes']:,}")
        if self._tencent:
            self._add_calls(table, problems)
        table.add_row("seconds, from sign to last receipt", f"{time.monotonic() - self._began:.1f}")
        self._console.print(table)
        for problem in problems:
            self._console.print(f"[red]✗ {problem}[/]")
        if not problems:
            self._done("every recipient's receipt and every reply reached Quick Audience")
        return 1 if problems else 0

    def _add_calls(self, table: Table, problems: list[str]) -> None:
        """Count Tencent's side of it: its calls, and that no number got two messages."""
        made = self._calls() - self._calls_before
        for name in ("sendmultisms2", "sendsms"):
            table.add_row(f"Tencent calls: {name}", f"{made[name]:,}")
        numbers = Counter[str]()
        after = 0
        while page := _call(f"{self._tencent}", f"/_sim/messages?after={after}")["messages"]:
            numbers.update(
                message["mobile"] for message in page if message["time"] >= self._began_at
            )
            after = page[-1]["id"]
        twice = sum(count > 1 for count in numbers.values())
        if twice:
            problems.append(f"{twice} numbers got the message twice")

    def _calls(self) -> Counter[str]:
        return Counter(_call(self._tencent, "/_sim/state")["calls"]) if self._tencent else Counter()

    def _ops(self, *words: str) -> str:
        environment = {**os.environ, **self._stack.environment}
        done = subprocess.run(
            [sys.executable, "-m", "ops", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DemoError(f"ops {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def _done(self, what: str) -> None:
        self._console.print(f"[green]✓[/] {what}")


def _phones() -> list[Any]:
    """The campaign's recipients: special ones, wrong ones, and ordinary ones up to the number wanted."""
    special = [f"1{370 + n // 10:03d}{n % 10}00{ending}" for ending, n in _numbered()]
    ordinary = RECIPIENTS - len(special) - len(_WRONG)
    return [{"count": ordinary, "start": "13800000000"}, *special, *_WRONG]


def _numbered() -> list[tuple[str, int]]:
    return [(ending, n) for ending, count in _SPECIAL.items() for n in range(count)]


def _call(base: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask a simulator; a body makes it a POST."""
    method = "GET" if body is None else "POST"
    response = requests.request(method, base + path, json=body, timeout=60)
    if not response.ok:
        raise DemoError(f"{method} {path}: {response.status_code} {response.text[:300]}")
    answer: dict[str, Any] = response.json()
    return answer
