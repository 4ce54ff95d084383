"""docs/commands.md lists the operator's commands and only options that exist."""

import re
from pathlib import Path

import pytest

from tests.support.commands import COMMANDS

PAGE = Path("docs/commands.md").read_text()
ROWS = re.findall(r"^\| `([a-z][^`]*)` \| (.*) \|$", PAGE, re.MULTILINE)


def named(row: str) -> str:
    """Return the command of a row, without its arguments and options."""
    return re.split(r" (?=[A-Z-])", row)[0]


def test_every_command_is_listed_once() -> None:
    assert sorted(named(row) for row, _ in ROWS) == sorted(COMMANDS)


@pytest.mark.parametrize(("row", "text"), ROWS, ids=[named(row) for row, _ in ROWS])
def test_the_options_that_are_named_exist(row: str, text: str) -> None:
    options = {option for one in COMMANDS[named(row)].params for option in one.opts}
    assert set(re.findall(r"--[a-z-]+", row + text)) <= options


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_a_stage_and_json(name: str) -> None:
    options = {option for one in COMMANDS[name].params for option in one.opts}
    assert {"--stage", "--json"} <= options
