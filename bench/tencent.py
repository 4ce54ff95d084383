"""The stub's Tencent, with both of its APIs."""

import hashlib
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

STATUSES_PER_PUSH = 100
"""Number of statuses in a push of Tencent's."""

API3 = "TencentSms"
"""Stands for API 3.0 in the target of a call: `TencentSms.SendSms`. Its calls have no paths of their own."""

_SID_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUV"

Json = dict[str, Any]


class Tencent:
    """Accepts every message, and reports each as delivered.

    With `per_second`, it refuses all but the first calls of each second of the clock. Its answers take `seconds`.
    """

    def __init__(self, seconds: float = 0, per_second: int = 0) -> None:
        self.seconds = seconds
        self.count = 0
        self.refused = 0
        self.accepted_at: list[float] = []
        """The times of the calls that it accepted."""
        self._per_second = per_second
        self._second = 0
        self._calls = 0
        self._sent: list[tuple[str, str]] = []

    def answer(self, name: str, body: Json) -> bytes:
        """Send the messages of a call of v5, and return its answer."""
        if not self._accepts():
            return json.dumps({"result": 1013, "errmsg": "frequency limit", "ext": ""}).encode()
        tel = body["tel"]
        details = [self._send(one["mobile"]) for one in (tel if isinstance(tel, list) else [tel])]
        if name == "sendmultisms2":
            answer = {"result": 0, "errmsg": "OK", "ext": "", "detail": details}
        else:
            answer = details[0] | {"ext": ""}
        return json.dumps(answer).encode()

    def answer_api3(self, action: str, body: Json) -> bytes:
        """Send the messages of a call of API 3.0, and return its answer."""
        if action != "SendSms":
            raise ValueError(f"{action} of API 3.0 is not supported by the stub")
        if self._accepts():
            context = body.get("SessionContext", "")
            rows = [self._row(phone, context) for phone in body["PhoneNumberSet"]]
            answer: Json = {"SendStatusSet": rows}
        else:
            answer = {"Error": {"Code": "RequestLimitExceeded", "Message": "frequency limit"}}
        return json.dumps({"Response": answer | {"RequestId": str(uuid.uuid4())}}).encode()

    def forget(self) -> None:
        """Reset the counts."""
        self.count, self.refused, self.accepted_at = 0, 0, []

    def _accepts(self) -> bool:
        """Count a call; return False if it is refused for its rate."""
        now = time.time()
        if int(now) != self._second:
            self._second, self._calls = int(now), 0
        self._calls += 1
        if 0 < self._per_second < self._calls:
            self.refused += 1
            return False
        self.accepted_at.append(now)
        return True

    def _send(self, mobile: str) -> Json:
        detail = {"result": 0, "errmsg": "OK", "mobile": mobile, "nationcode": "86"}
        return detail | {"sid": self._sent_as(mobile), "fee": 1}

    def _row(self, phone: str, context: str) -> Json:
        return {
            "SerialNo": self._sent_as(phone.removeprefix("+86")),
            "PhoneNumber": phone,
            "Fee": 1,
            "SessionContext": context,
            "Code": "Ok",
            "Message": "send success",
            "IsoCode": "CN",
        }

    def _sent_as(self, mobile: str) -> str:
        """Count a message, and return its sid."""
        # The sid is as long as Tencent's and as hard to compress. A number gets the same sid in every run,
        # whatever the order of sending and the API.
        digest = hashlib.sha256(mobile.encode()).digest()
        sid = f"8:{''.join(_SID_ALPHABET[byte % 32] for byte in digest[:19])}20261122"
        self._sent.append((mobile, sid))
        self.count += 1
        return sid

    def report(self) -> Iterator[list[Json]]:
        """Yield pushes with the statuses of all messages sent since the last call."""
        sent, self._sent = self._sent, []
        for first in range(0, len(sent), STATUSES_PER_PUSH):
            yield [
                {
                    "user_receive_time": "2026-11-22 10:00:07",
                    "nationcode": "86",
                    "mobile": mobile,
                    "report_status": "SUCCESS",
                    "errmsg": "DELIVRD",
                    "description": "用户短信送达成功",
                    "sid": sid,
                }
                for mobile, sid in sent[first : first + STATUSES_PER_PUSH]
            ]
