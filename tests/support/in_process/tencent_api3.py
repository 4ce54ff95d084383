"""API 3.0 as another dialect of the fake Tencent: its requests become v5's calls, and v5's answers become its own.

So a test sets the behaviour of a call in v5's words (`refused(1016)`) whichever API the bridge calls. What v5 has no
word for, a test sets in 3.0's: a code as a text, and the fields of a template or sign, such as `StatusCode`.
`tencent_api3_codes` and `tencent_api3_answers` hold the codes and the fields of answers.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import requests

from chalicelib.domain import phones
from local.tencent.api3 import signature
from tests.support.in_process.tencent_api3_answers import answered_fields
from tests.support.in_process.tencent_api3_codes import code_of

SECRET_ID = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3example"
SECRET_KEY = "Gu5t9xGARNpq86cd98joQYCN3example"
BASE_URL = "https://sms.tencent.test"
REQUEST_ID = "a0aabda6-cf91-4f3e-a81f-9198114a2279"

Fields = dict[str, Any]
Asked = tuple[str, Fields]
"""A call as v5 has it: its name and its body."""


def refusal(request: requests.PreparedRequest, app_id: str) -> Fields | None:
    """Return the answer to a request with a wrong signature, clock or application; None if all is right."""
    headers, body = request.headers, request.body or b""
    assert isinstance(body, bytes)
    timestamp = int(headers["X-TC-Timestamp"])
    if abs(timestamp - time.time()) > 300:
        return {"result": 1021, "errmsg": "signature expired"}
    text = signature.canonical_request(headers, "content-type;host", body)
    expected = (
        f"TC3-HMAC-SHA256 Credential={SECRET_ID}/{signature.utc_date(timestamp)}/sms/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signature.sign(SECRET_KEY, timestamp, text)}"
    )
    if headers["Authorization"] != expected:
        return {"result": 1001, "errmsg": "signature mismatch"}
    if json.loads(body).get("SmsSdkAppId", app_id) != app_id:
        return {"result": 1019, "errmsg": "SmsSdkAppId does not belong to the account"}
    return None


def read(request: requests.PreparedRequest) -> Asked:
    """Return the call that v5 would have for a request."""
    headers = request.headers
    assert (headers["X-TC-Version"], headers["X-TC-Region"]) == ("2021-01-11", "ap-guangzhou")
    fields = json.loads(request.body or b"{}")
    name, body = _READERS[headers["X-TC-Action"]](fields)
    signed = headers["Authorization"].rpartition("Signature=")[2]
    return name, body | {"sig": signed, "time": int(headers["X-TC-Timestamp"])}


def write(request: requests.PreparedRequest, asked: Asked, answer: Fields) -> Fields:
    """Return v5's answer to a call as the answer to a request."""
    response: Fields = {"RequestId": REQUEST_ID}
    if asked[0] in ("sendsms", "sendmultisms2", "sendisms"):
        details = answer.get("detail", [answer] if answer["result"] == 0 else [])
        response["SendStatusSet"] = [_row(asked, detail) for detail in details]
    if answer["result"] != 0:
        error = {"Code": code_of(answer["result"]), "Message": answer.get("errmsg", "")}
        if not response.get("SendStatusSet"):
            response.pop("SendStatusSet", None)
        return {"Response": {**response, "Error": error}}
    fields = json.loads(request.body or b"{}")
    response |= answered_fields(request.headers["X-TC-Action"], answer.get("data"), fields)
    return {"Response": response}


# --- sends ---


def _read_send(fields: Fields) -> Asked:
    numbers = fields["PhoneNumberSet"]
    assert all(number.startswith("+") for number in numbers)
    assert isinstance(fields["TemplateId"], str)
    body = {
        "tpl_id": int(fields["TemplateId"]),
        "sign": fields.get("SignName", ""),
        "params": fields.get("TemplateParamSet", []),
        "context": fields.get("SessionContext", ""),
        "ext": "",
        "extend": "",
    }
    mainland = [number.startswith("+861") for number in numbers]
    assert len(set(mainland)) == 1
    if not mainland[0]:
        [number] = numbers
        return "sendisms", body | {"tel": number}
    tel = [{"nationcode": "86", "mobile": number.removeprefix("+86")} for number in numbers]
    if len(tel) == 1:
        return "sendsms", body | {"tel": tel[0]}
    return "sendmultisms2", body | {"tel": tel}


