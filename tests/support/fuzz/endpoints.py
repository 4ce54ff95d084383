"""Every route with a valid request, into which the fuzzers put their input."""

import copy
from typing import Any

import app
from tests.support.fuzz.checks import CALLBACK
from tests.support.in_process.bridge import SIGN, TOKEN, template_body
from tests.support.in_process.digital import body as digital_body
from tests.support.in_process.digital import text

_SEND = {
    "limit": 0,
    "outId": "fuzzed",
    "signName": SIGN,
    "templateCode": "TEXT",
    "phoneNumberJson": ["13900001111", "13900001112"],
    "templateParamJson": [{"name": "aaa", "age": 123}, {"name": "bbb", "age": 456}],
    "relatedAudienceId": "1,2",
    "relatedTaskId": "3",
    "relatedTaskType": 1,
    "taskCreatorAccount": "me",
}
_STATUS = {
    "user_receive_time": "2026-03-02 10:00:07",
    "nationcode": "86",
    "mobile": "13900001111",
    "report_status": "SUCCESS",
    "errmsg": "DELIVRD",
    "description": "用户短信送达成功",
    "sid": "8:x20260302",
}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/sms/smsTemplate"): template_body("您好${name}"),
    ("PUT", "/sms/smsTemplate/{template_code}"): template_body(
        "您好${name}!", modifierAccount="me"
    ),
    ("POST", "/sms/digitalSmsTemplate"): digital_body([text("好"), text("${a}", 2)]),
    ("PUT", "/sms/digitalSmsTemplate/{template_code}"): digital_body([text("好")]),
    ("POST", "/sms/sendBatch"): {
        "limit": 0,
        "outId": "fuzzed",
        "phoneOssUrl": "https://brand.oss-cn-zhangjiakou.aliyuncs.com/a.txt",
        "signName": SIGN,
        "templateCode": "TEXT",
        "isVariable": 1,
    },
    ("POST", "/sms/sendBatchList"): _SEND,
    ("POST", "/sms/sendDigitalBatchList"): _SEND | {"templateCode": "DIGITAL"},
    ("POST", "/sms/sendDetails"): {
        "outId": "fuzzed",
        "currentPage": 1,
        "pageSize": 10,
        "startDate": "2026-03-01 00:00:00",
        "endDate": "2026-03-03 00:00:00",
    },
    ("POST", CALLBACK): _STATUS,
}
"""The document's fields for each route that reads a body. TEXT and DIGITAL stand for codes of templates."""

ROUTES = sorted((method, path) for path, methods in app.app.routes.items() for method in methods)
SERVED = [
    (method, path)
    for method, path in ROUTES
    if not app.app.routes[path][method].view_name.startswith("unknown ")
]


def names(path: str, codes: dict[str, str]) -> dict[str, str]:
    """Return the path parameters of a valid request to a route."""
    known = {
        "sign_name": SIGN,
        "template_code": codes["DIGITAL" if "digital" in path else "TEXT"],
        "token": TOKEN,
        "code": codes["PAGE"],
    }
    return {name: one for name, one in known.items() if f"{{{name}}}" in path}


def body(method: str, path: str, codes: dict[str, str]) -> dict[str, Any]:
    """Return the body of a valid request."""
    found = copy.deepcopy(BODIES[method, path])
    if "templateCode" in found:
        found["templateCode"] = codes[found["templateCode"]]
    return found
