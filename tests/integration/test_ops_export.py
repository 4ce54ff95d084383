"""`ops campaign export` and the texts of `ops message find`."""

import codecs
import csv
import stat
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.chunks import ChunkProgress
from chalicelib.domain.messages import Message
from chalicelib.store import messages
from ops import export
from tests.support.in_process import tencent
from tests.support.in_process.bridge import SIGN, Bridge
from tests.support.in_process.operator import answer, counts, ops
from tests.support.in_process.sends import A, B, C, D, accept_every_state, send

HEADER = "phone,state,code,reason,sign,templateCode,sentAt,receivedAt,segments,pushed,bizId,sid"


def exported(*arguments: str) -> list[dict[str, str]]:
    result = ops("campaign", "export", "task-1", *arguments)
    assert result.exit_code == 0, result.output
    raw = result.stdout_bytes
    assert raw.startswith(codecs.BOM_UTF8)
    text = raw.decode("utf-8-sig")
    assert text.splitlines()[0] == HEADER
    return list(csv.DictReader(text.splitlines()))


def states(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row["phone"]: row["state"] for row in rows}


def test_a_row_for_each_recipient_that_show_counts_at_every_moment(local: Bridge) -> None:
    def agree() -> dict[str, str]:
        rows, shown = exported(), counts()
        found = [row["state"] for row in rows]
        assert len(rows) == shown["recipients"]
        for state in ("delivered", "failed", "waiting", "unknown"):
            assert found.count(state) == shown[state], state
        assert sum(row["pushed"] == "yes" for row in rows) == shown["pushed"]
        return states(rows)

    accept_every_state(local)
    assert set(agree().values()) == {"waiting"}
    local.pump.run("deliver", "push", hours=20 / 3600)
    assert agree() == {
        A: "waiting",
        B: "failed",
        C: "unknown",
        D: "waiting",
        "1391111****": "failed",
    }
    local.pump.run("deliver", hours=1)
    local.deliver_all()
    local.pump.run("settle", "push", hours=1)
    assert agree()[A] == "delivered"


def test_the_columns_of_a_recipient(local: Bridge) -> None:
    biz_id = accept_every_state(local)
    local.pump.run("deliver", hours=1)
    [sms] = local.tencent.sent_to("86" + A)
    local.callback([tencent.status(sms, "FAIL")])
    local.pump.run("settle", "push", hours=1)
    [found] = answer("message", "find", A)
    [row] = [row for row in exported() if row["phone"] == A]
    assert row == {
        "phone": A,
        "state": "failed",
        "code": found["code"],
        "reason": found["reason"],
        "sign": SIGN,
        "templateCode": "7000",
        "sentAt": "2026-03-02 10:00:00",
        "receivedAt": found["received"],
        "segments": "1",
        "pushed": "yes",
        "bizId": biz_id,
        "sid": sms.sid,
    }
    refusal = next(row for row in exported() if row["phone"] == B)
    assert (refusal["code"], refusal["sentAt"], refusal["sid"]) == (
        "isv.MOBILE_NUMBER_ILLEGAL",
        "",
        "",
    )
    assert refusal["reason"]


def test_only_the_failed_ones(local: Bridge) -> None:
    accept_every_state(local)
    local.pump.run("deliver", "push", hours=20 / 3600)
    assert states(exported("--failed")) == {B: "failed", "1391111****": "failed"}


def test_several_requests_are_exported_one_after_the_other(local: Bridge) -> None:
    local.link()
    send(local, A)
    local.clock.advance(seconds=1)
    send(local, B)
    rows = exported()
    assert [row["phone"] for row in rows] == [A, B]
    assert len({row["bizId"] for row in rows}) == 2


def test_entries_without_a_number_have_rows(local: Bridge) -> None:
    local.link()
    local.campaign([A, "", None], {"name": "您"}, code=local.template())
    rows = exported()
    assert len(rows) == counts()["recipients"]
    assert [row["code"] for row in rows if not row["phone"]] == ["isv.MOBILE_NUMBER_ILLEGAL"] * (
        len(rows) - 1
    )


@pytest.mark.parametrize(
    "number", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1+1", " =1+1", "＝1+1"]
)
def test_no_cell_is_a_formula(local: Bridge, number: str) -> None:
    local.link()
    local.campaign([A, number], {"name": "您"}, code=local.template())
    local.pump.run("deliver", hours=1)
    for row in exported():
        for cell in row.values():
            assert not cell.lstrip().startswith(tuple("=+-@＝＋－＠")), cell
    [row] = [row for row in exported() if row["state"] == "failed"]
    assert row["phone"].startswith("'")


def test_cells_with_separators_stay_cells(local: Bridge) -> None:
    local.link()
    hostile = 'a,"b"'
    local.campaign([A, hostile], {"name": "您"}, code=local.template())
    assert hostile in states(exported())


def test_a_file_is_written_for_its_owner_alone(local: Bridge, tmp_path: Path) -> None:
    accept_every_state(local)
    path = tmp_path / "spring.csv"
    path.write_text("before")
    result = ops("campaign", "export", "task-1", "--output", str(path))
    assert result.exit_code == 0
    assert "5 recipients" in result.stdout
    assert path.read_bytes() == ops("campaign", "export", "task-1").stdout_bytes
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir() if "spring" in one.name] == ["spring.csv"]
    shown = answer("campaign", "export", "task-1", "--output", str(path))
    assert shown == {"outId": "task-1", "rows": 5, "file": str(path)}


