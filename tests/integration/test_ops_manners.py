"""Commands about campaigns, messages and the audit log: their help, wrong use, no stack, no rights."""

from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.support.in_process.bridge import Bridge
from tests.support.in_process.operator import ops
from tests.support.in_process.sends import A, send

COMMANDS = {
    "audit list": [],
    "campaign list": [],
    "campaign show": ["task-1"],
    "campaign pause": ["task-1", "--yes"],
    "campaign resume": ["task-1", "--yes"],
    "campaign stop": ["task-1", "--yes"],
    "campaign resend": ["task-1", "--yes"],
    "campaign export": ["task-1"],
    "message find": [A],
    "message erase": [A, "--yes"],
}

WITHOUT_TIMES = ("message erase", "campaign resend")

parametrised = pytest.mark.parametrize("name", COMMANDS)


@parametrised
def test_help_has_an_example_of_use_and_the_time_zone_where_times_are_shown(name: str) -> None:
    result = ops(*name.split(), "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout
    assert f"ops {name}" in result.stdout.split("Example", 1)[1]
    assert name in WITHOUT_TIMES or "Beijing time" in result.stdout


@parametrised
def test_wrong_use_is_explained(local: Bridge, name: str) -> None:
    result = ops(*name.split(), *COMMANDS[name], "--unknown")
    assert result.exit_code == 2
    assert "--unknown" in result.stderr


@parametrised
def test_without_a_stack_it_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("BRIDGE_STATE", str(tmp_path))
    result = ops(*name.split(), *COMMANDS[name])
    assert result.exit_code == 1
    assert "start one with `make up`" in result.stderr
    assert result.stdout == ""


# The test of `campaign resend`, which first asks AWS for the operator's identity, is in test_resending.py.
@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"campaign resend"}))
def test_without_rights_it_names_the_missing_action(
    local: Bridge, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    local.link()
    send(local, A)

    def denied(_: Any, operation: str, __: Any) -> Any:
        message = f"User: x is not authorized to perform: dynamodb:{operation} on resource: y"
        error: Any = {"Code": "AccessDeniedException", "Message": message}
        raise ClientError({"Error": error}, operation)

    monkeypatch.setattr(BaseClient, "_make_api_call", denied)
    result = ops(*name.split(), *COMMANDS[name])
    assert result.exit_code == 1
    assert "not authorized to perform: dynamodb:Query" in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""
