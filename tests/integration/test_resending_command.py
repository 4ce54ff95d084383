"""`ops campaign resend` as a command: its help, wrong use, missing rights, and the forms of its codes."""

from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from chalicelib.store import send_requests
from ops import resend_reasons
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.operator import Ops
from tests.support.in_process.resends import (
    BLACK,
    ILLEGAL,
    PHONES,
    campaign,
    left_out,
    refuse,
    resend,
    sent_to,
    settle,
)
from tests.support.in_process.tencent import coded, refused

# With `local`, the operator's commands find the bridge.
pytestmark = pytest.mark.usefixtures("local")


def test_its_help_says_what_is_inferred(operator: Ops) -> None:
    text = " ".join(operator.type("campaign", "resend", "--help").stdout.replace("│", " ").split())
    assert "--json" in text
    assert "outId and phone, but is not documented" in text


def test_wrong_use_and_no_stack_are_explained(
    operator: Ops, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = operator.type("campaign", "resend", "task-1", "--unknown")
    assert (wrong.exit_code, "--unknown" in wrong.stderr) == (2, True)
    monkeypatch.setenv("BRIDGE_STATE", str(tmp_path / "nothing"))
    assert "start one with `make up`" in operator.fails("campaign", "resend", "task-1", "--dry-run")


@pytest.mark.parametrize("denied", ["TransactWriteItems", "BatchWriteItem", "SendMessageBatch"])
def test_without_rights_it_names_the_missing_action(
    linked: Bridge, operator: Ops, monkeypatch: pytest.MonkeyPatch, denied: str
) -> None:
    """With the rights, the command can be given again."""
    campaign(linked)
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def make_api_call(client: Any, operation: str, params: dict[str, Any]) -> Any:
        if operation == denied:
            message = f"User: x is not authorized to perform: {operation} on resource: y"
            error: Any = {"Code": "AccessDeniedException", "Message": message}
            raise ClientError({"Error": error}, operation)
        return call(client, operation, params)

    with monkeypatch.context() as denying:
        denying.setattr(BaseClient, "_make_api_call", make_api_call)
        line = operator.fails("campaign", "resend", "task-1", "--yes")
    assert f"not authorized to perform: {denied}" in line
    resend()
    settle(linked)
    assert set(sent_to(linked)) == set(PHONES)


@pytest.mark.parametrize(
    "words",
    [
        ("task-1", "--code", ILLEGAL, "--code", BLACK),
        ("task-1", "--code", ILLEGAL, BLACK),
        ("--code", ILLEGAL, "task-1", BLACK),
        ("task-1", "--code", f"{ILLEGAL},{BLACK}"),
        ("task-1", "--code", f"{ILLEGAL},", BLACK),
        ("task-1", "--code", f"{ILLEGAL}, {BLACK}", "--code", ILLEGAL),
    ],
)
def test_several_codes_are_given_in_any_form(
    linked: Bridge, operator: Ops, words: tuple[str, ...]
) -> None:
    refuse(linked)
    linked.tencent.always("86" + PHONES[4], refused(coded(1023), "per 30 seconds"))
    params = [{"name": phone} for phone in PHONES]
    linked.campaign(PHONES, params, code=linked.template(), out_id="task-1")
    linked.pump.run("deliver", hours=1)
    assert operator.json("campaign", "resend", "task-1", "--dry-run")["recipients"] == 5
    account = operator.json("campaign", "resend", *words, "--dry-run")
    assert [(one["code"], one["recipients"]) for one in account["failures"]] == [
        (BLACK, 2),
        (ILLEGAL, 2),
    ]
    assert left_out(account)[resend_reasons.OTHER_CODE] == 1


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("task-1", "task-2"), "only one OUT_ID is expected"),
        (("task-1", ILLEGAL, "--yes"), "before codes, give --code"),
        (("task-1", "--code", "", "--yes"), "--code has no code"),
        (("task-1", "--code", ILLEGAL, ",", "--yes"), "--code has no code"),
        (("task-1", "--code"), "--code"),
    ],
)
def test_codes_that_are_not_clear_send_nothing(
    linked: Bridge, operator: Ops, words: tuple[str, ...], error: str
) -> None:
    """An empty code is not taken for none, which would send to everybody."""
    campaign(linked)
    wrong = operator.type("campaign", "resend", *words)
    assert wrong.exit_code == 2
    assert error in " ".join(wrong.stderr.replace("│", " ").split())
    assert len(send_requests.of_out_id("task-1")) == 1
