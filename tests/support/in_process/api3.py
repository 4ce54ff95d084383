"""A fake of Tencent's API 3.0: signs, templates, sends, pulls and counts, with refusals as a test decides."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from chalicelib.tencent import api3
from tests.support.in_process import web
from tests.support.in_process.bridge import Bridge

APP_ID = "1400006666"
ENVIRONMENT = {
    "TENCENT_API": "3.0",
    "TENCENT_BASE_URL": "https://sms.tencent.test",
    "TENCENT_SECRET_ID": "AKIDin-process-secret-id",
    "TENCENT_SECRET_KEY": "in-process-secret-key",
}

Fields = dict[str, Any]


class FakeApi3(web.Adapter):
    """Answers every call of the interface. A call in `refusals` is refused; one in `answers` gets these fields.

    Signs can be asked for by id only if `lists_signs` is False, as the international site may have it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, Fields]] = []
        self.sent: list[Fields] = []
        self.signs: list[Fields] = []
        self.templates: dict[int, Fields] = {}
        self.refusals: dict[str, str] = {}
        self.answers: dict[str, Fields] = {}
        self.lists_signs = True

    def calls_of(self, *actions: str) -> list[Fields]:
        """Return the fields of the calls of these actions."""
        return [fields for action, fields in self.calls if action in actions]

    def sign(self, name: str, sign_id: int = 701, status: int = 0, **fields: Any) -> None:
        """Add a sign, for mainland numbers unless `International` says otherwise."""
        self.signs.append(
            {
                "SignId": sign_id,
                "SignName": name,
                "International": 0,
                "StatusCode": status,
                "ReviewReply": "",
                "CreateTime": 1_617_508_800,
                "QualificationId": 1,
                "QualificationStatusCode": 1,
            }
            | fields
        )

    def template(self, text: str, template_id: int = 9001, **fields: Any) -> str:
        """Add an approved template and return its code."""
        self.templates[template_id] = {
            "TemplateId": template_id,
            "TemplateContent": text,
            "TemplateName": "n",
            "International": 0,
            "StatusCode": 0,
            "ReviewReply": "",
            "CreateTime": 1_617_508_800,
        } | fields
        return str(template_id)

    def answer(self, request: requests.PreparedRequest) -> requests.Response:
        action, fields = request.headers["X-TC-Action"], json.loads(request.body or b"{}")
        self.calls.append((action, fields))
        code = self.refusals.get("*") or self.refusals.get(action)
        if action == "DescribeSmsSignList" and "Limit" in fields and not self.lists_signs:
            code = "MissingParameter"
        if code:
            found: Fields = {"Error": {"Code": code, "Message": "because"}}
        elif action in self.answers:
            found = self.answers[action]
        else:
            found = _OBEYED.get(action, _nothing)(self, fields)
        body = json.dumps({"Response": found | {"RequestId": "r-1"}})
        return web.response(200, body.encode())

    def list_signs(self, fields: Fields) -> Fields:
        return {"DescribeSignListStatusSet": _some(self.signs, "SignId", fields)}

    def list_templates(self, fields: Fields) -> Fields:
        found = _some(list(self.templates.values()), "TemplateId", fields)
        return {"DescribeTemplateStatusSet": found}

    def add_template(self, fields: Fields) -> Fields:
        template_id = max([9000, *self.templates]) + 1
        self.template(fields["TemplateContent"], template_id, International=fields["International"])
        return {"AddTemplateStatus": {"TemplateId": str(template_id)}}

    def send_sms(self, fields: Fields) -> Fields:
        self.sent.append(fields)
        rows = [
            {
                "SerialNo": f"5000:{len(self.sent)}{position:04d}",
                "PhoneNumber": phone,
                "Fee": 1,
                "Code": "Ok",
                "Message": "send success",
                "IsoCode": "CN",
            }
            for position, phone in enumerate(fields["PhoneNumberSet"])
        ]
        return {"SendStatusSet": rows}


def _nothing(fake: FakeApi3, fields: Fields) -> Fields:
    return {}


_OBEYED: dict[str, Callable[[FakeApi3, Fields], Fields]] = {
    "DescribeSmsSignList": FakeApi3.list_signs,
    "DescribeSmsTemplateList": FakeApi3.list_templates,
    "AddSmsTemplate": FakeApi3.add_template,
    "SendSms": FakeApi3.send_sms,
}


def _some(items: list[Fields], name: str, fields: Fields) -> list[Fields]:
    """Return the items with the ids asked for, or a page. `International` is not heeded, as in Tencent's examples."""
    for ids in ("SignIdSet", "TemplateIdSet"):
        if ids in fields:
            return [item for item in items if item[name] in fields[ids]]
    return items[fields["Offset"] : fields["Offset"] + fields["Limit"]]


def status(sent: Fields, report_status: str = "SUCCESS") -> Fields:
    """Return the status of the only message of a call, as PullSmsSendStatus returns it."""
    [phone] = sent["PhoneNumberSet"]
    return {
        "SerialNo": "5000:10000",
        "PhoneNumber": phone,
        "CountryCode": "86",
        "SubscriberNumber": phone.removeprefix("+86"),
        "ReportStatus": report_status,
        "Description": "DELIVRD" if report_status == "SUCCESS" else "MK:0001",
        "UserReceiveTime": int(time.time()),
        "SessionContext": "",
    }


def connected(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi3]:
    """Let a bridge call API 3.0, and yield the fake of it."""
    fake = FakeApi3()
    monkeypatch.setattr(api3, "new_session", lambda *_, **__: bridge._session(fake))
    api3._client.cache_clear()
    bridge.configure(**ENVIRONMENT)
    yield fake
    api3._client.cache_clear()
