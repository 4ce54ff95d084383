"""Check whether a stage can do its work, and find the two URLs to hand out."""

import time
from collections.abc import Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import aws, dates, settings
from chalicelib.domain.breaker import HOLDS, NAMES, BreakerName
from chalicelib.domain.halts import HOURS
from chalicelib.errors import BridgeError
from chalicelib.store import breakers, daily_counts, waiting
from chalicelib.tencent import api
from chalicelib.tencent.interface import CallRefusedError
from ops import (
    access_checks,
    deployed_checks,
    findings,
    not_taken,
    queue_counts,
    stages,
    tencent_checks,
    waiting_counts,
)
from ops.breaker import stops, why
from ops.errors import is_missing_queue
from ops.findings import Finding

# Seconds by which a clock may be wrong. Tencent allows ten minutes with v5, five with API 3.0.
_CLOCK_SECONDS = 60
# The share of DAILY_LIMIT from which on a warning comes, in percent.
_NEAR_THE_LIMIT = 80
# What waits at the gates that are no breakers.
_WAITS = {waiting.TIME: "{} until a time", HOURS: "{} for SEND_HOURS"}


def examine(stage: str, *, show_token: bool = False) -> Iterator[Finding]:
    """Yield the findings of all checks. The callback's URL has its token only with `show_token`."""
    try:
        configured = settings.load()
    except BridgeError as error:
        yield Finding("configuration", "error", str(error))
        return
    yield Finding(
        "configuration", "ok", f"platform {configured.platform_name}, auth {configured.qa_auth}"
    )
    secrets = findings.run("secrets", _secrets)
    yield secrets
    yield findings.run("table", _table)
    yield from _queues(stage)
    yield findings.run("waiting in the table", _waiting)
    yield findings.run(not_taken.CHECK, not_taken.finding)
    yield findings.run("daily limit", _daily_limit)
    for name in NAMES:
        yield findings.run(f"breaker {name}", partial(_breaker, name))
    if secrets.state == "ok":
        yield from _of_tencent()
    base = configured.public_base_url.rstrip("/")
    if stage != stages.LOCAL:
        yield findings.run("access", _access)
        yield from deployed_checks.examine(stage)
        base = deployed_checks.prefix(stage)
    if base and secrets.state == "ok":
        yield Finding("URL for Quick Audience", "ok", base)
        yield Finding("URL for Tencent", "ok", _callback(base, show_token=show_token))
    elif not base:
        yield Finding("URLs", "warning", "no address is known: `make deploy` prints it")


def _secrets() -> Finding:
    """Check that every secret can be read; those in the parameter store with the rights of this shell."""
    configured = settings.load()
    values = {
        "QA_KEY": configured.qa_key or configured.qa_auth == "off",
        **configured.tencent_keys,
        "TENCENT_CALLBACK_TOKENS": configured.tencent_callback_tokens,
    }
    if blank := [name for name, value in values.items() if not value]:
        return Finding("secrets", "error", f"blank: {', '.join(blank)}")
    return Finding("secrets", "ok", f"{len(values)} can be read")


def _access() -> Finding:
    """Check that strangers can't use the stage."""
    configured = settings.load()
    values = {
        "QA_KEY": ",".join(configured.qa_keys),
        "TENCENT_CALLBACK_TOKENS": ",".join(configured.tencent_callback_tokens),
    }
    problems = [
        *access_checks.of_settings(configured),
        *access_checks.of_secrets(configured, values),
    ]
    if problems:
        return Finding("access", "error", "; ".join(problems))
    sources = ", ".join(sorted(configured.qa_source_addresses)) or "any address"
    return Finding("access", "ok", f"auth {configured.qa_auth}, requests from {sources}")


def _table() -> str:
    name = settings.load().table
    status = aws.dynamodb().describe_table(TableName=name)["Table"].get("TableStatus", "?")
    return f"{name}: {status}"


def _waiting() -> str:
    """Count the messages that wait off their queues: for a breaker to close, for SEND_HOURS, or for a time.

    Of paused requests, only their number is counted.
    """
    table = settings.load().table
    counts = {gate: waiting_counts.at(table, gate) for gate in waiting_counts.GATES}
    words = [
        _WAITS.get(gate, f"{{}} for {gate}'s breaker").format(waiting_counts.shown(count))
        for gate, count in counts.items()
        if count or gate not in (*HOLDS, HOURS)
    ]
    if paused := waiting_counts.paused_requests(table):
        number = waiting_counts.shown(paused)
        words.append(f"{number} requests that are paused, or were a short time ago")
    return ", ".join(words)


