"""Requests of §5 and their results."""

from collections import Counter
from typing import Any

import pytest

from chalicelib.delivery import file_reading
from chalicelib.store import files, send_requests
from chalicelib.store.files import File
from ops.campaign import account
from tests.support.in_process.bridge import SIGN, Answer, Bridge
from tests.support.in_process.oss import FakeOss


class FileCampaigns:
    """A bridge with an approved sign and files on OSS."""

    def __init__(self, bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bridge = bridge
        self.oss = FakeOss(bridge.outside)
        self.oss.install(monkeypatch)
        monkeypatch.setattr(file_reading, "STEP", 3)

    def ask(self, url: str, code: str, out_id: str = "task-1", **fields: Any) -> Answer:
        """Send a request of §5."""
        body = {
            "outId": out_id,
            "signName": SIGN,
            "templateCode": code,
            "phoneOssUrl": url,
            "isVariable": 1,
        } | fields
        return self.bridge.ask("POST", "/sms/sendBatch", body)

    def send(self, text: str | bytes, code: str, out_id: str = "task-1", **fields: Any) -> Answer:
        """Store a file and request a campaign of it."""
        answer = self.ask(
            self.oss.put(text, f"{out_id}.txt".replace(" ", "-")), code, out_id, **fields
        )
        assert answer.code == "OK"
        return answer

    def file(self, answer: Answer, out_id: str = "task-1") -> File:
        found = files.get(out_id, answer["bizId"])
        assert found
        return found

    def shown(self, out_id: str = "task-1") -> dict[str, Any]:
        """Return what `ops campaign show --json` shows."""
        counted = account(out_id, send_requests.of_out_id(out_id))
        kept = account(out_id, send_requests.of_out_id(out_id), exact=False)
        assert {**kept, "counted": "items", "failures": counted["failures"]} == counted
        return counted

    @property
    def sent(self) -> Counter[tuple[str, tuple[str, ...]]]:
        """Count the messages sent, by phone and parameters."""
        return Counter((sms.phone, sms.params) for sms in self.bridge.tencent.sent)

    @property
    def reported(self) -> Counter[tuple[str, str]]:
        """Count the receipts that Quick Audience accepted, by number and code."""
        receipts = self.bridge.quick_audience.receipts
        return Counter((one["phoneNum"], one["errCode"]) for one in receipts)

    def clear(self) -> None:
        self.bridge.tencent.sent.clear()
        self.bridge.quick_audience.pushes.clear()
