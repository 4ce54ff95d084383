"""Every command: its help, wrong use, no stack, an unknown stage, no rights, JSON.

The names come from the program itself. So a new command is tried here, and fails as long as
`tests/support/in_process/changes.py` has no words for it.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from typer.testing import Result

from ops import deadletters
from tests.support.commands import COMMANDS
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.changes import CHANGES, DEPLOYMENT, LOOKS, WORDS
from tests.support.in_process.operator import ops

TIMES = {
    "audit list",
    "breaker show",
    "campaign export",
    "campaign list",
    "campaign pause",
    "campaign resume",
    "campaign show",
    "campaign stop",
    "message find",
    "sign list",
    "stats",
    "template show",
    "unknown list",
}
"""The commands that show times."""
NEED_A_STAGE = {"deploy", "destroy", "secret set"}
"""The commands that have no stage by default."""
NOT_LOCAL = {"package", "pause", "rehearse", "resume"}
"""The commands that the local stack has no use for."""
LOCAL = sorted(COMMANDS.keys() - NEED_A_STAGE - NOT_LOCAL)
"""The commands that work on the local stack by default."""


def words_of(name: str) -> list[str]:
    """Return a command with arguments that it accepts."""
    return [*name.split(), *({"console": []} | LOOKS | WORDS)[name]]


def prepared(bridge: Bridge, name: str) -> list[str]:
    """Return a command with arguments; if it changes something, prepare the bridge for it."""
    return CHANGES[name](bridge) if name in CHANGES else words_of(name)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")


def check_refused(result: Result, code: int) -> str:
    """Check that a command ended in a sentence for people, and nothing else; return the sentence."""
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    assert result.stdout == ""
    return " ".join(result.stderr.replace("│", " ").split())


def test_every_command_is_known() -> None:
    """A command that is in none of these sets would not be tried."""
    assert COMMANDS.keys() == CHANGES.keys() | DEPLOYMENT | LOOKS.keys() | {"console"}
    assert WORDS.keys() == CHANGES.keys() | DEPLOYMENT
    assert COMMANDS.keys() >= TIMES | NEED_A_STAGE | NOT_LOCAL


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_of_use_and_the_time_zone_where_times_are_shown(name: str) -> None:
    result = ops(*name.split(), "--help")
    assert result.exit_code == 0
    assert {"--json", "--stage"} <= set(result.stdout.split())
    assert f"ops {name}" in result.stdout.split("Example", 1)[1]
    assert ("Beijing time" in result.stdout) == (name in TIMES)


@pytest.mark.parametrize("name", COMMANDS)
def test_wrong_use_is_explained(name: str) -> None:
    assert "--unknown" in check_refused(ops(*words_of(name), "--unknown"), 2)
    if name == "campaign resend":
        # Takes them for codes: tests/integration/test_resending_command.py.
        return
    stage = ["--stage", "nowhere"] if name in NEED_A_STAGE | NOT_LOCAL else []
    many = [*words_of(name), *stage, "1", "2", "3"]
    assert re.search("unexpected|only one", check_refused(ops(*many), 2))


@pytest.mark.parametrize(
    "name", [name for name, one in COMMANDS.items() if any(part.required for part in one.params)]
)
def test_what_is_missing_is_named(name: str) -> None:
    required = [one for one in COMMANDS[name].params if one.required]
    said = check_refused(ops(*name.split()), 2)
    assert "Missing" in said
    assert any((one.metavar or one.name) in said or one.opts[0] in said for one in required)


@pytest.mark.parametrize("name", sorted(NEED_A_STAGE))
def test_what_changes_a_deployment_has_no_stage_by_default(name: str) -> None:
    assert "--stage" in check_refused(ops(*words_of(name)), 2)


@pytest.mark.parametrize("name", LOCAL)
def test_without_a_stack_it_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("BRIDGE_STATE", str(tmp_path))
    assert "start one with `make up`" in check_refused(ops(*words_of(name)), 1)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_stage_that_is_not_configured_is_named(name: str) -> None:
    said = check_refused(ops(*words_of(name), "--stage", "nowhere"), 1)
    assert "no stage nowhere in .chalice/config.json" in said


@pytest.mark.parametrize("name", sorted(NOT_LOCAL))
def test_what_the_local_stack_does_not_have_is_said(local: Bridge, name: str) -> None:
    said = check_refused(ops(*words_of(name), "--stage", "local"), 1)
    assert "local stack" in said or "name a deployed stage" in said


@pytest.mark.parametrize("name", sorted(set(LOCAL) - {"console", "env"}))
def test_without_rights_it_names_the_missing_action(
    local: Bridge, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The first call of each command is denied."""
    words = prepared(local, name)
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def denied(client: Any, operation: str, params: Any) -> Any:
        service = client.meta.service_model.service_name
        if service == "sts":
            # Needs no right.
            return call(client, operation, params)
        message = f"User: x is not authorized to perform: {service}:{operation} on resource: y"
        error: Any = {"Code": "AccessDeniedException", "Message": message}
        raise ClientError({"Error": error}, operation)

    monkeypatch.setattr(BaseClient, "_make_api_call", denied)
    result = ops(*words)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "not authorized to perform: " in result.output
    assert isinstance(result.exception, SystemExit)


@pytest.mark.v5_only("the signs and templates of tests.support.in_process.changes are v5's")
@pytest.mark.parametrize("name", sorted(set(LOCAL) - {"console"}))
def test_json_is_all_that_is_printed(
    local: Bridge, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(deadletters, "_WAIT_SECONDS", 0)
    CHANGES["template delete"](local)
    if name not in CHANGES:
        CHANGES["receipts replay"](local)
    result = ops(*prepared(local, name), "--json")
    # The doctor finds things that need attention.
    assert result.exit_code in ({0, 1} if name == "doctor" else {0}), result.output
    assert isinstance(json.loads(result.stdout), dict | list)
