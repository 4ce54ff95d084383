"""The measured campaigns: their sign, their template and their recipients."""

import random
import time
from collections.abc import Iterator
from typing import Any

from chalicelib import settings
from chalicelib.store import sign_list, signs, templates
from chalicelib.store.sign_list import ListedSign
from chalicelib.store.signs import Sign
from chalicelib.store.templates import Revision

SIGN = "某某科技"
CODE = "200001"
KINDS = ("bulk", "personalised")
"""All recipients get the same text; or each gets another, so that each message is a call of its own."""


def prepare() -> None:
    """Store the sign and the template, both approved.

    The sign is linked, or with API 3.0 in the list that Tencent gave a moment ago.
    """
    now = int(time.time())
    _prepare_sign(now)
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


def _prepare_sign(now: int) -> None:
    # Checked in the future, so that no measurement takes so long that it asks Tencent again.
    now += 86_400
    if settings.load().tencent_api == "3.0":
        listed = ListedSign(
            name=SIGN, sign_id=501, status=0, reply="", international=False, created_at=now
        )
        sign_list.put([listed], now)
    else:
        signs.put(Sign(name=SIGN, sign_id=501, status=0, reply="", created_at=now, checked_at=now))


def phones(count: int) -> list[str]:
    """Return random numbers of mainland China, as in an audience. They are the same in every run."""
    random_numbers = random.Random(6)  # noqa: S311 - not secret
    return [f"1{n}" for n in random_numbers.sample(range(30_0000_0000, 99_9999_9999), count)]


def bodies(kind: str, count: int, per_request: int = 100_000) -> Iterator[dict[str, Any]]:
    """Yield the bodies of §6 for one campaign, with at most `per_request` recipients each."""
    numbers = phones(count)
    for first in range(0, count, per_request):
        part = numbers[first : first + per_request]
        params = [{"name": f"顾客{number:08d}"} for number in range(first, first + len(part))]
        yield {
            "outId": f"bench-{kind}-{count}",
            "signName": SIGN,
            "templateCode": CODE,
            "phoneNumberJson": part,
            "templateParamJson": params if kind == "personalised" else [{"name": "您"}],
        }
