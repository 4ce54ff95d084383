"""The stub's Tencent."""

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

STATUSES_PER_PUSH = 100
"""Number of statuses in a push of Tencent's."""

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
        """Send the messages of a call, and return its answer."""
        if self._is_full():
            self.refused += 1
            return json.dumps({"result": 1013, "errmsg": "frequency limit", "ext": ""}).encode()
        self.accepted_at.append(time.time())
        tel = body["tel"]
        details = [self._send(one["mobile"]) for one in (tel if isinstance(tel, list) else [tel])]
        if name == "sendmultisms2":
            answer = {"result": 0, "errmsg": "OK", "ext": "", "detail": details}
        else:
            answer = details[0] | {"ext": ""}
        return json.dumps(answer).encode()

    def forget(self) -> None:
        """Reset the counts."""
        self.count, self.refused, self.accepted_at = 0, 0, []

    def _is_full(self) -> bool:
        second = int(time.time())
        if second != self._second:
            self._second, self._calls = second, 0
        self._calls += 1
        return 0 < self._per_second < self._calls

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
