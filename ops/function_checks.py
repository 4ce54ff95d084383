"""Checks of a stage's functions."""

from collections.abc import Iterator
from functools import partial

import boto3
from botocore.exceptions import ClientError

from chalicelib import settings
from ops import emulated, event_source_checks, findings, policies, runtimes, stack, stages
from ops.after_chalice import Deployed
from ops.cloud import lambdas
from ops.findings import Finding
from ops.function_settings import RETRIES, SCHEDULES
from ops.resources.queues import QUEUES

_NOT_DEPLOYED = "is not deployed"


def examine(stage: str) -> Iterator[Finding]:
    """Yield the findings of all checks. If no function is deployed, yield one finding for all of them."""
    used: set[str] = set()
    found = [
        findings.run(f"function {function}", partial(_function, stage, function, used))
        for function in policies.functions()
    ]
    if all(one.found == _NOT_DEPLOYED for one in found):
        text = (
            f"none of the {len(found)} functions is deployed: `make deploy STAGE={stage}` does it"
        )
        yield Finding("functions", "error", text)
        return
    yield from found
    if used:
        yield _runtime(used)
    yield findings.run("recursive loops", partial(_loops, stage))
    yield findings.run("schedules", partial(_schedules, stage))
    yield from event_source_checks.examine(stage)


def _function(stage: str, function: str, used: set[str]) -> Finding:
    """Check one function; add its runtime to those that are used."""
    check = f"function {function}"
    try:
        name = stages.function_name(stage, function)
        if stages.emulator():
            name = emulated.function_name(stack.of_stage(stage), function)
        found = boto3.client("lambda").get_function_configuration(FunctionName=name)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code.startswith("AccessDenied"):
            right = "lambda:GetFunctionConfiguration"
            return Finding(check, "warning", f"can't be checked: you lack the right {right}")
        if code in ("ResourceNotFoundException", "ValidationError"):
            return Finding(check, "error", _NOT_DEPLOYED)
        raise
    used.add(found["Runtime"])
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
    if lambdas.reserved(name) == 0:
        return Finding(check, "warning", "stopped by a reserved concurrency of 0")
    return Finding(
        check, "ok", f"{found['Runtime']}, {found['MemorySize']} MB, {found['Timeout']} s"
    )


def _runtime(used: set[str]) -> Finding:
    """Check that AWS keeps up the functions' Python for another year."""
    if warned := [text for runtime in sorted(used) if (text := runtimes.warning(runtime))]:
        return Finding("runtime", "warning", "; ".join(warned))
    return Finding("runtime", "ok", ", ".join(sorted(used)))


def _loops(stage: str) -> Finding:
    """Check that Lambda does not stop what the queue functions send to queues."""
    check = "recursive loops"
    deployed = Deployed(stage, settings.load())
    names = [deployed.function(queue) for queue in QUEUES]
    if stopped := [name for name in names if lambdas.loop_detection(name) != "Allow"]:
        text = (
            f"Lambda stops {', '.join(stopped)} after about 16 rounds, and the messages become dead letters: "
            f"`make deploy STAGE={stage}` allows the rounds"
        )
        return Finding(check, "error", text)
    return Finding(check, "ok", f"allowed for {len(names)} functions")


def _schedules(stage: str) -> Finding:
    """Check that a failed run of a schedule is not run again beside the next one."""
    names = Deployed(stage, settings.load()).schedules()
    if wrong := [
        name
        for name, function in names.items()
        if lambdas.retry_limits(function) != (RETRIES, SCHEDULES[name])
    ]:
        text = (
            f"Lambda runs failed and late events of {', '.join(wrong)} again, beside the next run: "
            f"`make deploy STAGE={stage}` limits that"
        )
        return Finding("schedules", "warning", text)
    return Finding("schedules", "ok", f"{len(names)} functions, failed runs are not repeated")
