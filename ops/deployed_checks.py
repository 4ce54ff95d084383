"""Checks of what only a deployed stage has: the table's protection, alarms, functions, the API."""

from collections.abc import Iterator
from functools import partial

import boto3
import requests

from chalicelib import aws, settings
from ops import after_chalice, api_limits, emulated, findings, function_checks, quota, stack, stages
from ops.cloud import rest_apis
from ops.findings import Finding

_HEALTH_SECONDS = 10


def examine(stage: str) -> Iterator[Finding]:
    """Yield the findings of all checks."""
    if not stages.emulator():
        # An emulator ignores settings that only matter where data may be lost.
        yield findings.run("table's safety", _safety)
        yield findings.run("concurrency", _concurrency)
    yield findings.run("alarms", _alarms)
    if stack.of_stage(stage).status():
        yield findings.run("alarms' receivers", partial(_receivers, stage))
    yield from function_checks.examine(stage)
    yield findings.run("HTTP", partial(_http, stage))
    if prefix(stage):
        yield findings.run("throttle of the API", partial(_throttle, stage))


def prefix(stage: str) -> str:
    """Return the deployed API's address; "" if none is known."""
    if endpoint := stages.emulator():
        return emulated.prefix(endpoint, emulated.of_stage(stack.of_stage(stage)))
    return stages.prefix(stages.read_config(), stage)


def _safety() -> Finding:
    """Check what the template switches on. A table that was restored from a backup has none of it."""
    name = settings.load().table
    client = aws.dynamodb()
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    switches = {
        "deletion protection": client.describe_table(TableName=name)["Table"].get(
            "DeletionProtectionEnabled"
        ),
        "expiry by the attribute `expires`": expiry.get("AttributeName") == "expires",
        "point-in-time recovery": recovery == "ENABLED",
    }
    if off := [switch for switch, on in switches.items() if not on]:
        return Finding("table's safety", "warning", f"off: {', '.join(off)}")
    return Finding("table's safety", "ok", ", ".join(switches))


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
    texts = (
        f"{one['AlarmName'].removeprefix(prefix)}: {one['AlarmDescription']}" for one in ringing
    )
    return Finding("alarms", "warning", "; ".join(texts))


def _http(stage: str) -> Finding:
    address = prefix(stage)
    if not address:
        return Finding("HTTP", "error", "no API is known to this checkout: `make deploy` makes one")
    answer = requests.get(f"{address}/health", timeout=_HEALTH_SECONDS)
    text = f"{address}/health answers {answer.status_code}"
    return Finding("HTTP", "ok" if answer.status_code == 200 else "error", text)


def _concurrency() -> Finding:
    found = quota.read()
    if problem := quota.problem(found):
        return Finding("concurrency", "error", problem)
    text = f"{found.limit} functions of the account may run at once, {found.unreserved} of them unreserved"
    return Finding("concurrency", "ok", text)


def _throttle(stage: str) -> Finding:
    """Check how many requests the API accepts."""
    config = stages.read_config()
    wanted = api_limits.of_stage(config, stage)
    found = rest_apis.throttle(*after_chalice.api_of(stage, config))
    check, command = "throttle of the API", f"`make deploy STAGE={stage}`"
    if found is None:
        text = (
            f"none: a flood of requests could use up the account's concurrency. {command} sets it"
        )
        return Finding(check, "warning", text)
    rate, burst = found
    text = f"{rate:.0f} requests a second, {burst} at once"
    if (rate, burst) != (wanted.rate, wanted.burst):
        return Finding(
            check, "warning", f"{text}; configured: {wanted.rate}, {wanted.burst}. {command}"
        )
    return Finding(check, "ok", text)


def _receivers(stage: str) -> Finding:
    """Check that somebody gets the alarms: a subscription by e-mail is nothing until it is confirmed."""
    check = "alarms' receivers"
    topic = (
        stack.of_stage(stage).outputs().get("Alarms") if stack.of_stage(stage).status() else None
    )
    if not topic:
        return Finding(check, "error", "there is no topic: `make deploy` creates it")
    pages = boto3.client("sns").get_paginator("list_subscriptions_by_topic")
    found = [one for page in pages.paginate(TopicArn=topic) for one in page["Subscriptions"]]
    pending = [one["Endpoint"] for one in found if one["SubscriptionArn"] == "PendingConfirmation"]
    if pending:
        text = f"{', '.join(pending)} has not confirmed: open the link in AWS's mail"
        return Finding(check, "warning", text)
    if not found:
        return Finding(
            check, "warning", "nobody receives them: set AlarmEmail in the stage's stack"
        )
    return Finding(check, "ok", f"{len(found)} confirmed")
