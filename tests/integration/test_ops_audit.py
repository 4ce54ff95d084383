"""The audit log: every command that changes something records the operator, the change, the time and the result."""

import json
import time
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from chalicelib import aws
from chalicelib.store import breakers, table
from ops import audit, deadletters, stages
from tests.support.commands import COMMANDS
from tests.support.in_process.bridge import SIGN, SIGN_ID, Bridge
from tests.support.in_process.changes import (
    CHANGES,
    DEPLOYMENT,
    LOOKS,
    Words,
    breaker_close,
    deadletters_replay,
    receipts_replay,
    unknown_settle,
)
from tests.support.in_process.operator import answer, ops
from tests.support.in_process.sends import A

ARN = "arn:aws:sts::123456789012:user/moto"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadletters, "_WAIT_SECONDS", 0)


ARGUMENTS: dict[str, dict[str, Any]] = {
    "sign link": {"name": SIGN, "signId": SIGN_ID},
    "sign add": {"name": SIGN},
    "sign modify": {"name": SIGN, "text": "别的品牌"},
    "sign delete": {"name": SIGN, "signId": SIGN_ID},
    "template delete": {"code": "7000", "name": "发货通知"},
    "template page": {"code": "Ab3Ab3Ab3Ab", "theme": "双11来了"},
    "unknown settle": {"outId": "task-1", "phone": "…1111", "state": "delivered"},
    "breaker close": {"name": "quickaudience"},
    "receipts replay": {"outId": "task-1", "phone": "…1111", "every": True},
    "deadletters replay": {"queue": "sends"},
    "message erase": {"phone": "…1111", "outIds": ["task-1"]},
    "campaign pause": {"outId": "task-1"},
    "campaign resume": {"outId": "task-1"},
    "campaign stop": {"outId": "task-1"},
    "campaign resend": {"outId": "task-1", "codes": ["isv.MOBILE_NUMBER_ILLEGAL"]},
    "campaign export": {"outId": "task-1", "failed": True},
}


def listed(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer("audit", "list", *arguments)
    return found


def everything_stored() -> str:
    items = aws.dynamodb().scan(TableName=table.table_name())["Items"]
    return json.dumps([item for item in items if item["pk"]["S"].startswith("AUDIT#")], default=str)


def test_every_command_is_known_to_change_something_or_to_look() -> None:
    known = CHANGES.keys() | DEPLOYMENT | LOOKS.keys()
    # The console changes nothing by itself. It calls the functions of the other commands: tests/console tries them.
    assert COMMANDS.keys() == known | {"console"}


@pytest.mark.v5_only("the signs and templates of this file are those of v5")
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_recorded(local: Bridge, name: str) -> None:
    words = CHANGES[name](local)
    assert listed() == []
    answer(*words)
    [entry] = listed()
    assert entry["command"].startswith(name)
    assert (entry["at"], entry["who"], entry["result"]) == ("2026-03-02 10:00:00", ARN, "done")
    assert entry["arguments"] == ARGUMENTS[name]
    assert A not in everything_stored()


@pytest.mark.parametrize(
    "words",
    [
        ["breaker", "close", "tencent"],
        ["receipts", "replay", "--out-id", "unknown"],
        ["deadletters", "replay"],
    ],
)
def test_a_change_that_fails_is_recorded_with_its_reason(local: Bridge, words: Words) -> None:
    result = ops(*words)
    assert result.exit_code == 1
    [entry] = listed()
    assert entry["result"] == "failed"
    assert entry["outcome"] in result.stderr.replace("\n", " ")


def test_the_outcome_is_recorded(local: Bridge) -> None:
    words = deadletters_replay(local)
    answer(*words)
    [entry] = listed()
    assert entry["outcome"] == [{"queue": "sends", "replayed": 1, "passed_over": 0, "undeleted": 0}]


def test_looking_and_counting_leave_no_entry(local: Bridge) -> None:
    receipts_replay(local)
    answer("receipts", "replay", "--out-id", "task-1", "--dry-run")
    answer("campaign", "show", "task-1")
    answer("message", "find", A)
    assert ops("unknown", "list").exit_code == 0
    assert listed() == []


def test_what_was_declined_leaves_no_entry(local: Bridge) -> None:
    assert ops(*unknown_settle(local)[:-1]).exit_code == 1
    assert listed() == []


def denying(operation: str, monkeypatch: pytest.MonkeyPatch, *, after: int = 0) -> None:
    """Deny the writes of audit entries, after the first ones."""
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]
    left = [after]

    def make_api_call(client: Any, name: str, params: dict[str, Any]) -> Any:
        if name == operation and params["Item"]["pk"]["S"].startswith("AUDIT#"):
            left[0] -= 1
            if left[0] < 0:
                message = "User: x is not authorized to perform: dynamodb:PutItem"
                error: Any = {"Code": "AccessDeniedException", "Message": message}
                raise ClientError({"Error": error}, name)
        return call(client, name, params)

    monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)