def _row(asked: Asked, detail: Fields) -> Fields:
    """Return the row of a number. Of a call to a single one, it is that one, whatever the detail names."""
    name, body = asked
    tel = body["tel"]
    if name == "sendisms":
        number = str(tel)
    elif name == "sendsms":
        number = f"+86{tel['mobile']}"
    else:
        number = f"+{detail['nationcode']}{detail['mobile']}"
    accepted = detail["result"] == 0
    return {
        "SerialNo": detail.get("sid", ""),
        "PhoneNumber": number,
        "Fee": detail.get("fee", 0),
        "SessionContext": body["context"],
        "Code": "Ok" if accepted else code_of(detail["result"]),
        "Message": "send success" if accepted else detail.get("errmsg", ""),
        "IsoCode": "CN",
    }


# --- templates and signs ---


def _template_fields(fields: Fields) -> Fields:
    body = {
        "text": fields["TemplateContent"],
        "title": fields["TemplateName"],
        "remark": fields["Remark"],
        "type": 1 if fields["SmsType"] == 1 else 0,
    }
    return body | ({"international": 1} if fields["International"] else {})


def _sign_fields(fields: Fields) -> Fields:
    body = {"text": fields["SignName"], "pic": fields["ProofImage"]}
    body |= {"remark": fields["Remark"]} if "Remark" in fields else {}
    return body | ({"international": 1} if fields["International"] else {})


def _read_list(name: str, ids: str, v5_ids: str, fields: Fields) -> Asked:
    if ids in fields:
        assert 1 <= len(fields[ids]) <= 100
        return name, {v5_ids: fields[ids]}
    assert 1 <= fields["Limit"] <= 100
    return name, {"tpl_page": {"offset": fields["Offset"], "max": fields["Limit"]}}


# --- events ---


def _read_pull(kind: int, fields: Fields) -> Asked:
    return "pullstatus", {"type": kind, "max": fields["Limit"]}


def _read_pull_of_phone(kind: int, fields: Fields) -> Asked:
    assert (fields["Offset"], fields["Limit"]) == (0, 100)
    nationcode, mobile = phones.to_tencent(fields["PhoneNumber"].removeprefix("+"))
    body = {"type": kind, "max": 100, "nationcode": nationcode, "mobile": mobile}
    body["begin_time"] = fields["BeginTime"]
    body["end_time"] = fields.get("EndTime", int(time.time()))
    return "pullstatus4mobile", body


# --- statistics ---


def _hours(fields: Fields) -> Fields:
    assert (fields["Limit"], fields["Offset"]) == (0, 0)
    return {"begin_date": int(fields["BeginTime"]), "end_date": int(fields["EndTime"])}


_READERS: dict[str, Callable[[Fields], Asked]] = {
    "SendSms": _read_send,
    "AddSmsTemplate": lambda f: ("add_template", _template_fields(f)),
    "ModifySmsTemplate": lambda f: (
        "mod_template",
        {"tpl_id": f["TemplateId"], **_template_fields(f)},
    ),
    "DeleteSmsTemplate": lambda f: ("del_template", {"tpl_id": [f["TemplateId"]]}),
    "DescribeSmsTemplateList": lambda f: _read_list("get_template", "TemplateIdSet", "tpl_id", f),
    "AddSmsSign": lambda f: ("add_sign", _sign_fields(f)),
    "ModifySmsSign": lambda f: ("mod_sign", {"sign_id": f["SignId"], **_sign_fields(f)}),
    "DeleteSmsSign": lambda f: ("del_sign", {"sign_id": f["SignId"]}),
    "DescribeSmsSignList": lambda f: _read_list("get_sign", "SignIdSet", "sign_id", f),
    "PullSmsSendStatus": lambda f: _read_pull(0, f),
    "PullSmsReplyStatus": lambda f: _read_pull(1, f),
    "PullSmsSendStatusByPhoneNumber": lambda f: _read_pull_of_phone(0, f),
    "PullSmsReplyStatusByPhoneNumber": lambda f: _read_pull_of_phone(1, f),
    "SendStatusStatistics": lambda f: ("pullsendstatus", _hours(f)),
    "CallbackStatusStatistics": lambda f: ("pullcallbackstatus", _hours(f)),
    "DescribeSendRecordList": lambda f: ("records", f),
    "SmsPackagesStatistics": lambda f: ("getsmspackages", f),
}
