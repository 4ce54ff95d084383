"""`ops doctor`: whether a stage can do its work, and the two URLs to hand out."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, get_args

import boto3
import requests
import typer
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import aws, dates, settings
from chalicelib.domain import breaker
from chalicelib.errors import BridgeError
from chalicelib.queues import sending
from chalicelib.store import breakers
from chalicelib.tencent import interface, v5
from ops import emulated, policies, stack
from ops import stage as stages
from ops.output import Json, Stage, command, show_rows

# Seconds by which a clock may be wrong before Tencent, which allows ten minutes, is in danger.
_CLOCK = 60
_SECONDS = 10

QUEUES = ("sends", "callbacks", "receipts", "files")


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `ok`, `warning` or `error`, and what was found."""

    check: str
    state: str
    found: str


@command
def doctor(stage: Stage = "local", json: Json = False) -> None:
    """Check settings, clock, AWS, Tencent's credentials and what is deployed; print the two URLs."""
    findings = list(_findings(stage))
    show_rows(
        [{"check": one.check, "state": one.state, "found": one.found} for one in findings],
        ("check", "state", "found"),
        as_json=json,
        empty="",
    )
    if any(finding.state == "error" for finding in findings):
        raise typer.Exit(1)


def _findings(stage: str) -> Iterator[Finding]:
    try:
        configured = settings.load()
    except BridgeError as error:
        yield Finding("configuration", "error", str(error))
        return
    yield Finding(
        "configuration", "ok", f"platform {configured.platform_name}, auth {configured.qa_auth}"
    )
    secrets = _try("secrets", _secrets)
    yield secrets
    yield _try("table", _table)
    yield _try("clock", _clock)
    for queue in QUEUES:
        yield _try(f"queue {queue}", partial(_waiting, queue))
        yield _try(f"dead letters of {queue}", partial(_dead, queue))
    for name in get_args(breaker.Side):
        yield _try(f"breaker {name}", partial(_breaker, name))
    if secrets.state == "ok":
        yield _try("Tencent and clock", _tencent)
    base = configured.public_base_url.rstrip("/")
    if stage != stages.LOCAL:
        yield from _deployed(stage)
        base = _prefix(stage)
    if base and secrets.state == "ok":
        yield Finding("URL for Quick Audience", "ok", base)
        token = next(iter(configured.tencent_callback_tokens), "")
        yield Finding("URL for Tencent", "ok", f"{base}/tencent/{token}/callback")
    elif not base:
        yield Finding("URLs", "warning", "no address is known: `make deploy` prints it")


def _deployed(stage: str) -> Iterator[Finding]:
    """What only a deployed stage has."""
    if not stages.emulator():
        # An emulator passes over what only matters where data may be lost.
        yield _try("table's safety", _safety)
    yield _try("alarms", _alarms)
    for function in policies.functions():
        yield _try(f"function {function}", partial(_function, stage, function))
    yield _try("HTTP", partial(_http, _prefix(stage)))


def _prefix(stage: str) -> str:
    if endpoint := stages.emulator():
        return emulated.prefix(endpoint, emulated.of_stage(stack.of_stage(stage)))
    return stages.prefix(stages.read_config(), stage)


def _safety() -> Finding:
    """What the template switches on, but not in a table that was there before: a restored one has none of it."""
    name = settings.load().table
    client = aws.dynamodb()
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    has = {
        "deletion protection": client.describe_table(TableName=name)["Table"].get(
            "DeletionProtectionEnabled"
        ),
        "expiry by the attribute `expires`": expiry.get("AttributeName") == "expires",
        "point-in-time recovery": recovery == "ENABLED",
    }
    if off := [what for what, on in has.items() if not on]:
        return Finding("table's safety", "warning", f"off: {', '.join(off)}")
    return Finding("table's safety", "ok", ", ".join(has))


def _alarms() -> Finding:
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms")
    prefix = settings.load().queue_prefix
    found = [
        alarm for page in pages.paginate(AlarmNamePrefix=prefix) for alarm in page["MetricAlarms"]
    ]
    if not found:
        return Finding("alarms", "error", "there are none: `make deploy` creates them")
    ringing = [one for one in found if one["StateValue"] == "ALARM"]
    if not ringing:
        return Finding("alarms", "ok", f"{len(found)} alarms, none of them rings")
    said = (
        f"{one['AlarmName'].removeprefix(prefix)}: {one['AlarmDescription']}" for one in ringing
    )
    return Finding("alarms", "warning", "; ".join(said))


