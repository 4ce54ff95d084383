"""`ops doctor`: whether a stage can do its work, and the two URLs to hand out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests
import typer
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import aws, settings
from chalicelib.errors import BridgeError
from chalicelib.queues import sending
from chalicelib.tencent import client as tencent
from ops.output import Json, Stage, command, show_rows

QUEUES = ("sends", "callbacks", "receipts", "files")


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `ok`, `warning` or `error`, and what was found."""

    check: str
    state: str
    found: str


@command
def doctor(stage: Stage = "local", json: Json = False) -> None:
    """Check configuration, clock, table, queues, dead letters and Tencent's credentials."""
    findings = list(_findings())
    show_rows(
        [{"check": one.check, "state": one.state, "found": one.found} for one in findings],
        ("check", "state", "found"),
        as_json=json,
        empty="",
    )
    if any(finding.state == "error" for finding in findings):
        raise typer.Exit(1)


def _findings() -> Iterator[Finding]:
    try:
        configured = settings.load()
    except BridgeError as error:
        yield Finding("configuration", "error", str(error))
        return
    yield Finding(
        "configuration", "ok", f"platform {configured.platform_name}, auth {configured.qa_auth}"
    )
    yield _try("table", _table)
    for queue in QUEUES:
        yield _try(f"queue {queue}", partial(_waiting, queue))
        yield _try(f"dead letters of {queue}", partial(_dead, queue))
    yield _try("Tencent and clock", _tencent)
    base = configured.public_base_url.rstrip("/")
    if base:
        yield Finding("URL for Quick Audience", "ok", base)
        token = next(iter(configured.tencent_callback_tokens), "")
        yield Finding("URL for Tencent", "ok", f"{base}/tencent/{token}/callback")
    else:
        yield Finding(
            "URLs",
            "warning",
            "PUBLIC_BASE_URL is not set: `chalice url --stage …` prints the address",
        )


def _try(check: str, look: Callable[[], Finding | str]) -> Finding:
    try:
        found = look()
    except (BotoCoreError, ClientError, BridgeError, requests.RequestException) as error:
        return Finding(check, "error", f"{type(error).__name__}: {error}")
    return found if isinstance(found, Finding) else Finding(check, "ok", found)


def _table() -> str:
    name = settings.load().table
    status = aws.dynamodb().describe_table(TableName=name)["Table"].get("TableStatus", "?")
    return f"{name}: {status}"


def _waiting(queue: str) -> str:
    attributes = _attributes(queue)
    return (
        f"{attributes['ApproximateNumberOfMessages']} waiting, "
        f"{attributes['ApproximateNumberOfMessagesNotVisible']} in hand, "
        f"{attributes['ApproximateNumberOfMessagesDelayed']} delayed"
    )


def _dead(queue: str) -> Finding:
    count = int(_attributes(f"{queue}-dead")["ApproximateNumberOfMessages"])
    return Finding(f"dead letters of {queue}", "warning" if count else "ok", str(count))


def _attributes(queue: str) -> Any:
    return aws.sqs().get_queue_attributes(QueueUrl=sending.url(queue), AttributeNames=["All"])[
        "Attributes"
    ]


def _tencent() -> str:
    """Ask for a template that isn't there: signature, application and clock are checked by Tencent before it is."""
    try:
        tencent.client().get_template([1])
    except tencent.CallRefusedError as error:
        if error.meaning.kind == "config":
            raise
    return f"{settings.load().tencent_base_url}, application {settings.load().tencent_sdk_app_id}"
