"""The operator's commands, called in process."""

import json
from pathlib import Path
from typing import Any

from typer.testing import Result

from ops.__main__ import app
from tests.support import typed_commands
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.tencent import (
    Answer,
    Behaviour,
    Call,
    FakeTencent,
)


def ops(*arguments: str) -> Result:
    return typed_commands.run(app, arguments)


def answer(*arguments: str) -> Any:
    result = ops(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def counts() -> dict[str, int]:
    shown = answer("campaign", "show", "task-1")
    exact = answer("campaign", "show", "task-1", "--exact")
    assert shown | {"counted": "items"} == exact
    found = {name: count for name, count in shown.items() if isinstance(count, int)}
    states = ("delivered", "failed", "waiting", "unknown")
    assert found["recipients"] == sum(found[state] for state in states), shown
    return found


PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def made(sign_id: int = 601) -> Behaviour:
    """Create the sign that is applied for, with a pending review."""

    def behave(tencent: FakeTencent, call: Call) -> Answer:
        number = call.body.get("sign_id", sign_id)
        tencent.signs[number] = {"id": number, "text": call.body["text"], "status": 1}
        return {"result": 0, "errmsg": "", "data": tencent.signs[number]}

    return behave


class Ops:
    """An operator at a terminal."""

    def __init__(self, bridge: Bridge) -> None:
        Path(bridge.state, "stack.json").write_text('{"environment": {}}')

    def type(self, *words: str, answer: str = "") -> Result:
        return typed_commands.run(app, words, answer)

    def json(self, *words: str) -> Any:
        result = self.type(*words, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    def fails(self, *words: str, answer: str = "") -> str:
        result = self.type(*words, answer=answer)
        assert result.exit_code == 1
        # A terminal shows what is typed.
        assert answer or not result.stdout.strip()
        # It follows the question, if there is one.
        [_, line] = result.stderr.rstrip("\n").split("error: ")
        assert "\n" not in line
        return str(line)
