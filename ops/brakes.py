"""Emergency brakes: a queue that Lambda does not poll, and a function whose concurrency an operator has limited.

A deployment keeps both. Chalice leaves a mapping that is disabled as it is. It would remove a function's reserved
concurrency, unless its configuration names it.
"""

import copy
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import settings
from chalicelib.domain.queue_names import QueueName
from ops import audit, policies, quota, stages
from ops.after_chalice import Deployed
from ops.cloud import event_sources, identity, lambdas
from ops.cloud.event_sources import EventSource
from ops.errors import OperatorError
from ops.resources.queues import QUEUES


def set_polling(stage: str, queue: QueueName, *, on: bool) -> dict[str, Any]:
    """Let Lambda poll a queue, or stop it, and wait until that is done; return the mapping's state.

    Messages that functions have received already are processed. Raises OperatorError.
    """
    with audit.action("resume" if on else "pause", queue=queue) as current:
        source = _source(stage, queue)
        if (source.state == "Enabled") != on:
            source = event_sources.enable(source, on=on)
        row = {
            "queue": queue,
            "state": "polled" if source.state == "Enabled" else "paused",
            "lastResult": source.last_result,
        }
        current.outcome = row
    return row


def _source(stage: str, name: QueueName) -> EventSource:
    deployed = Deployed(stage, settings.load())
    [queue] = [one for one in QUEUES if one.name == name]
    function = deployed.function(queue)
    source = event_sources.settled(identity.current(), deployed.queue(queue), function)
    if source is None:
        raise OperatorError(
            f"nothing polls the queue {name}: `make deploy STAGE={stage}` creates the mapping"
        )
    return source


def keep_reserved(config: dict[str, Any], stage: str) -> tuple[dict[str, Any], list[str]]:
    """Return a configuration with the reserved concurrency that the functions have, and the stopped functions.

    A function that was stopped (0) stays so, whatever the configuration says. Other numbers are kept where it says
    nothing. The HTTP function gets a share of the account's concurrency if neither says anything. Written into
    Chalice's configuration, a limit is not even lifted while Chalice runs.
    """
    kept = copy.deepcopy(config)
    functions = stages.of(kept, stage).setdefault("lambda_functions", {})
    stopped = []
    for function in policies.functions():
        reserved = lambdas.reserved(stages.function_name(stage, function))
        wanted = stages.of_function(config, stage, function).reserved_concurrency
        if reserved == 0:
            stopped.append(function)
        if function == stages.HTTP_FUNCTION and reserved is None:
            reserved = _http_share()
        if reserved == 0 or (reserved is not None and wanted is None):
            functions.setdefault(function, {})["reserved_concurrency"] = reserved
    return kept, stopped


def _http_share() -> int | None:
    if stages.emulator():
        # Its limit depends on the memory of this machine.
        return None
    try:
        return quota.http_share(quota.read())
    except ClientError as error:
        if error.response["Error"]["Code"].startswith("AccessDenied"):
            return None
        raise
