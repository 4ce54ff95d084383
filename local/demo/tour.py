"""One call of each other interface: a details query, a file, a digital message, a pull."""

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
    """Show each interface and return the problems found.

    Parts that need Tencent's simulator are left out when another Tencent is configured.
    """
    parts: list[tuple[str, Callable[[Stage, str], str]]] = [
        ("Querying sending details, as a polling Quick Audience does (§12)", _details),
        (f"Sending a campaign to the numbers in a file of {_LINES} lines (§5)", _file),
    ]
    if stage.tencent:
        parts += [
            ("Sending a digital message and opening its page (§7 to §11)", _digital),
            (f"Sending {_PULLED} messages and pulling their receipts from Tencent", _pull),
        ]
    problems = []
    for action, part in parts:
        try:
            with stage.step(action):
                result = part(stage, out_id)
        except DemoError as error:
            problems.append(str(error))
        else:
            stage.done(result)
    return problems


def _details(stage: Stage, out_id: str) -> str:
    """Query the sending details of the campaign, page by page (§12)."""
    found = call(stage.quick_audience, f"/_sim/campaigns/{out_id}/details", {"pageSize": 200})
    if found["problems"]:
        raise DemoError(f"sending details: {found['problems'][0]}")
    return (
        f"sending details of {out_id}: {found['rows']:,} rows on {found['pages']} pages, "
        f"{found['delivered']:,} delivered, {found['failed']:,} failed"
    )


def _file(stage: Stage, _: str) -> str:
    """Send a campaign whose numbers are in a file, two of them invalid (§5)."""
    code = stage.template({"name": "到货", "content": "${name}您好，您的包裹已到。", "type": 1})
    lines = [f'13{400000000 + n} {{"name":"客户{n}"}}' for n in range(_LINES - 2)]
    content = "\r\n".join([*lines, "", "no number at all", "12345"]).encode("gbk")
    out_id = f"file-{time.time_ns() // 10**6}"
    _request(
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
    # Every line gets a receipt except the one that names no number.
    expected = _LINES - 1
    received = f"/_sim/receipts?outId={out_id}&limit=0"
    stage.wait(
        f"the {expected} receipts of the file campaign",
        lambda: call(stage.quick_audience, received)["total"] >= expected,
    )
    # The bridge records a push after Quick Audience has received it.
    stage.wait(
        f"the record of these {expected} receipts",
        lambda: _shown(stage, out_id)["pushed"] >= expected,
    )
    shown = _shown(stage, out_id)
    return (
        f"file campaign {out_id}: {shown['recipients']:,} lines, {shown['delivered']:,} delivered, "
        f"{shown['failed']:,} refused (one has no number, so no receipt), {shown['pushed']:,} receipts reported"
    )


def _digital(stage: Stage, _: str) -> str:
    """Send a digital message with a picture and a text, and open its page (§7 to §11)."""
    picture = stage.files.put("/anniversary.png", oss.picture())
    code = stage.template(
        {
            "digital": True,
            "name": "周年庆会员礼",
            "signName": SIGN,
            "content": [
                {"fileSuffix": "png", "fileName": "周年庆", "fileContents": picture, "index": "1"},
                # The page masks the variable, and a masked card number reads naturally: 尾号**的会员卡.
                {
                    "fileSuffix": "txt",
                    "fileContents": "您尾号${card}的会员卡获赠一张八折券，到店出示本页即可使用。",
                    "index": "2",
                },
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
        "params": {"card": "6688"},
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
        raise DemoError(f"no page with the picture is linked in the digital message {sent!r}")
    return (
        f"digital message {code} delivered; its page of {len(page.content):,} bytes has the picture"
    )


def _pull(stage: Stage, _: str) -> str:
    """Fetch receipts from Tencent's queue instead of receiving them as callbacks."""
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
    return f"{_PULLED} receipts pulled from Tencent's queue and reported"


def _shown(stage: Stage, out_id: str) -> Any:
    return json.loads(stage.ops("campaign", "show", out_id, "--json"))


def _request(stage: Stage, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send one of Quick Audience's requests and return its answer. Raise DemoError for a refusal."""
    request = {"path": path, "method": "POST", "body": body}
    answer: dict[str, Any] = call(stage.quick_audience, "/_sim/request", request)["body"]
    if answer["code"] != "OK":
        raise DemoError(f"{path}: {answer['code']}: {answer['message']}")
    return answer
