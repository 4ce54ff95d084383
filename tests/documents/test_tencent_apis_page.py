"""docs/tencent-apis.md: its policy has exactly the actions that the bridge calls."""

import inspect
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.planning import Call
from chalicelib.tencent.answers import SignApplication, TemplateDraft
from chalicelib.tencent.api3 import Api3
from chalicelib.tencent.interface import OutcomeUnknownError, PullType, TencentApi
from ops import tencent_checks
from tests.support.api3 import connected, ok

PAGE = Path("docs/tencent-apis.md").read_text()
NOW = int(time.time())
DRAFT = TemplateDraft(text="t", title="n", remark="r", type=1)
APPLICATION = SignApplication(text="s")
CALLS: dict[str, Callable[[Api3], Any]] = {
    "send": lambda api: api.send(Call(("8613800000000",), ()), sign="s", template_id=1),
    "is_reachable": lambda api: api.is_reachable(),
    "check_account": lambda api: api.check_account(),
    "add_template": lambda api: api.add_template(DRAFT),
    "modify_template": lambda api: api.modify_template(1, DRAFT),
    "delete_templates": lambda api: api.delete_templates([1]),
    "get_templates": lambda api: api.get_templates([1]),
    "all_templates": lambda api: list(api.all_templates()),
    "add_sign": lambda api: api.add_sign(APPLICATION),
    "modify_sign": lambda api: api.modify_sign(1, APPLICATION),
    "delete_sign": lambda api: api.delete_sign(1),
    "get_signs": lambda api: api.get_signs([1]),
    "all_signs": lambda api: list(api.all_signs()),
    "pull": lambda api: [api.pull(kind) for kind in PullType],
    "events_of_phone": lambda api: api.events_of_phone(
        PullType.STATUSES, "8613800000000", NOW, NOW
    ),
    "send_records": lambda api: api.send_records("8613800000000", NOW),
    "send_counts": lambda api: api.send_counts(NOW, NOW),
    "report_counts": lambda api: api.report_counts(NOW, NOW),
    "packages": lambda api: api.packages(),
}
"""A call of every method of the interface that calls Tencent, as the bridge makes it."""


def policy() -> dict[str, Any]:
    [block] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    found: dict[str, Any] = json.loads(block)
    return found


def test_every_method_of_the_interface_is_called_here() -> None:
    methods = {name for name, _ in inspect.getmembers(TencentApi, inspect.isfunction)}
    assert CALLS.keys() == {name for name in methods if not name.startswith("_")}


def test_replies_of_a_phone_are_not_asked_for() -> None:
    code = "".join(path.read_text() for path in Path().glob("[!.t]*/**/*.py"))
    asked = re.findall(r"events_of_phone\(\s*PullType\.(\w+)", code)
    assert set(asked) == {"STATUSES"}


def test_the_policy_has_exactly_the_actions_that_are_called() -> None:
    called = set()
    for call in CALLS.values():
        client, transport = connected(*[ok()] * 5)
        # An answer without the id of what was made ends a call; its action is known by then.
        with suppress(OutcomeUnknownError):
            call(client)
        called |= {f"sms:{sent.headers['X-TC-Action']}" for sent in transport.sent}
    [statement] = policy()["statement"]
    actions = statement["action"]
    assert len(actions) == len(set(actions))
    assert set(actions) == called
    assert (statement["effect"], statement["resource"]) == ("allow", ["*"])


@pytest.mark.parametrize(
    "code",
    re.findall(r"`((?:\w+\.)+\w+|UnsupportedRegion)`", PAGE.split("points to:")[1].split("##")[0]),
)
def test_the_doctor_has_a_remedy_for_each_answer_in_the_table(code: str) -> None:
    assert tencent_checks.remedy(code)
