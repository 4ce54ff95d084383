"""Campaigns: many recipients, sent to the platform in batches."""

import asyncio
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import Field

from .client import Answer, NoAnswerError, dump_body
from .endpoints import SEND_BATCH_LIST, SEND_DIGITAL_BATCH_LIST
from .ledger import Campaign, CampaignStart, SendCall, Standing
from .state import Simulator
from .wire import WireModel

Scalar = str | int | float | bool | None
Params = dict[str, Scalar]


class PhoneRange(WireModel):
    """Consecutive numbers."""

    count: Annotated[int, Field(ge=1, le=1_000_000)]
    start: Annotated[str, Field(pattern=r"^[0-9]{5,20}\z")]

    def numbers(self) -> Iterator[str]:
        """Go through the numbers; leading zeros stay."""
        width = len(self.start)
        first = int(self.start)
        return (str(number).zfill(width) for number in range(first, first + self.count))


class ParamsGenerator(WireModel):
    """Values made for each recipient from texts with placeholders.

    ``{index}`` is the recipient's place from 0, ``{phone}`` the number, ``{last4}`` its end,
    ``{group}`` the place modulo ``groups``: recipients of one group have equal values.
    """

    generate: Annotated[dict[str, str], Field(min_length=1)]
    groups: Annotated[int, Field(ge=1)] = 1

    def values(self, phones: Sequence[str]) -> Iterator[Params]:
        """Make the values, recipient by recipient."""
        for index, phone in enumerate(phones):
            places = {
                "{index}": str(index),
                "{phone}": phone,
                "{last4}": phone[-4:],
                "{group}": str(index % self.groups),
            }
            yield {name: _filled(text, places) for name, text in self.generate.items()}


class CampaignRequest(WireModel):
    """What the control API is given to send."""

    out_id: Annotated[str, Field(min_length=1)] | None = None
    sign_name: str
    template_code: str
    phones: Annotated[list[str | PhoneRange], Field(min_length=1)] | PhoneRange
    params: ParamsGenerator | Params | list[Params] | None = None
    params_as_string: bool = False
    """Send templateParamJson as a JSON string in place of an array: both are in use."""
    batch: Annotated[int, Field(ge=1)] = 100
    parallel: Annotated[int, Field(ge=1, le=64)] = 4
    digital: bool = False
    limit: int | None = None
    wait: bool = True

    def recipients(self) -> list[str]:
        """Return the phones in order, ranges spelled out."""
        parts = self.phones if isinstance(self.phones, list) else [self.phones]
        phones: list[str] = []
        for part in parts:
            phones.extend((part,) if isinstance(part, str) else part.numbers())
        return phones

    def values(self, phones: Sequence[str]) -> list[Params] | None:
        """Return each recipient's values.

        Raises:
            ValueError: there are not as many as recipients.
        """
        match self.params:
            case None:
                return None
            case ParamsGenerator():
                return list(self.params.values(phones))
            case dict():
                return [self.params] * len(phones)
            case list():
                if len(self.params) != len(phones):
                    raise ValueError(
                        f"params: {len(self.params)} sets of values for {len(phones)} phones"
                    )
                return self.params


def open_campaign(simulator: Simulator, request: CampaignRequest) -> tuple[Campaign, "Sending"]:
    """Enter a campaign into the accounts and return what sends it.

    Raises:
        ValueError: the recipients and their values don't fit together.
    """
    phones = request.recipients()
    values = request.values(phones)
    out_id = request.out_id or f"sim-{uuid.uuid4().hex[:20]}"
    campaign = simulator.ledger.begin(
        CampaignStart(
            out_id=out_id,
            sign_name=request.sign_name,
            template_code=request.template_code,
            digital=request.digital,
            phones=phones,
            at=time.time(),
        )
    )
    return campaign, Sending(simulator, request, campaign, phones, values)


class Sending:
    """One campaign's way to the platform."""

    def __init__(
        self,
        simulator: Simulator,
        request: CampaignRequest,
        campaign: Campaign,
        phones: Sequence[str],
        values: Sequence[Params] | None,
    ) -> None:
        self._simulator = simulator
        self._request = request
        self._campaign = campaign
        self._endpoint = SEND_DIGITAL_BATCH_LIST if request.digital else SEND_BATCH_LIST
        self._phones = phones
        self._values = values
        self._starts = iter(range(0, len(phones), request.batch))

    async def run(self) -> None:
        """Send all batches, several at a time."""
        self._campaign.sending += 1
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._request.parallel):
                    group.create_task(self._work())
        finally:
            self._campaign.sending -= 1

    async def _work(self) -> None:
        # The workers share one iterator, so each batch is taken once.
        for start in self._starts:
            await self._send(slice(start, start + self._request.batch))

    async def _send(self, part: slice) -> None:
        phones = self._phones[part]
        values = None if self._values is None else self._values[part]
        body = send_body(self._request, self._campaign.out_id, phones, values)
        simulator = self._simulator
        try:
            answer = await simulator.client.call(simulator.settings, self._endpoint, body=body)
        except NoAnswerError as error:
            standing, outcome = Standing.UNANSWERED, {"error": str(error)}
        else:
            standing, outcome = _standing(answer), _outcome(answer)
        simulator.ledger.settle(SendCall(self._campaign.out_id, phones, standing, outcome))


def send_body(
    request: CampaignRequest, out_id: str, phones: Sequence[str], values: Sequence[Params] | None
) -> dict[str, Any]:
    """Return the body of one sendBatchList or sendDigitalBatchList request."""
    body: dict[str, Any] = {
        "outId": out_id,
        "phoneNumberJson": list(phones),
        "signName": request.sign_name,
        "templateCode": request.template_code,
        "relatedAudienceId": "1001",
        "relatedTaskId": "2001",
        "relatedTaskType": 1,
        "taskCreatorAccount": "simulator",
    }
    if values is not None:
        written = list(values)
        body["templateParamJson"] = (
            dump_body(written).decode() if request.params_as_string else written
        )
    if request.limit is not None:
        body["limit"] = request.limit
    return body


def _standing(answer: Answer) -> Standing:
    if answer.succeeded:
        return Standing.ACCEPTED
    return Standing.REFUSED if answer.refused else Standing.UNANSWERED


def _outcome(answer: Answer) -> dict[str, Any]:
    return {
        "status": answer.status,
        **{name: answer.get(name) for name in ("code", "message", "bizId", "requestId")},
    }


def _filled(text: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(name, value)
    return text
