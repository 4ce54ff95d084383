"""How commands print rows: at a narrow terminal, at a wide one, and into a pipe."""

from io import StringIO

import pytest
from rich.console import Console

from ops.commands import audit, message, output

ROWS = [
    {"outId": "20260302-spring", "sign": "测试签名", "recipients": 7, "state": "sending"},
    {"outId": "20260302-summer", "sign": "测试签名", "recipients": 12345, "state": "done"},
]
COLUMNS = ("outId", "sign", "recipients", "state")


def printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int | None
) -> list[str]:
    """Return the lines at a terminal of this width, or in a pipe."""
    monkeypatch.delenv("COLUMNS", raising=False)
    terminal = StringIO()
    console = Console(file=terminal, width=width, force_terminal=True) if width else Console()
    monkeypatch.setattr(output, "_console", console)
    output.show_rows(ROWS, COLUMNS, as_json=False, empty="", least=("sign",))
    return (terminal.getvalue() + capsys.readouterr().out).splitlines()


def test_a_terminal_that_is_wide_enough_gets_every_column(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(monkeypatch, capsys, 80)
    assert any("20260302-spring" in line and "测试签名" in line for line in lines)


def test_a_terminal_that_is_a_little_too_narrow_gets_every_column_without_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(monkeypatch, capsys, 45)
    assert any("20260302-spring  测试签名" in line for line in lines)
    assert not any("│" in line for line in lines)


def test_a_narrow_terminal_gets_whole_words_and_reads_what_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(monkeypatch, capsys, 40)
    assert any("20260302-spring" in line and "sending" in line for line in lines)
    assert not any("测试签名" in line for line in lines)
    assert lines[-1] == "Not shown at this width: sign."


def test_a_pipe_gets_whole_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "20260302-" + "spring" * 20
    monkeypatch.setitem(ROWS[0], "outId", long)
    lines = printed(monkeypatch, capsys, None)
    assert any(long in line and "测试签名" in line and "sending" in line for line in lines)


def test_help_wraps_paragraphs_and_keeps_the_lines_of_examples() -> None:
    @output.command
    def erase() -> None:
        """Erase a number.

        It can't be
        undone.

        Examples:
        ops one
        ops two
        """

    assert erase.__doc__ == (
        "Erase a number.\n\nIt can't be undone.\n\nExamples:\nops one\nops two"
    )


def test_an_entry_of_the_audit_log_has_short_cells() -> None:
    entry = {
        "command": "campaign resend",
        "arguments": {"outId": "spring", "codes": ["STOPPED", "NOT_SENT"]},
        "outcome": {
            "outId": "spring",
            "dryRun": False,
            "recipients": 40,
            "cost": {"amount": "1.800", "currency": "CNY"},
            "requests": [{"bizId": "b1"}, {"bizId": "b2"}],
            "warnings": [],
        },
    }
    assert audit._readable(entry) == {
        "command": "campaign resend",
        "arguments": {"outId": "spring", "codes": "STOPPED, NOT_SENT"},
        "outcome": {"recipients": 40, "cost": "1.800 CNY", "requests": 2},
    }
    refused = {"arguments": {"outId": "spring", "codes": []}, "outcome": "spring is not paused"}
    assert audit._readable(refused) == {
        "arguments": {"outId": "spring"},
        "outcome": "spring is not paused",
    }


def test_each_reply_of_a_phone_is_a_line_the_oldest_first() -> None:
    row = {
        "code": "DELIVERED",
        "notTaken": None,
        "replies": [
            {"received": "2026-03-02 12:05:07", "content": "退订"},
            {"received": "2026-03-02 12:03:18", "content": "请问几点开始？"},
        ],
    }
    assert message._readable(row)["replies"] == (
        "2026-03-02 12:03:18  请问几点开始？\n2026-03-02 12:05:07  退订"
    )