def test_a_file_that_can_not_be_written_is_an_error(local: Bridge, tmp_path: Path) -> None:
    accept_every_state(local)
    result = ops("campaign", "export", "task-1", "--output", str(tmp_path / "none" / "x.csv"))
    assert result.exit_code == 1
    assert "can't be written" in result.stderr


def test_an_interrupted_export_leaves_the_file_as_it_was(
    local: Bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept_every_state(local)
    path = tmp_path / "spring.csv"
    path.write_text("before")

    def broken(*_: Any) -> Any:
        yield from ()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "as_csv", broken)
    assert ops("campaign", "export", "task-1", "--output", str(path)).exit_code == 1
    assert path.read_text() == "before"
    assert not path.with_name("spring.csv.part").exists()


def test_an_unknown_campaign_is_an_error_and_prints_nothing(local: Bridge) -> None:
    result = ops("campaign", "export", "unknown")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "nothing was accepted under the outId unknown" in result.stderr


def test_the_rows_as_json(local: Bridge) -> None:
    accept_every_state(local)
    rows = answer("campaign", "export", "task-1")
    assert [list(row) for row in rows] == [HEADER.split(",")] * 5
    assert {row["pushed"] for row in rows} == {False}
    assert answer("campaign", "export", "task-1", "--failed") == [
        row for row in rows if row["state"] == "failed"
    ]


def test_no_rows_as_json_are_an_empty_array(local: Bridge) -> None:
    local.link()
    send(local, A)
    assert answer("campaign", "export", "task-1", "--failed") == []
    assert exported("--failed") == []


def test_reading_and_writing_take_turns(local: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """One chunk is in memory at a time."""
    local.link()
    numbers = [f"139{n:08d}" for n in range(450)]
    local.campaign(numbers, {"name": "您"}, code=local.template())
    read = 0
    of_chunk = messages.all_of_chunk

    def all_of_chunk(biz_id: str, progress: ChunkProgress) -> dict[int, Message]:
        nonlocal read
        read += len(progress.plan.phones)
        return of_chunk(biz_id, progress)

    monkeypatch.setattr(messages, "all_of_chunk", all_of_chunk)
    ahead = [read - written for written, _ in enumerate(export.rows("task-1"))]
    assert (len(ahead), max(ahead)) == (450, 200)


def test_a_million_positions_take_a_megabyte() -> None:
    tracemalloc.start()
    found = export._bytes_by_position(range(1_000_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(found) == 1_000_000
    assert peak < 3_000_000


def test_the_help_names_the_columns_and_the_options() -> None:
    shown = ops("campaign", "export", "--help").stdout
    for words in ("--failed", "--output", "--json", "Beijing time"):
        assert words in shown


# --- message find -------------------------------------------------------------------------------


def test_a_message_is_found_with_its_text_and_dates(local: Bridge) -> None:
    accept_every_state(local)
    local.pump.run("deliver", hours=1)
    local.deliver_all()
    local.pump.run("settle", "push", hours=1)
    [row] = answer("message", "find", A)
    assert row["text"] == f"【{SIGN}】您好1, 您的订单已发货"
    assert (row["sent"], row["received"][:10]) == ("2026-03-02 10:00:00", "2026-03-02")
    [row] = answer("message", "find", C)
    assert row["text"] == f"【{SIGN}】您好3, 您的订单已发货"
    assert "您好1" in ops("message", "find", A).stdout


def test_what_was_refused_has_no_text(local: Bridge) -> None:
    accept_every_state(local)
    local.pump.run("deliver", hours=1)
    [row] = answer("message", "find", B)
    assert (row["state"], row["text"]) == ("failed", "")


def test_replies_are_found_with_the_newest_message_of_their_campaign(local: Bridge) -> None:
    local.link()
    send(local, A)
    send(local, B)
    local.clock.advance(seconds=60)
    local.campaign([A], {"name": "张三"}, code="7000")
    local.pump.drain("deliver")
    local.callback(tencent.reply("86" + A, "T退订", SIGN))
    local.pump.run("settle", "push", hours=1)
    first, second = answer("message", "find", A)
    assert first["replies"] == []
    assert [one["content"] for one in second["replies"]] == ["T退订"]
    assert second["replies"][0]["received"].startswith("2026-03-02 10:")
    [other] = answer("message", "find", B)
    assert other["replies"] == []
    assert "T退订" in ops("message", "find", A).stdout


def test_an_export_is_recorded_with_the_number_of_rows(local: Bridge, tmp_path: Path) -> None:
    """Also one that failed, and one that went to a file; not one of a campaign that is not known."""
    local.link()
    send(local, A)
    assert ops("campaign", "export", "task-1").exit_code == 0
    local.clock.advance(seconds=1)
    answer("campaign", "export", "task-1", "--failed", "--output", str(tmp_path / "failed.csv"))
    local.clock.advance(seconds=1)
    nowhere = str(tmp_path / "no" / "x")
    assert ops("campaign", "export", "task-1", "--output", nowhere).exit_code == 1
    assert ops("campaign", "export", "task-2").exit_code == 1
    entries = answer("audit", "list")
    assert [(one["arguments"], one["result"]) for one in entries] == [
        ({"outId": "task-1"}, "failed"),
        ({"outId": "task-1", "failed": True}, "done"),
        ({"outId": "task-1"}, "done"),
    ]
    assert [one["outcome"] for one in entries[1:]] == [{"rows": 0}, {"rows": 1}]
