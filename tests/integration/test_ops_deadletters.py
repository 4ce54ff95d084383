"""`ops deadletters`: listing removes nothing, and replaying loses nothing."""

import json
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from typer.testing import Result

from chalicelib.store import messages
from ops import deadletters
from tests.support.in_process import aws, operator, tencent
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.pushes import entry, queue
from tests.support.in_process.quickaudience import respond
from tests.support.in_process.sends import A, B, send, times_sent

REPLY = {"outId": "x", "phoneNum": A, "sendTime": "2026-03-02 10:00:00", "content": f"找{B}"}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for messages: the clock stands still, so waiting would never end."""
    monkeypatch.setattr(deadletters, "_WAIT_SECONDS", 0)


def put(bridge: Bridge, queue: str, **body: Any) -> str:
    """Put a dead letter, and return its text."""
    text = json.dumps(body, ensure_ascii=False, indent=1)
    bridge.pump.put(f"{queue}-dead", text)
    return text


def receipts(bridge: Bridge, out_id: str, count: int = 1) -> str:
    entries = [entry(out_id, position) for position in range(count)]
    return put(bridge, "receipts", kind="details", outId=out_id, entries=entries)


def ops(bridge: Bridge, *arguments: str) -> Result:
    # moto makes messages visible again in the next millisecond.
    bridge.clock.advance(seconds=0.002)
    return operator.ops("deadletters", *arguments)


def answer(bridge: Bridge, *arguments: str) -> Any:
    result = ops(bridge, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def listed(bridge: Bridge, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer(bridge, "list", *arguments)["messages"]
    return found


def replayed(bridge: Bridge, *arguments: str) -> dict[str, tuple[int, int]]:
    rows = answer(bridge, "replay", *arguments)
    return {row["queue"]: (row["replayed"], row["passedOver"]) for row in rows}


def available(bridge: Bridge, queue: str) -> list[str]:
    """Return the texts of the visible messages of a queue."""
    bridge.clock.advance(seconds=0.002)
    found = bridge.pump._backend.receive_message(
        aws.PREFIX + queue, count=10, wait_seconds_timeout=0, visibility_timeout=1
    )
    return [message.body for message in found]


def test_empty_dead_letter_queues_list_nothing(local: Bridge) -> None:
    found = answer(local, "list")
    assert found["counts"] == {"sends": 0, "callbacks": 0, "receipts": 0, "files": 0}
    assert found["messages"] == []
    assert ops(local, "list").exit_code == 0
    assert set(replayed(local, "--all").values()) == {(0, 0)}


def test_every_kind_of_dead_letter_is_shown_without_whole_numbers(local: Bridge) -> None:
    status = tencent.status(tencent.Sms("86" + A, "8:77", SIGN, 7000, ()))
    put(local, "sends", outId="x", bizId="biz", start=200, attempt=1)
    put(local, "callbacks", id="1", statuses=[status] * 5)
    put(local, "callbacks", id="2", replies=[tencent.reply("86" + A, f"找{B}", SIGN)])
    receipts(local, "x", 100)
    put(local, "receipts", kind="reply", outId="x", entries=[REPLY])
    put(local, "files", outId="x", bizId="biz")
    local.pump.put("callbacks-dead", f"no JSON, but {A}")
    put(local, "receipts", kind="details", outId="x", entries=[5])
    put(local, "callbacks", id="3", inquiry={"outId": "x", "bizId": "biz", "positions": [0, 7]})
    local.clock.advance(hours=27)
    rows = listed(local)
    [unreadable] = [row["what"] for row in rows if not row["outId"] and row["queue"] == "receipts"]
    found = {(row["queue"], row["outId"], row["sid"], row["entries"]): row["what"] for row in rows}
    assert found == {
        ("sends", "x", None, None): "recipients from 200 on, attempt 1",
        ("callbacks", None, "8:77", 5): ", ".join([*["…1111 SUCCESS DELIVRD"] * 3, "2 more"]),
        ("callbacks", None, None, 1): "reply of …1111: 找…2222",
        ("receipts", "x", None, 100): "…0000 DELIVERED, …0001 DELIVERED, …0002 DELIVERED, 97 more",
        ("receipts", "x", None, 1): "reply of …1111: 找…2222",
        ("files", "x", None, None): "a file that is not read to its end",
        ("callbacks", None, None, None): "not understood: no JSON, but …1111",
        ("callbacks", "x", None, 2): "an inquiry about 2 sends without an answer",
        ("receipts", None, None, None): unreadable,
    }
    assert unreadable.startswith("not understood: {")
    assert {row["age"] for row in rows} == {"1 d 3 h"}
    assert {row["queued"] for row in rows} == {"2026-03-02 10:00:00"}
    assert {row["bizId"] for row in rows} == {"biz", "b" * 32, None}
    # The terminal decides how wide the table is, and where its cells are folded.
    table = ops(local, "list").output
    assert "receipts" in table
    for text in (table, json.dumps(rows)):
        assert A not in text
        assert B not in text


@pytest.mark.parametrize(
    ("hours", "age"), [(0, "0 min"), (0.5, "30 min"), (1.75, "1 h 45 min"), (240, "10 d 0 h")]
)
def test_an_age_is_shown_in_its_largest_units(local: Bridge, hours: float, age: str) -> None:
    receipts(local, "x")
    local.clock.advance(hours=hours)
    assert [row["age"] for row in listed(local)] == [age]


def test_listing_removes_nothing(local: Bridge) -> None:
    texts = [receipts(local, f"task-{number}") for number in range(7)]
    for _ in range(3):
        assert [row["outId"] for row in listed(local)] == [f"task-{number}" for number in range(7)]
    assert available(local, "receipts-dead") == texts


def test_a_list_that_ends_at_its_limit_is_marked_as_incomplete(local: Bridge) -> None:
    for number in range(25):
        receipts(local, f"task-{number}")
    assert len(listed(local, "--limit", "3")) == 3
    result = ops(local, "list", "--limit", "12", "--json")
    assert len(json.loads(result.stdout)["messages"]) == 12
    assert json.loads(result.stdout)["counts"]["receipts"] == 25
    assert "receipts: 12 of about 25" in result.stderr
    assert "of about" not in ops(local, "list", "--limit", "25").output
    assert len(available(local, "receipts-dead")) == 10, "all are visible again"


def test_a_listing_that_fails_makes_its_messages_visible_again(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = receipts(local, "x")
    break_at(monkeypatch, "ReceiveMessage", after=1)
    result = ops(local, "list")
    assert (result.exit_code, "Traceback" in result.output) == (1, False)
    assert available(local, "receipts-dead") == [text]


@pytest.mark.counts("dead letters")
def test_replayed_receipts_are_pushed(local: Bridge) -> None:
    local.quick_audience.always(lambda: respond(500, b""))
    queue(local, "x", range(3))
    local.pump.run("push", hours=24 * 14)
    assert local.pump.count("receipts-dead") == 1
    local.quick_audience.always(lambda: respond(200, {"code": "OK"}))
    assert replayed(local, "--queue", "receipts") == {"receipts": (1, 0)}
    assert (local.pump.count("receipts"), local.pump.count("receipts-dead")) == (1, 0)
    local.pump.drain("push")
    assert len(local.quick_audience.receipts) == 3
    assert local.pump.count("receipts") == 0


def test_a_message_is_queued_again_byte_for_byte(local: Bridge) -> None:
    text = put(local, "callbacks", id="0123", statuses=[], note="空格 \u2028 😀 < & \t")
    replayed(local, "--queue", "callbacks")
    assert available(local, "callbacks") == [text]


def test_the_replay_of_a_callback_whose_function_died_after_settling_reports_it(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.link()
    (sms,) = send(local, A)
    local.callback([tencent.status(sms)])
    with monkeypatch.context() as broken:
        broken.setattr("chalicelib.delivery.final_states.report", _fails)
        local.pump.run("settle", hours=73)
    assert local.pump.count("callbacks-dead") == 1
    assert [one.state for one in messages.of_phone("86" + A)] == ["delivered"]
    assert local.quick_audience.reported(A) == []
    assert replayed(local, "--queue", "callbacks") == {"callbacks": (1, 0)}
    local.pump.drain("settle", "push")
    assert local.quick_audience.reported(A) == [(2, "DELIVERED")]


def _fails(*_: Any) -> None:
    raise RuntimeError("no queue")


@pytest.mark.parametrize("claimed", [False, True])
def test_replayed_sends_send_nothing_twice(local: Bridge, *, claimed: bool) -> None:
    local.link()
    local.campaign([A, B], {"name": "您"}, code=local.template())
    (body,) = local.pump.bodies("sends")
    for _ in range(2):
        put(local, "sends", **body)
    if claimed:
        local.pump.drain("deliver")
    else:
        event = local.pump.receive("deliver")
        assert event
        local.pump._delete("sends", event)
    assert replayed(local, "--queue", "sends") == {"sends": (2, 0)}
    local.pump.run("deliver", hours=1)
    assert times_sent(local) == {A: 1, B: 1}
    assert local.pump.count("sends") == local.pump.count("sends-dead") == 0


def test_after_72_hours_replayed_sends_send_nothing(local: Bridge) -> None:
    local.link()
    local.campaign([A], {"name": "您"}, code=local.template())
    event = local.pump.receive("deliver")
    assert event
    put(local, "sends", **json.loads(event["Records"][0]["body"]))
    local.pump._delete("sends", event)
    local.clock.advance(hours=73)
    local.pump.sweep()
    replayed(local, "--all")
    local.pump.run(hours=1)
    assert not local.tencent.sent
    assert local.quick_audience.reported(A) == [(1, "NOT_SENT")]


def test_the_dead_letters_of_one_campaign_are_replayed_without_the_others(local: Bridge) -> None:
    local.link()
    (mine,) = send(local, A)
    (other,) = send(local, B, out_id="task-2")
    wanted = [
        receipts(local, "task-1"),
        put(local, "sends", outId="task-1", bizId="b", start=0, attempt=0),
        put(local, "files", outId="task-1", bizId="b"),
        put(local, "callbacks", id="1", statuses=[tencent.status(other), tencent.status(mine)]),
        put(local, "callbacks", id="2", replies=[tencent.reply("86" + A, "好", SIGN)]),
    ]
    receipts(local, "task-2")
    put(local, "sends", outId="task-2", bizId="b", start=0, attempt=0)
    put(local, "callbacks", id="3", statuses=[tencent.status(other)])
    put(local, "callbacks", id="4", replies=[tencent.reply("86" + B, "好", SIGN)])
    put(local, "callbacks", id="5", statuses=[5])
    local.pump.put("receipts-dead", "[]")
    local.pump.put("receipts-dead", "not JSON")
    assert replayed(local, "--out-id", "task-1") == {
        "sends": (1, 1),
        "callbacks": (2, 3),
        "receipts": (1, 3),
        "files": (1, 0),
    }
    queues = ("receipts", "sends", "files", "callbacks")
    assert [text for one in queues for text in available(local, one)] == wanted
    left = [len(available(local, f"{one}-dead")) for one in queues]
    assert left == [3, 1, 0, 3], "the others can be had again at once"
    local.clock.advance(seconds=2)
    assert replayed(local, "--queue", "sends", "--out-id", "unknown") == {"sends": (0, 1)}


def test_at_most_the_limit_is_replayed(local: Bridge) -> None:
    for number in range(12):
        put(local, "sends", outId=f"task-{number}", bizId="b", start=0, attempt=0)
        receipts(local, f"task-{number}")
    assert replayed(local, "--limit", "3") == {"sends": (3, 7)}
    assert replayed(local, "--limit", "11") == {
        "sends": (9, 0),
        "callbacks": (0, 0),
        "receipts": (2, 8),
    }
    assert (local.pump.count("sends"), local.pump.count("receipts-dead")) == (12, 10)
    assert len(available(local, "receipts-dead")) == 10
    local.clock.advance(hours=1)
    assert replayed(local, "--all")["receipts"] == (10, 0)


def test_without_a_choice_nothing_is_replayed(local: Bridge) -> None:
    receipts(local, "x")
    result = ops(local, "replay")
    assert result.exit_code == 1
    assert "--queue" in result.output
    assert local.pump.count("receipts-dead") == 1


def test_a_dead_letter_that_sqs_refuses_is_not_lost(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = receipts(local, "x")
    break_at(monkeypatch, "SendMessageBatch")
    result = ops(local, "replay", "--all")
    assert (result.exit_code, "Traceback" in result.output) == (1, False)
    assert available(local, "receipts-dead") == [text]
    assert local.pump.count("receipts") == 0


def test_a_dead_letter_whose_replay_is_cut_off_before_its_deletion_is_replayed_again(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = receipts(local, "x")
    with monkeypatch.context() as broken:
        break_at(broken, "DeleteMessageBatch")
        assert ops(local, "replay", "--all").exit_code == 1
    assert replayed(local, "--queue", "receipts") == {"receipts": (1, 0)}
    assert available(local, "receipts") == [text, text]


def test_a_dead_letter_that_could_not_be_deleted_is_reported(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipts(local, "x")
    break_at(monkeypatch, "DeleteMessageBatch", answer={"Failed": [{"Id": "0", "Code": "x"}]})
    result = ops(local, "replay", "--queue", "receipts")
    assert result.exit_code == 0
    assert "still among the dead letters" in result.stderr
    assert local.pump.count("receipts") == 1


def break_at(
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    *,
    after: int = 0,
    answer: dict[str, Any] | None = None,
) -> None:
    """Let calls of this name fail after a number of successful ones, or answer them with `answer`."""
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]
    left = [after]

    def make_api_call(client: Any, name: str, params: dict[str, Any]) -> Any:
        if name != operation:
            return call(client, name, params)
        if left[0]:
            found = call(client, name, params)
            left[0] -= bool(found.get("Messages"))
            return found
        if answer is not None:
            return answer
        raise ClientError({"Error": {"Code": "InternalError", "Message": "no"}}, name)

    monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)


def test_listing_many_dead_letters_ends_although_they_become_visible_again(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(35):
        receipts(local, f"task-{number}")
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]
    received = [0]

    def slow(client: Any, name: str, params: dict[str, Any]) -> Any:
        received[0] += name == "ReceiveMessage"
        if (name, received[0]) == ("ReceiveMessage", 2):
            local.clock.advance(seconds=deadletters._HELD_SECONDS + 1)
        return call(client, name, params)

    monkeypatch.setattr(BaseClient, "_make_api_call", slow)
    assert replayed(local, "--queue", "receipts", "--out-id", "task-34") == {"receipts": (1, 34)}