def _daily_limit() -> Finding:
    """Compare the recipients that were accepted today with DAILY_LIMIT. They are counted only where there is one."""
    check, limit = "daily limit", settings.load().daily_limit
    if not limit:
        return Finding(check, "ok", "none: DAILY_LIMIT is not set")
    accepted = daily_counts.accepted(time.time())
    left = max(0, limit - accepted)
    share = accepted * 100 // limit
    found = f"{accepted:,} of {limit:,} recipients accepted today (Beijing time), {share} %"
    found += ", counted while DAILY_LIMIT was set"
    figures = {"accepted": accepted, "limit": limit}
    if share < _NEAR_THE_LIMIT:
        return Finding(check, "ok", found, figures)
    found += (
        f": a request of more than {left:,} recipients is refused until midnight with "
        "isv.DAY_LIMIT_CONTROL. To accept more today: raise DAILY_LIMIT, then deploy the stage"
    )
    return Finding(check, "warning", found, figures)


def _queues(stage: str) -> Iterator[Finding]:
    """Check the clock, the queues and their dead letters. Queues that do not exist are one finding together."""
    found: list[Finding] = []
    missing: list[str] = []
    for name in queue_counts.ALL:
        try:
            found.append(_queue(name, queue_counts.attributes(name)))
        except (BotoCoreError, ClientError) as error:
            if is_missing_queue(error):
                missing.append(name)
            else:
                found.append(findings.failed(_check_of(name), error))
    if missing:
        whole = len(missing) == len(queue_counts.ALL)
        which = "none of the stage's queues exists" if whole else f"missing: {', '.join(missing)}"
        command = "make up" if stage == stages.LOCAL else f"make deploy STAGE={stage}"
        why = "the stage is not deployed, or it was destroyed"
        yield Finding("queues", "error", f"{which}: {why}. `{command}` creates them")
    if queue_counts.QUEUES[0] not in missing:
        yield findings.run("clock", _clock)
    yield from found


def _check_of(queue: str) -> str:
    name = queue.removesuffix("-dead")
    return f"queue {name}" if name == queue else f"dead letters of {name}"


def _queue(name: str, attributes: Any) -> Finding:
    check = _check_of(name)
    visible = int(attributes["ApproximateNumberOfMessages"])
    if not name.endswith("-dead"):
        return Finding(
            check,
            "ok",
            f"{visible} waiting, "
            f"{attributes['ApproximateNumberOfMessagesNotVisible']} in flight, "
            f"{attributes['ApproximateNumberOfMessagesDelayed']} delayed",
        )
    if visible:
        return Finding(check, "warning", f"{visible}: look with ops deadletters list")
    return Finding(check, "ok", "0")


def _clock() -> Finding:
    """Compare this machine's clock with AWS's, which Lambda's clock follows."""
    queue = settings.load().queue_prefix + queue_counts.QUEUES[0]
    answer: Any = aws.sqs().get_queue_url(QueueName=queue)
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    if date is None:
        return Finding("clock", "ok", "AWS's answer has no date")
    off = time.time() - parsedate_to_datetime(date).timestamp()
    text = f"{off:+.0f} s from AWS's"
    return Finding("clock", "ok" if abs(off) <= _CLOCK_SECONDS else "warning", text)


def _breaker(name: BreakerName) -> Finding:
    check, breaker = f"breaker {name}", breakers.get_open(name)
    if breaker is None:
        return Finding(check, "ok", "closed")
    since = dates.to_beijing(breaker.opened_at)
    found = f"open since {since} Beijing time, {stops(name)}: {why(breaker)}"
    if name in HOLDS:
        found += f". It closes when Tencent accepts a probe, or with ops breaker close {name}"
    return Finding(check, "error", found)


def _of_tencent() -> Iterator[Finding]:
    """Yield the findings about Tencent. Once it refuses the account, further calls would say nothing else."""
    found = [findings.run("Tencent and clock", _tencent)]
    if found[0].state == "ok":
        found += tencent_checks.examine()
    for finding in found:
        yield replace(finding, found=tencent_checks.without_keys(finding.found))


def _tencent() -> Finding | str:
    """Make calls that send nothing: Tencent checks the keys, the application and the clock first."""
    try:
        api.client().check_account()
    except CallRefusedError as error:
        if remedy := tencent_checks.remedy(error.code):
            return Finding("Tencent and clock", "error", f"{remedy}. {error}")
        raise
    configured = settings.load()
    where = f"API {configured.tencent_api} at {configured.tencent_base_url}"
    return f"{where}, application {configured.tencent_sdk_app_id}"


def _callback(base: str, *, show_token: bool) -> str:
    if not show_token:
        return f"{base}/tencent/<token>/callback (--show-token shows the token)"
    token = next(iter(settings.load().tencent_callback_tokens), "")
    return f"{base}/tencent/{token}/callback"
