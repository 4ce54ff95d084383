"""The campaigns that are measured: their sign, their template, their recipients."""

import random
import time
from collections.abc import Iterator
from typing import Any

from chalicelib.store import signs, templates
from chalicelib.store.signs import Sign
from chalicelib.store.templates import Revision

SIGN = "某某科技"
CODE = "200001"
KINDS = ("bulk", "personalised")
"""Everybody gets the same text; or everybody another, so that each message is a call of its own."""


def prepare() -> None:
    """Link the sign and keep the template, both approved."""
    now = int(time.time())
    signs.put(Sign(name=SIGN, sign_id=501, status=0, reply="", created_at=now, checked_at=now))
    templates.add(
        Revision(
            code=CODE,
            number=1,
            tpl_id=int(CODE),
            name="发货通知",
            remark="订单发货后通知买家",
            kind=1,
            content="${name}您好, 您的订单已发货",
            text="{1}您好, 您的订单已发货",
            names=("name",),
            status=0,
            reply="",
            author="bench",
            created_at=now,
            checked_at=now,
        )
    )


def phones(count: int) -> list[str]:
    """Numbers of mainland China, in no order and with no pattern, as an audience's are; always the same."""
    random_numbers = random.Random(6)  # noqa: S311 - not secret
    return [f"1{n}" for n in random_numbers.sample(range(30_0000_0000, 99_9999_9999), count)]


def bodies(kind: str, count: int, per_request: int = 100_000) -> Iterator[dict[str, Any]]:
    """§6's bodies of one campaign: as many requests as it takes."""
    everybody = phones(count)
    for first in range(0, count, per_request):
        part = everybody[first : first + per_request]
        params = [{"name": f"顾客{number:08d}"} for number in range(first, first + len(part))]
        yield {
            "outId": f"bench-{kind}-{count}",
            "signName": SIGN,
            "templateCode": CODE,
            "phoneNumberJson": part,
            "templateParamJson": params if kind == "personalised" else [{"name": "您"}],
        }