def _function(stage: str, function: str) -> Finding:
    check = f"function {function}"
    try:
        name = stages.function_name(stage, function)
        if stages.emulator():
            name = emulated.function_name(stack.of_stage(stage), function)
        found = boto3.client("lambda").get_function_configuration(FunctionName=name)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code.startswith("AccessDenied"):
            return Finding(check, "warning", "you may not look: lambda:GetFunctionConfiguration")
        if code in ("ResourceNotFoundException", "ValidationError"):
            return Finding(check, "error", "is not deployed")
        raise
    state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
    if (state, update) != ("Active", "Successful"):
        return Finding(check, "error", f"{state}, last update {update}")
    wanted = stages.environment(stages.read_config(), stage)
    given = found.get("Environment", {}).get("Variables", {})
    if stale := sorted(name for name, value in wanted.items() if given.get(name, "") != value):
        return Finding(
            check,
            "warning",
            f"deployed with other values than .chalice/config.json has: {', '.join(stale)}",
        )
    return Finding(
        check, "ok", f"{found['Runtime']}, {found['MemorySize']} MB, {found['Timeout']} s"
    )


def _http(prefix: str) -> Finding:
    if not prefix:
        return Finding("HTTP", "error", "no API is known to this checkout: `make deploy` makes one")
    answer = requests.get(f"{prefix}/health", timeout=_SECONDS)
    state = "ok" if answer.status_code == 200 else "error"
    return Finding("HTTP", state, f"{prefix}/health answers {answer.status_code}")


def _try(check: str, look: Callable[[], Finding | str]) -> Finding:
    try:
        found = look()
    except (
        BotoCoreError,
        ClientError,
        BridgeError,
        requests.RequestException,
        GetParameterError,
    ) as error:
        return Finding(check, "error", f"{type(error).__name__}: {error}")
    return found if isinstance(found, Finding) else Finding(check, "ok", found)


def _secrets() -> Finding:
    """Whether every secret can be had; where in the parameter store, by whoever runs this."""
    configured = settings.load()
    had = {
        "QA_KEY": configured.qa_key or configured.qa_auth == "off",
        "TENCENT_APP_KEY": configured.tencent_app_key,
        "TENCENT_CALLBACK_TOKENS": configured.tencent_callback_tokens,
    }
    if blank := [name for name, value in had.items() if not value]:
        return Finding("secrets", "error", f"blank: {', '.join(blank)}")
    return Finding("secrets", "ok", f"{len(had)} can be read")


def _clock() -> Finding:
    """Compare this machine's clock with AWS's, by which Lambda's goes."""
    answer: Any = aws.sqs().get_queue_url(QueueName=settings.load().queue_prefix + QUEUES[0])
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    if date is None:
        return Finding("clock", "ok", "AWS told no time")
    off = time.time() - parsedate_to_datetime(date).timestamp()
    return Finding("clock", "ok" if abs(off) <= _CLOCK else "warning", f"{off:+.0f} s from AWS's")


def _table() -> str:
    name = settings.load().table
    status = aws.dynamodb().describe_table(TableName=name)["Table"].get("TableStatus", "?")
    return f"{name}: {status}"


def waiting(queue: str) -> int:
    """How many messages a queue holds, in hand and delayed ones included."""
    attributes = _attributes(queue)
    kinds = ("", "NotVisible", "Delayed")
    return sum(int(attributes[f"ApproximateNumberOfMessages{kind}"]) for kind in kinds)


def _waiting(queue: str) -> str:
    attributes = _attributes(queue)
    return (
        f"{attributes['ApproximateNumberOfMessages']} waiting, "
        f"{attributes['ApproximateNumberOfMessagesNotVisible']} in hand, "
        f"{attributes['ApproximateNumberOfMessagesDelayed']} delayed"
    )


def _dead(queue: str) -> Finding:
    count = int(_attributes(f"{queue}-dead")["ApproximateNumberOfMessages"])
    check = f"dead letters of {queue}"
    if count:
        return Finding(check, "warning", f"{count}: look with ops deadletters list")
    return Finding(check, "ok", "0")


def _breaker(name: breaker.Side) -> Finding:
    check, there = f"breaker {name}", breakers.get_open(name)
    if there is None:
        return Finding(check, "ok", "closed")
    since = dates.to_beijing(there.opened_at)
    return Finding(check, "error", f"open since {since}, nothing is sent there: {there.why}")


def _attributes(queue: str) -> Any:
    return aws.sqs().get_queue_attributes(QueueUrl=sending.url(queue), AttributeNames=["All"])[
        "Attributes"
    ]


def _tencent() -> str:
    """Ask for a template that isn't there: signature, application and clock are checked by Tencent before it is."""
    try:
        v5.client().get_template([1])
    except interface.CallRefusedError as error:
        if error.meaning.kind == "config":
            raise
    return f"{settings.load().tencent_base_url}, application {settings.load().tencent_sdk_app_id}"
