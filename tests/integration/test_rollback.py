"""What a newer release stored and queued is still read after a rollback (docs/operations.md, "Roll back")."""

import json
import time
from typing import Any

import pytest

from chalicelib.domain.breaker import BreakerName
from chalicelib.queues.bodies import Body
from chalicelib.store import breakers
from tests.support.in_process import aws, hostile, tencent
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.digital import create, page, page_code
from tests.support.in_process.file_campaigns import FileCampaigns
from tests.support.in_process.pump import FUNCTIONS
from tests.support.in_process.settling import settle

NEW = {"S": "only the newer release knows this"}
# Attributes that contain JSON texts of dataclasses.
TEXTS = ("request", "file")
SIDE: BreakerName = "tencent"


def add_attributes() -> int:
    """Add an unknown attribute to every item, and to everything that an item contains; return their number."""
    client = aws.client("dynamodb")
    items = client.scan(TableName=aws.TABLE)["Items"]
    for item in items:
        for name in TEXTS:
            if "S" in item.get(name, {}):
                text = json.loads(item[name]["S"]) | {"new": "…"}
                item[name] = {"S": json.dumps(text, ensure_ascii=False)}
        receipt = item.get("receipt", {}).get("M")
        parts = [part["M"] for part in item.get("parts", {}).get("L", [])]
        for inner in [item, *parts, *([receipt] if receipt else [])]:
            inner["new"] = NEW
        with hostile.kind():
            client.put_item(TableName=aws.TABLE, Item=item)
    return len(items)


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queue messages as a release that knows one more field."""
    encode = Body.encode

    def with_a_new_field(body: Body) -> str:
        return json.dumps(json.loads(encode(body)) | {"new": "…"})

    monkeypatch.setattr(Body, "encode", with_a_new_field)


@pytest.mark.usefixtures("newer")
def test_a_campaign_continues_over_items_and_messages_of_a_newer_release(
    linked: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaigns = FileCampaigns(linked, monkeypatch)
    code = linked.template()
    lines = [f'1390000{number:04} {{"name":"甲"}}' for number in range(8)]
    first = campaigns.send("\n".join(lines), code)
    breakers.trip(SIDE, "no answer", int(time.time()))
    for _ in range(20):
        for function in FUNCTIONS:
            linked.pump.invoke_once(function)
            assert add_attributes() > 5
            linked.restart()
    linked.pump.run("read", "deliver")
    add_attributes()
    again = campaigns.send("\n".join(lines), code)
    assert again["bizId"] == first["bizId"]
    assert len(linked.tencent.sent) == 8
    sms, *others = linked.tencent.sent
    settle(linked, tencent.status(sms))
    add_attributes()
    settle(linked, *(tencent.status(one) for one in [sms, *others]))
    linked.pump.run()
    assert len(linked.quick_audience.receipts) == 8


def test_a_page_of_a_newer_release_is_shown(here: Bridge) -> None:
    create(here)
    path = f"/m/{page_code(here)}"
    before: Any = page(path)
    add_attributes()
    after: Any = page(path)
    assert (after.status_code, after.body) == (200, before.body)
