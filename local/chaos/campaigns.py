"""Campaigns as Quick Audience sends them, and repetitions of their requests.

A request without an answer is repeated byte for byte, as a proxy would do, and then with a new nonce,
as Quick Audience does. All answers must have the same bizId.
"""

import json
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.chaos.audit import Recipient
from local.chaos.sides import SIGN, Sides
from local.processes import StackError

CONTENT = "${name}您好，您的包裹已到。"

# Endings of mobiles with a meaning for Tencent's simulator (local/tencent/magic.py).
_ORDINARY, _REPLIES = "0001", "9943"
_REFUSED, _ANSWER_LOST, _FAILS, _TWO_STATUSES = "9912", "9921", "9903", "9932"
_INVALID = "1380000"
_PATIENCE = 60.0
# The code of the refusal of a stopped request's repetition.
_STOPPED = "isv.BUSINESS_LIMIT_CONTROL"


@dataclass
class Campaign:
    """One outId with its recipients."""

    out_id: str
    phones: Sequence[str]
    names: Sequence[str]
    template: str
    file: str = ""
    """URL of the file with its recipients, for a campaign from a file (§5)."""
    biz_ids: set[str] = field(default_factory=set)
    stopped: bool = False
    """Whether an operator stops it: a repetition of its request may then be refused."""

    @property
    def path(self) -> str:
        """Path of its request."""
        return "/sms/sendBatch" if self.file else "/sms/sendBatchList"

    @property
    def recipients(self) -> list[Recipient]:
        """The recipients, each of which must reach a final state."""
        return [(self.out_id, phone) for phone in self.phones]

    def body(self, generator: random.Random | None = None) -> dict[str, Any]:
        """Return the body of the request. With a generator, the recipients are shuffled."""
        if self.file:
            return {
                "outId": self.out_id,
                "signName": SIGN,
                "templateCode": self.template,
                "phoneOssUrl": self.file,
                "isVariable": 1,
                "limit": 0,
            }
        pairs = list(zip(self.phones, self.names, strict=True))
        if generator:
            generator.shuffle(pairs)
        return {
            "outId": self.out_id,
            "signName": SIGN,
            "templateCode": self.template,
            "phoneNumberJson": [phone for phone, _ in pairs],
            "templateParamJson": [{"name": name} for _, name in pairs],
        }


class Campaigns:
    """All campaigns of a run. Each has numbers of its own, so that a number identifies its campaign."""

    def __init__(self, sides: Sides, template: str) -> None:
        self.sides = sides
        self._template = template
        self.all: list[Campaign] = []
        self.cut_off = 0
        """Number of requests without an answer."""
        self._lock = threading.Lock()

    @property
    def recipients(self) -> list[Recipient]:
        """The recipients of all campaigns."""
        return [recipient for campaign in self.all for recipient in campaign.recipients]

    def small(self, *, unanswered: bool = False, refused: bool = False) -> Campaign:
        """Return the smallest campaign in which everything happens.

        It makes a bulk call to two recipients, of which Tencent refuses one, and a single call to a
        recipient who replies. With `unanswered`, Tencent also sends a message without answering the
        call; with `refused`, there is also an invalid number.
        """
        ends = [(_ORDINARY, "众"), (_REFUSED, "众"), (_REPLIES, "单")]
        if unanswered:
            ends.append((_ANSWER_LOST, "失"))
        return self._open(ends, refused=refused)

    def various(self, generator: random.Random) -> Campaign:
        """Return a random campaign: a few recipients or some hundred, in bulk calls, single calls, or both."""
        bulk = generator.choice((0, 2, 20, 250))
        single = generator.choice((0, 1, 15) if bulk else (1, 15))
        ends = [(f"{number:04d}", "众") for number in range(bulk)]
        ends += [(f"{1000 + number:04d}", f"第{number}位") for number in range(single)]
        named = (_REFUSED, _REPLIES, _FAILS, _TWO_STATUSES)
        ends += [(end, generator.choice(("众", "单"))) for end in named if generator.random() < 0.4]
        if generator.random() < 0.1:
            ends.append((_ANSWER_LOST, "失"))
        return self._open(ends, refused=generator.random() < 0.3)

    def from_file(self, put: Callable[[str, bytes], str], count: int) -> Campaign:
        """Return a campaign from a file, which `put` serves.

        Every tenth recipient gets a text of its own.
        """
        ends = [(f"{n:04d}", f"第{n}行" if n % 10 == 9 else "众") for n in range(count)]
        campaign = self._open(ends, refused=True)
        pairs = zip(campaign.phones, campaign.names, strict=True)
        lines = [f"{phone},{json.dumps({'name': name})}" for phone, name in pairs]
        campaign.file = put(f"/{campaign.out_id}.txt", "\n".join(lines).encode())
        return campaign

    def _open(self, ends: Iterable[tuple[str, str]], *, refused: bool) -> Campaign:
        with self._lock:
            number = len(self.all) + 1
            recipients = [(f"137{number:04d}{end}", name) for end, name in ends]
            if refused:
                recipients.append((_INVALID, "无"))
            phones, names = zip(*recipients, strict=True)
            campaign = Campaign(f"chaos-{number}", phones, names, self._template)
            self.all.append(campaign)
            return campaign

    def send(self, campaign: Campaign, *, again: random.Random | None = None) -> None:
        """Send a campaign until it is answered; with a generator, send it once more afterwards.

        Raise StackError for a refusal, and for two different bizIds of the same request.
        """
        began = time.monotonic()
        first = self._request(campaign.body())
        if not self._send(campaign, first):
            # No answer: first the same bytes again, then the same content in a new request.
            self._until_answered(campaign, first, began)
            self._until_answered(campaign, self._request(campaign.body()), began)
        if again:
            self._until_answered(campaign, self._request(campaign.body(again)), began)

    def _until_answered(self, campaign: Campaign, request: dict[str, Any], began: float) -> None:
        while not self._send(campaign, request):
            if time.monotonic() - began > _PATIENCE:
                raise StackError(f"{campaign.out_id} was not answered within {_PATIENCE:.0f} s")
            time.sleep(0.2)

    def _send(self, campaign: Campaign, request: dict[str, Any]) -> bool:
        answer = self.sides.ask(campaign.path, method="POST", **request)
        if answer is None or answer["status"] >= 500:
            self.cut_off += 1
            return False
        body = answer["body"]
        if campaign.stopped and body["code"] == _STOPPED:
            return True
        if body["code"] != "OK":
            raise StackError(f"{campaign.out_id} was refused: {body['code']}: {body['message']}")
        campaign.biz_ids.add(body["bizId"])
        if len(campaign.biz_ids) > 1:
            raise StackError(f"{campaign.out_id} has several bizIds: {campaign.biz_ids}")
        return True

    def _request(self, body: dict[str, Any]) -> dict[str, Any]:
        return {
            "rawBody": json.dumps(body, ensure_ascii=False),
            "nonce": secrets.token_hex(16),
            "timestamp": int(time.time()),
        }
