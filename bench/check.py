"""The check of the stand-in: a campaign must end in the same state on it and on ministack."""

import base64
import re
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from bench.campaign import World
from bench.processes import stub
from local import aws
from local.configuration import DEFAULTS

Item = dict[str, Any]

# Attributes that differ from run to run: times and generated ids.
_VARYING = {"sentAt", "expires", "bizId"}


def same_state(kind: str, count: int) -> bool:
    """Return whether messages, receipts and the counts of all other items are the same on both."""
    with ExitStack() as held:
        folders = [Path(held.enter_context(TemporaryDirectory(prefix="bench-"))) for _ in range(3)]
        ministack = held.enter_context(aws.Ministack(folders[2]))
        table, queues = DEFAULTS["BRIDGE_TABLE"], DEFAULTS["BRIDGE_QUEUE_PREFIX"]
        aws.create_resources(ministack.endpoint, table, queues)
        on_stub, on_ministack = (held.enter_context(stub(folder)) for folder in folders[:2])
        World(on_stub, folders[0], held).run(kind, count)
        World(on_ministack, folders[1], held, ministack.endpoint).run(kind, count)
        ours, theirs = on_stub.call("state"), on_ministack.call("state")
        scanned = _scan(ministack.endpoint, table)
        return bool(
            ours["reported"] == theirs["reported"]
            and _comparable(ours["items"]) == _comparable(scanned)
        )


def _scan(endpoint: str, table: str) -> list[Item]:
    dynamodb = boto3.client("dynamodb", **aws.client_options(endpoint))
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    return [_on_the_wire(item) for page in pages for item in page["Items"]]


def _on_the_wire(item: Item) -> Item:
    return {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value
        for name, value in item.items()
    }


def _comparable(items: list[Item]) -> tuple[list[str], Counter[str]]:
    """Return all messages in a fixed order, and the number of items of each other kind."""
    messages, others = list[str](), Counter[str]()
    for item in items:
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        if pk.startswith("PHONE#"):
            shown = {name: value for name, value in item.items() if name not in _VARYING}
            shown["receipt"] = {**item["receipt"]["M"], "by": None}
            messages.append(repr(sorted(shown.items(), key=lambda one: one[0])))
        else:
            others[re.sub(r"[0-9a-f]{8,}|[0-9]+", "…", f"{pk} {sk}")] += 1
    return sorted(messages), others
