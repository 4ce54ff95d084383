"""What pages show when AWS refuses a call, and when the console itself fails."""

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib import aws, deadline
from ops import queue_counts
from tests.support.console import Visitor
from tests.support.in_process.bridge import Bridge


def failing(code: str, message: str = "x") -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": message}}, "GetQueueAttributes")

    return fail


def test_each_part_fails_by_itself(
    local: Bridge, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        queue_counts,
        "attributes",
        failing("AccessDenied", "not authorized to perform: sqs:GetQueueAttributes"),
    )
    page = visitor.get("/health")
    assert page.status == 200
    assert page.text.count('data-problem="rights"') == 1
    assert "sqs:GetQueueAttributes" in page.text
    assert "腾讯云接口" in page.text
    assert 'href="/deadletters"' in page.text
    part = visitor.part("health", "queues")
    assert (part.status, part.problem) == (503, "rights")
    assert visitor.part("health", "breakers").status == 200


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ExpiredTokenException", "credentials"),
        ("ThrottlingException", "busy"),
        ("ResourceNotFoundException", "missing"),
    ],
)
def test_a_failure_of_the_table_is_one_banner(
    local: Bridge, visitor: Visitor, monkeypatch: pytest.MonkeyPatch, code: str, kind: str
) -> None:
    with deadline.within():
        hurried = aws.dynamodb()
    for client in (aws.dynamodb(), hurried):
        for name in ("query", "get_item", "batch_get_item"):
            monkeypatch.setattr(client, name, failing(code))
    page = visitor.get("/campaigns")
    assert page.status == 200
    assert re.findall(r'data-problem="(\w+)"', page.text) == [kind]
    assert visitor.part("campaigns", "campaigns").problem == kind


def test_an_error_of_the_console_is_a_banner_too(
    local: Bridge, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_counts, "attributes", lambda _: 1 / 0)
    answer = visitor.part("health", "queues")
    assert (answer.status, answer.problem) == (503, "console")
    assert visitor.failures.pop()
