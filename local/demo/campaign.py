"""A campaign of 1,000 recipients, followed until every receipt and reply has reached Quick Audience."""

import json
import time
from collections import Counter
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from local.demo.stage import SIGN, DemoError, Stage, call

RECIPIENTS = 1000
_CONTENT = "亲爱的会员，${city}周年庆，本周末全场八折。拒收请回复R"
# Endings of mobiles that Tencent's simulator treats specially (local/tencent/magic.py), with the number
# of recipients for each. All other recipients are ordinary.
_SPECIAL = {
    **dict.fromkeys(("9901", "9902", "9903", "9904", "9905", "9906", "9907", "9908"), 5),
    **dict.fromkeys(("9911", "9912", "9913", "9914", "9915"), 4),
    "9918": 1,
    "9932": 5,
    "9933": 3,
    **dict.fromkeys(("9941", "9942", "9943", "9944"), 6),
}
# One reply for each recipient of the last four endings, and a second one for 9944.
_REPLIES = 6 * 5
_INVALID = ["12345", "1380000", "00000000000", "19900000000000000"]


class Campaign:
    """The demo's campaign on a running stack."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._began = time.monotonic()
        self._began_at = time.time()
        self.out_id = f"demo-{time.time_ns() // 10**6}"
        self._quick_audience = stage.quick_audience
        self._tencent = stage.tencent
        self._replies = _REPLIES if stage.tencent else 0
        self._calls_before = self._calls()

    def run(self, *, lose_a_receipt: bool) -> list[str]:
        """Send the campaign, wait for its result, print it, and return the problems found."""
        with self._stage.step("Creating a template and waiting for its approval"):
            code = self._stage.template({"name": "周年庆", "content": _CONTENT, "type": 2})
        self._stage.done(f"template {code} created by Quick Audience and approved by Tencent")
        if lose_a_receipt and self._tencent:
            call(self._tencent, "/_sim/behaviour", {"drop_receipts": 1})
        with self._stage.step(f"Sending a campaign to {RECIPIENTS:,} recipients"):
            biz_id = self._send(code)
        self._stage.done(f"campaign {self.out_id} accepted: bizId {biz_id}")
        campaign = self._follow()
        shown = json.loads(self._stage.ops("campaign", "show", self.out_id, "--json"))
        return self._report(campaign, shown)

    def _send(self, code: str) -> str:
        campaign = {
            "outId": self.out_id,
            "signName": SIGN,
            "templateCode": code,
            "phones": _phones(),
            "params": {"generate": {"city": "第{group}分店"}, "groups": 4},
            "batch": RECIPIENTS,
        }
        [answer] = call(self._quick_audience, "/_sim/campaigns", campaign)["sendCalls"]
        if answer["code"] != "OK":
            raise DemoError(
                f"the bridge refused the campaign: {answer['code']}: {answer['message']}"
            )
        return str(answer["bizId"])

    def _follow(self) -> dict[str, Any]:
        """Show progress until all receipts and replies have arrived or no more arrive.

        Return Quick Audience's account of the campaign.
        """
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        console = self._stage.console
        if not console.is_terminal:
            # There the bars appear only when they are complete.
            console.print("Waiting for receipts and replies …")
        with Progress(*columns, console=console) as progress:
            receipts = progress.add_task("receipts reported", total=RECIPIENTS)
            replies = progress.add_task("replies reported", total=self._replies)
            last, since = (-1, -1), time.monotonic()
            while True:
                campaign = call(self._quick_audience, f"/_sim/campaigns/{self.out_id}")
                reported, replied = campaign["told"], campaign["replies"]
                progress.update(receipts, completed=reported)
                progress.update(replies, completed=replied)
                if campaign["complete"] and campaign["replies"] >= self._replies:
                    return campaign
                if (reported, replied) != last:
                    last, since = (reported, replied), time.monotonic()
                elif time.monotonic() - since > self._stage.patience:
                    return campaign
                time.sleep(0.2)

    def _report(self, campaign: dict[str, Any], shown: dict[str, Any]) -> list[str]:
        """Print the result and return what is missing, contradictory or does not add up."""
        missing = call(self._quick_audience, f"/_sim/campaigns/{self.out_id}?missing=1")[
            "missingPhones"
        ]
        problems = [
            f"{count} receipts missing, e.g. of {missing[0]}" for count in [len(missing)] if count
        ]
        if campaign["contradictory"] or campaign["unexpected"]:
            problems.append(
                f"{campaign['contradictory']} contradictory and {campaign['unexpected']} unexpected receipts"
            )
        if campaign["replies"] < self._replies:
            problems.append(f"{self._replies - campaign['replies']} replies missing")
        if campaign["delivered"] + campaign["failed"] != RECIPIENTS:
            problems.append(f"delivered and failed don't add up to {RECIPIENTS:,}")
        if (shown["delivered"], shown["failed"]) != (campaign["delivered"], campaign["failed"]):
            problems.append("`ops campaign show` and Quick Audience count differently")
        table = Table(
            title=f"Result for {RECIPIENTS:,} recipients", title_justify="left", show_header=False
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
        self._stage.console.print(table)
        if not problems:
            self._stage.done("every recipient's receipt and every reply reached Quick Audience")
        return problems

    def _add_calls(self, table: Table, problems: list[str]) -> None:
        """Add the number of calls to Tencent, and check that no number was sent two messages."""
        made = self._calls() - self._calls_before
        for name in ("SendSms",) if self._stage.api == "3.0" else ("sendmultisms2", "sendsms"):
            table.add_row(f"Tencent calls: {name}", f"{made[name]:,}")
        numbers = Counter[str]()
        after = 0
        while page := call(f"{self._tencent}", f"/_sim/messages?after={after}")["messages"]:
            numbers.update(
                message["mobile"] for message in page if message["time"] >= self._began_at
            )
            after = page[-1]["id"]
        twice = sum(count > 1 for count in numbers.values())
        if twice:
            problems.append(f"{twice} numbers were sent the message twice")

    def _calls(self) -> Counter[str]:
        return Counter(call(self._tencent, "/_sim/state")["calls"]) if self._tencent else Counter()


def _phones() -> list[Any]:
    """Return the recipients: special ones, invalid ones, and ordinary ones up to the total."""
    special = [
        f"1{370 + n // 10:03d}{n % 10}00{ending}"
        for ending, count in _SPECIAL.items()
        for n in range(count)
    ]
    ordinary = RECIPIENTS - len(special) - len(_INVALID)
    return [{"count": ordinary, "start": "13800000000"}, *special, *_INVALID]
