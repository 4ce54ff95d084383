"""A client of API 3.0 without a network, and answers as Tencent gives them."""

from typing import Any

import requests

from chalicelib.tencent.api3 import Api3
from chalicelib.tencent.api3_transport import Account
from tests.support.transport import Transport

REQUEST_ID = "a0aabda6-cf91-4f3e-a81f-9198114a2279"
ID, KEY = "AKIDexampleexampleexampleexample0001", "exampleSecretKeyexampleSecretKey"
BASE_URL = "https://sms.tencentcloudapi.com"
APP_ID = "1400006666"


def connected(*answers: Any, base_url: str = BASE_URL) -> tuple[Api3, Transport]:
    """Return a client that gets these answers in order, and its transport."""
    session, transport = requests.Session(), Transport(*answers)
    session.mount("https://", transport)
    session.mount("http://", transport)
    return Api3(Account(base_url, "ap-guangzhou", ID, KEY, session), APP_ID), transport


def ok(**fields: Any) -> dict[str, Any]:
    """Return an answer of success with these fields."""
    return {"Response": {**fields, "RequestId": REQUEST_ID}}


def error(code: Any, message: str = "no", **fields: Any) -> dict[str, Any]:
    """Return an answer that is an error."""
    refusal = {"Code": code, "Message": message}
    return {"Response": {**fields, "Error": refusal, "RequestId": REQUEST_ID}}


def row(number: int, **changes: Any) -> dict[str, Any]:
    """Return the row of an accepted number of `numbers`."""
    return {
        "SerialNo": f"5000:{number}",
        "PhoneNumber": f"+86138{number:08d}",
        "Fee": 1,
        "SessionContext": "",
        "Code": "Ok",
        "Message": "send success",
        "IsoCode": "CN",
    } | changes


def refused_row(number: int, code: Any, **changes: Any) -> dict[str, Any]:
    """Return the row of a refused number."""
    refused = {"SerialNo": "", "Fee": 0, "Code": code, "Message": "no"}
    return row(number, **(refused | changes))


def sent(*rows: Any) -> dict[str, Any]:
    """Return the answer to a send."""
    return ok(SendStatusSet=list(rows))
