"""Tencent's records of sends, as a fake of DescribeSendRecordList lists them."""

import json
import time
from typing import Any, Self

import requests

from chalicelib.domain import phones
from tests.support.in_process import web
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.tencent import SETTINGS, Call, FakeTencent, Sms

NOT_SENT, DELIVERED, UNDER_WAY, FAILED = 1, 2, 3, 4
Record = dict[str, Any]


class Records:
    """The records at Tencent, by phone. None is there until a test adds it."""

    def __init__(self, bridge: Bridge) -> None:
        self.of_phone: dict[str, list[Record]] = {}
        bridge.configure(**SETTINGS["3.0"])
        self._tencent = bridge.tencent
        self._tencent.always("records", self._list)
        self._tencent.always("pullstatus4mobile", lambda *_: {"result": 0, "data": []})

    def __deepcopy__(self, _: object) -> Self:
        """Return itself: a snapshot of the fake does not hold the records."""
        return self

    @property
    def asked(self) -> list[str]:
        """Return the phones that records were asked for, in order."""
        return [call.body["PhoneNumber"][3:] for call in self._tencent.calls_of("records")]

    @property
    def asked_for_statuses(self) -> list[str]:
        """Return the phones that statuses were asked for, in order."""
        return [str(call.body["mobile"]) for call in self._tencent.calls_of("pullstatus4mobile")]

    def add(self, *sent: Sms, status: int = DELIVERED, **fields: Any) -> None:
        """Add records of messages that were sent just now."""
        for sms in sent:
            record = {
                "PhoneNumber": "+" + sms.phone,
                "SerialNo": sms.sid,
                "SendStatus": status,
                "RequestCode": "Ok",
                "StatusCode": {DELIVERED: "DELIVRD", FAILED: "MK:0001"}.get(status, ""),
                "IsoCode": "CN",
                "Content": f"【{sms.sign}】您好{'*' * 4}, 您的订单已发货",
                "SendTime": int(time.time()),
                "UserReceiveTime": int(time.time()) + 3 if status == DELIVERED else 0,
            }
            self.of_phone.setdefault(sms.phone, []).insert(0, record | fields)

    def clear(self) -> None:
        """Remove all records."""
        self.of_phone.clear()

    def _list(self, _: FakeTencent, call: Call) -> requests.Response:
        body = call.body
        assert 1 <= body["Limit"] <= 50
        assert time.time() - 72 * 3600 <= body["BeginTime"] <= time.time()
        assert "EndTime" not in body
        phone = "".join(phones.to_tencent(body["PhoneNumber"].removeprefix("+")))
        found = [
            one for one in self.of_phone.get(phone, []) if one["SendTime"] >= body["BeginTime"]
        ]
        page = found[body["Offset"] :][: body["Limit"]]
        answer = {"TotalCount": len(found), "SendRecordSet": page, "RequestId": "r"}
        return web.response(200, json.dumps({"Response": answer}).encode())
