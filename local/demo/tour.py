"""One of each of the other interfaces: a digital message, a file, a details query, a pull."""

import json
import re
import time
from typing import TYPE_CHECKING, Any

import requests

from local import oss
from local.demo.stage import SIGN, DemoError, Stage, call

if TYPE_CHECKING:
    from collections.abc import Callable

_LINES = 300
_PULLED = 20


def tour(stage: Stage, out_id: str) -> list[str]:
    """Show each; answers what went wrong. What needs Tencent's simulator is left out without it."""
    parts: list[Callable[[Stage, str], str]] = [_details, _file]
    if stage.tencent:
        parts += [_digital, _pull]
    problems = []
    for part in parts:
        try:
            stage.done(part(stage, out_id))
        except DemoError as error:
            problems.append(str(error))
    return problems


def _details(stage: Stage, out_id: str) -> str:
    """§12, as a Quick Audience that polls would ask."""
    found = call(stage.quick_audience, f"/_sim/campaigns/{out_id}/details", {"pageSize": 200})
    if found["problems"]:
        raise DemoError(f"sending details: {found['problems'][0]}")
    return (
        f"sending details of {out_id}: {found['rows']:,} rows on {found['pages']} pages, "
        f"{found['delivered']:,} delivered, {found['failed']:,} failed"
    )


def _file(stage: Stage, _: str) -> str:
    """§5: numbers in a file."""
    code = stage.template({"name": "到货", "content": "${name}您好，您的包裹已到。", "type": 1})
    lines = [f'13{400000000 + n} {{"name":"客户{n}"}}' for n in range(_LINES - 2)]
    content = "\r\n".join([*lines, "", "no number at all", "12345"]).encode("gbk")
    out_id = f"file-{time.time_ns() // 10**6}"
    _ask(
        stage,
        "/sms/sendBatch",
        {
            "outId": out_id,
            "phoneOssUrl": stage.files.put("/numbers.txt", content),
            "signName": SIGN,
            "templateCode": code,
            "isVariable": 1,
        },
    )
    wanted = _LINES - 1
    stage.wait(
        f"the {wanted} receipts of the file campaign",
        lambda: _shown(stage, out_id)["pushed"] >= wanted,
    )
    shown = _shown(stage, out_id)
    return (
        f"file campaign {out_id}: {shown['recipients']:,} lines, {shown['delivered']:,} delivered, "
        f"{shown['failed']:,} refused, {shown['pushed']:,} receipts told"
    )


def _digital(stage: Stage, _: str) -> str:
    """§7 to §11: a digital message and its page."""
    picture = stage.files.put("/anniversary.png", oss.picture())
    code = stage.template(
        {
            "digital": True,
            "name": "周年庆",
            "signName": SIGN,
            "content": [
                {"fileSuffix": "png", "fileName": "周年庆", "fileContents": picture, "index": "1"},
                {"fileSuffix": "txt", "fileContents": "${name}，全场八折。", "index": "2"},
            ],
        }
    )
    out_id = f"digital-{time.time_ns() // 10**6}"
    phone = "13300000001"
    campaign = {
        "outId": out_id,
        "signName": SIGN,
        "templateCode": code,
        "phones": [phone],
        "params": {"name": "李雷"},
        "digital": True,
    }
    call(stage.quick_audience, "/_sim/campaigns", campaign)
    stage.wait(
        "the receipt of the digital message",
        lambda: call(stage.quick_audience, f"/_sim/campaigns/{out_id}")["complete"],
    )
    sent = call(f"{stage.tencent}", f"/_sim/messages?mobile={phone}")["messages"][-1]["text"]
    link = re.search(r"https?://\S+/m/\w+", sent)
    page = requests.get(link[0], timeout=10) if link else None
    if page is None or not page.ok or picture not in page.text:
        raise DemoError(f"the digital message {sent!r} leads to no page with its picture")
    return f"digital message {code} delivered; its page: {page.url} ({len(page.content):,} bytes)"


def _pull(stage: Stage, _: str) -> str:
    """Receipts fetched from Tencent instead of pushed by it."""
    tencent = f"{stage.tencent}"
    call(tencent, "/_sim/behaviour", {"callbacks_paused": True, "pull_enabled": True})
    code = stage.template({"name": "提醒", "content": "您预约的服务明天开始。", "type": 1})
    out_id = f"pull-{time.time_ns() // 10**6}"
    campaign = {
        "outId": out_id,
        "signName": SIGN,
        "templateCode": code,
        "phones": {"count": _PULLED, "start": "13200000000"},
    }
    call(stage.quick_audience, "/_sim/campaigns", campaign)
    account = f"/_sim/campaigns/{out_id}"

    def pulled() -> bool:
        stage.python("local.scheduler", "--once", "pull", TENCENT_RECEIPTS="pull")
        return bool(call(stage.quick_audience, account)["complete"])

    stage.wait(f"the {_PULLED} receipts that are pulled", pulled)
    call(tencent, "/_sim/behaviour", {"callbacks_paused": False, "pull_enabled": False})
    return f"{_PULLED} receipts pulled from Tencent's queue and told"


def _shown(stage: Stage, out_id: str) -> Any:
    return json.loads(stage.ops("campaign", "show", out_id, "--json"))


def _ask(stage: Stage, path: str, body: dict[str, Any]) -> dict[str, Any]:
    asked = {"path": path, "method": "POST", "body": body}
    answer = call(stage.quick_audience, "/_sim/request", asked)["body"]
    if answer["code"] != "OK":
        raise DemoError(f"{path}: {answer['code']}: {answer['message']}")
    body_answered: dict[str, Any] = answer
    return body_answered
