"""The world as it stands, to go back to: cheaper than making it again for each of a hundred crashes."""

import copy
import time
from collections.abc import Callable
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from tests.support.in_process import aws
from tests.support.in_process.bridge import Bridge

# What a fake is made of, rather than what it holds.
_PARTS = ("_outside", "_lock")


def snapshot(bridge: Bridge) -> Callable[[], None]:
    """Keep the table, the queues, both fakes and the time; answers what brings them back."""
    dynamodb: Any = dynamodb_backends[aws.ACCOUNT][aws.REGION]
    queues: Any = sqs_backends[aws.ACCOUNT][aws.REGION].queues
    tables = copy.deepcopy(dynamodb.tables)
    messages = {name: copy.deepcopy(queue._messages) for name, queue in queues.items()}
    fakes = [(fake, _state(fake)) for fake in (bridge.tencent, bridge.quick_audience)]
    now = time.time()

    def restore() -> None:
        dynamodb.tables = copy.deepcopy(tables)
        for name, kept in messages.items():
            queues[name]._messages = copy.deepcopy(kept)
            queues[name]._pending_messages = set()
        for fake, state in fakes:
            vars(fake).update(copy.deepcopy(state))
        bridge.pump.failures.clear()
        bridge.clock.go_back_to(now)
        bridge.restart()

    return restore


def _state(fake: object) -> dict[str, Any]:
    return copy.deepcopy({name: one for name, one in vars(fake).items() if name not in _PARTS})
