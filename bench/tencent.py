"""The stub's Tencent."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

STATUSES_PER_PUSH = 100
"""Number of statuses in a push of Tencent's."""

_SID_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUV"

Json = dict[str, Any]


class Tencent:
    """Accepts every message, and reports each as delivered."""

    def __init__(self) -> None:
        self.count = 0
        self._sent: list[tuple[str, str]] = []

    def answer(self, name: str, body: Json) -> bytes:
        """Send the messages of a call, and return its answer."""
        tel = body["tel"]
        details = [self._send(one["mobile"]) for one in (tel if isinstance(tel, list) else [tel])]
        if name == "sendmultisms2":
            answer = {"result": 0, "errmsg": "OK", "ext": "", "detail": details}
        else:
            answer = details[0] | {"ext": ""}
        return json.dumps(answer).encode()

    def _send(self, mobile: str) -> Json:
        # The sid is as long as Tencent's and as hard to compress. A number gets the same sid in every run,
        # whatever the order of sending.
        digest = hashlib.sha256(mobile.encode()).digest()
        sid = f"8:{''.join(_SID_ALPHABET[byte % 32] for byte in digest[:19])}20261122"
        self._sent.append((mobile, sid))
        self.count += 1
        detail = {"result": 0, "errmsg": "OK", "mobile": mobile, "nationcode": "86"}
        return detail | {"sid": sid, "fee": 1}

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
