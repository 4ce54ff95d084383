"""How long the stage's functions take to start."""

import base64
import json
import re
import statistics
import time

from ops import stages
from ops.cloud import lambdas
from ops.rehearsal.step import Answer, Context, Step

_STARTS = 5
_EXPECTED_MS = 3000
_EVENT = {
    "resource": "/health",
    "path": "/health",
    "httpMethod": "GET",
    "headers": {},
    "multiValueHeaders": {},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "requestContext": {"resourcePath": "/health", "httpMethod": "GET", "path": "/api/health"},
    "body": None,
    "isBase64Encoded": False,
}
_INIT = re.compile(r"Init Duration: ([\d.]+) ms")
_DURATION = re.compile(r"\bDuration: ([\d.]+) ms")


def run(context: Context) -> Answer:
    """Start the HTTP function several times: changing a variable ends its running environments."""
    name = stages.function_name(context.stage, stages.HTTP_FUNCTION)
    found = lambdas.settled(name)
    if found is None:
        return Answer("the stage is not deployed", False)
    variables = found["Environment"]["Variables"]
    context.cleanup.callback(_restore, name, variables)
    inits, firsts = [], []
    for number in range(_STARTS):
        lambdas.set_variable(name, "REHEARSAL", f"{time.time():.0f}-{number}")
        answer = lambdas.client().invoke(
            FunctionName=name, Payload=json.dumps(_EVENT).encode(), LogType="Tail"
        )
        log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
        inits += [float(one) for one in _INIT.findall(log)]
        firsts += [float(one) for one in _DURATION.findall(log)[:1]]
    if not inits:
        return Answer(f"no start was reported in {_STARTS} invocations")
    init, first = statistics.median(inits), statistics.median(firsts)
    text = (
        f"{found.get('Runtime')}, {found.get('MemorySize')} MB: INIT {init:.0f} ms, first request {first:.0f} ms "
        f"(medians of {len(inits)})"
    )
    return Answer(text, init + first < _EXPECTED_MS)


def _restore(name: str, variables: dict[str, str]) -> None:
    lambdas.settled(name)
    lambdas.client().update_function_configuration(
        FunctionName=name, Environment={"Variables": variables}
    )
    lambdas.settled(name)


STEPS = (
    Step(
        "cold-starts",
        "How long does the HTTP function take from nothing to its first answer?",
        f"Below {_EXPECTED_MS} ms in all. docs/cold-start.md has the figures of a developer's machine",
        f"{_STARTS} invocations",
        run,
    ),
)