def test_without_the_right_to_record_nothing_is_changed(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = breaker_close(local)
    denying("PutItem", monkeypatch)
    result = ops(*words)
    assert result.exit_code == 1
    assert "dynamodb:PutItem" in result.stderr
    assert breakers.get_open("quickaudience")


def test_an_end_that_can_not_be_recorded_is_reported(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = breaker_close(local)
    denying("PutItem", monkeypatch, after=1)
    result = ops(*words)
    assert result.exit_code == 1
    assert "breaker close was done" in result.stderr
    assert breakers.get_open("quickaudience") is None
    assert [entry["result"] for entry in listed()] == ["begun"]


def test_an_entry_is_written_before_the_change(local: Bridge) -> None:
    with audit.action("breaker close", name="tencent"):
        assert [entry["result"] for entry in listed()] == ["begun"]
    assert [entry["result"] for entry in listed()] == ["done"]


def test_on_the_local_stack_the_caller_is_the_user_of_this_machine(
    local: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "emulator", lambda: "http://127.0.0.1:1")
    monkeypatch.setattr("getpass.getuser", lambda: "alice")
    answer(*breaker_close(local))
    [entry] = listed()
    assert entry["who"] == "local:alice"


def test_an_interrupted_command_is_recorded(local: Bridge) -> None:
    @audit.recorded("breaker close")
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    [entry] = listed()
    assert (entry["result"], entry["outcome"]) == ("failed", "interrupted")


def test_entries_are_listed_by_day_newest_first(local: Bridge) -> None:
    for name in ("first", "second", "third"):
        with audit.action(name):
            pass
        local.clock.advance(hours=24 * 20)
    # It is April 30 now.
    assert [entry["command"] for entry in listed()] == ["third"]
    every = ("--from", "2026-01-01")
    assert [entry["command"] for entry in listed(*every)] == ["third", "second", "first"]
    until = (*every, "--to", "2026-03-22")
    assert [entry["command"] for entry in listed(*until)] == ["second", "first"]
    assert [entry["command"] for entry in listed(*until[:3], "2026-03-21")] == ["first"]


@pytest.mark.parametrize("day", ["2026-3-1", "yesterday", "2026-02-30"])
def test_a_day_that_is_none_is_refused(local: Bridge, day: str) -> None:
    result = ops("audit", "list", "--from", day)
    assert result.exit_code == 1
    assert f"{day} is not a day" in result.stderr


def test_days_in_reverse_order_are_refused(local: Bridge) -> None:
    assert ops("audit", "list", "--from", "2026-03-02", "--to", "2026-03-01").exit_code == 1


def test_entries_are_kept_for_a_year(local: Bridge) -> None:
    with audit.action("breaker close"):
        pass
    [item] = table.query("AUDIT#2026-03")
    assert item["expires"] - time.time() == 366 * 24 * 3600


def test_the_list_is_readable(local: Bridge) -> None:
    assert "Nothing was changed" in ops("audit", "list").stdout
    answer(*breaker_close(local))
    shown = ops("audit", "list").stdout
    for words in ("time (Beijing time)", ARN, "breaker close", "name: quickaudience", "done"):
        assert words in shown


def test_a_long_outcome_is_cut(local: Bridge) -> None:
    with audit.action("x") as current:
        current.outcome = {"text": "字" * 10_000}
    [entry] = listed()
    assert len(entry["outcome"]) < 5000
