"""Digital templates, and requests about them."""

import re
from typing import Any

from chalice.test import Client, HTTPResponse

import app
from tests.support.in_process.bridge import Answer, Bridge

PATH = "/sms/digitalSmsTemplate"
OSS = "https://brand.oss-cn-zhangjiakou.aliyuncs.com"
PUBLIC = "https://m.example.cn"
# The document's example of a list, with other addresses.
PARTS = [
    {
        "fileSuffix": "jpg",
        "fileName": "File Name",
        "fileSize": "23",
        "fileContents": f"{OSS}/a.jpg",
        "index": "1",
    },
    {"fileSuffix": "txt", "fileName": "", "fileSize": "10", "fileContents": "Text", "index": "2"},
]


def body(content: Any = PARTS, **fields: Any) -> dict[str, Any]:
    """Return the document's example of §7 and §8 with another content."""
    return {
        "remark": "string",
        "templateContent": content,
        "templateTheme": "双11来了",
        "templateSubject": "string",
        "creatorAccount": "string",
        "isVariable": True,
    } | fields


def text(contents: str, index: int = 1) -> dict[str, Any]:
    return {"fileSuffix": "txt", "fileContents": contents, "index": index}


def file(suffix: str, **more: Any) -> dict[str, Any]:
    return {"fileSuffix": suffix, "fileContents": f"{OSS}/a.{suffix}", "index": 1} | more


def create(bridge: Bridge, content: Any = PARTS, **fields: Any) -> str:
    answer = bridge.ask("POST", PATH, body(content, **fields))
    assert answer.code == "OK", answer.message
    return str(answer["templateCode"])


def query(bridge: Bridge, code: str) -> Answer:
    return bridge.ask("GET", f"{PATH}/{code}")


def newest(bridge: Bridge) -> dict[str, Any]:
    """Return the template that Tencent received last."""
    return bridge.tencent.templates[max(bridge.tencent.templates)]


def page_code(bridge: Bridge, tpl_id: int | None = None) -> str:
    template = bridge.tencent.templates[tpl_id] if tpl_id else newest(bridge)
    found = re.search(rf"{PUBLIC}/m/([A-Za-z0-9]{{11}})(?![A-Za-z0-9])", template["text"])
    assert found
    return found[1]


def page(path: str, method: str = "GET", **headers: str) -> HTTPResponse:
    return Client(app.app).http.request(method, path, headers=headers)


def send(bridge: Bridge, code: str, phone: str = "13900001111", params: Any = None) -> Answer:
    return campaign(bridge, code, [phone], params, out_id=f"task-{phone}")


def campaign(
    bridge: Bridge, code: str, phones: list[str], params: Any = None, **fields: Any
) -> Answer:
    """Send the document's example of §11 with other recipients."""
    return bridge.ask(
        "POST",
        "/sms/sendDigitalBatchList",
        {
            "limit": 0,
            "relatedAudienceId": "string",
            "relatedTaskId": "string",
            "relatedTaskType": 1,
            "taskCreatorAccount": "string",
            "outId": fields.pop("out_id", "string"),
            "signName": "某某科技",
            "templateCode": code,
            "phoneNumberJson": phones,
            "templateParamJson": params,
        }
        | fields,
    )
