"""Campaigns: many recipients, which are sent to the platform in batches."""

import asyncio
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import Field

from .account import Account
from .client import Answer, NoAnswerError, dump_body
from .endpoints import SEND_BATCH_LIST, SEND_DIGITAL_BATCH_LIST
from .records import CampaignStart, RequestOutcome, SendCall
from .state import Simulator
from .wire import WireModel

Scalar = str | int | float | bool | None
Params = dict[str, Scalar]


class PhoneRange(WireModel):
    """Consecutive phone numbers."""

    count: Annotated[int, Field(ge=1, le=1_000_000)]
    start: Annotated[str, Field(pattern=r"^[0-9]{5,20}\z")]

    def numbers(self) -> Iterator[str]:
        """Yield the numbers, with their leading zeros."""
        width = len(self.start)
        first = int(self.start)
        return (str(number).zfill(width) for number in range(first, first + self.count))


class ParamsGenerator(WireModel):
    """Values that are generated for each recipient from texts with placeholders.

    ``{index}`` is the recipient's position, counted from 0. ``{phone}`` is the number and
    ``{last4}`` its last four characters. ``{group}`` is the position modulo ``groups``: recipients
    of one group have equal values.
    """

    generate: Annotated[dict[str, str], Field(min_length=1)]
    groups: Annotated[int, Field(ge=1)] = 1

    def values(self, phones: Sequence[str]) -> Iterator[Params]:
        """Yield the values of each recipient."""
        for index, phone in enumerate(phones):
            placeholders = {
                "{index}": str(index),
                "{phone}": phone,
                "{last4}": phone[-4:],
                "{group}": str(index % self.groups),
            }
            yield {name: _fill(text, placeholders) for name, text in self.generate.items()}


class CampaignRequest(WireModel):
    """A campaign to send, as the control API receives it."""

    out_id: Annotated[str, Field(min_length=1)] | None = None
    sign_name: str
    template_code: str
    phones: Annotated[list[str | PhoneRange], Field(min_length=1)] | PhoneRange
    params: ParamsGenerator | Params | list[Params] | None = None
    params_as_string: bool = False
    """Whether to send templateParamJson as a JSON string in place of an array; both forms occur."""
    batch: Annotated[int, Field(ge=1)] = 100
    parallel: Annotated[int, Field(ge=1, le=64)] = 4
    digital: bool = False
    limit: int | None = None
    wait: bool = True

    def recipients(self) -> list[str]:
        """Return the phones in order, with ranges expanded."""
        parts = self.phones if isinstance(self.phones, list) else [self.phones]
        phones: list[str] = []
        for part in parts:
            phones.extend((part,) if isinstance(part, str) else part.numbers())
        return phones

    def values(self, phones: Sequence[str]) -> list[Params] | None:
        """Return the values of each recipient; None if the request has none.

        Raises:
            ValueError: the numbers of values and of recipients differ.
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


def open_campaign(
    simulator: Simulator, request: CampaignRequest
) -> tuple[Account, "CampaignSender"]:
    """Open a campaign's account; return the account and the campaign's sender.

    Raises:
        ValueError: the numbers of values and of recipients differ.
    """
    phones = request.recipients()
    values = request.values(phones)
    out_id = request.out_id or f"sim-{uuid.uuid4().hex[:20]}"
    account = simulator.ledger.start_campaign(
        CampaignStart(
            out_id=out_id,
            sign_name=request.sign_name,
            template_code=request.template_code,
            digital=request.digital,
            phones=phones,
            at=time.time(),
        )
    )
    return account, CampaignSender(simulator, request, account, phones, values)


class CampaignSender:
    """Sends one campaign to the platform."""

    def __init__(
        self,
        simulator: Simulator,
        request: CampaignRequest,
        account: Account,
        phones: Sequence[str],
        values: Sequence[Params] | None,
    ) -> None:
        self._simulator = simulator
        self._request = request
        self._account = account
        self._endpoint = SEND_DIGITAL_BATCH_LIST if request.digital else SEND_BATCH_LIST
        self._phones = phones
        self._values = values
        self._starts = iter(range(0, len(phones), request.batch))

    async def run(self) -> None:
        """Send all batches, ``parallel`` of them at a time."""
        self._account.active_senders += 1
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._request.parallel):
                    group.create_task(self._send_batches())
        finally:
            self._account.active_senders -= 1

    async def _send_batches(self) -> None:
        # The tasks share one iterator, so each batch is sent once.
        for start in self._starts:
            await self._send_batch(slice(start, start + self._request.batch))

    async def _send_batch(self, part: slice) -> None:
        phones = self._phones[part]
        values = None if self._values is None else self._values[part]
        body = send_body(self._request, self._account.out_id, phones, values)
        simulator = self._simulator
        try:
            answer = await simulator.client.call(simulator.settings, self._endpoint, body=body)
        except NoAnswerError as error:
            outcome, shown = RequestOutcome.UNANSWERED, {"error": str(error)}
        else:
            outcome, shown = request_outcome(answer), _shown(answer)
        call = SendCall(self._account.out_id, phones, outcome, shown)
        simulator.ledger.record_send_call(call)


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
        params = list(values)
        body["templateParamJson"] = (
            dump_body(params).decode() if request.params_as_string else params
        )
    if request.limit is not None:
        body["limit"] = request.limit
    return body


def request_outcome(answer: Answer) -> RequestOutcome:
    """Return what a platform's answer says about a send request."""
    if answer.succeeded:
        return RequestOutcome.ACCEPTED
    return RequestOutcome.REFUSED if answer.refused else RequestOutcome.UNANSWERED


def _shown(answer: Answer) -> dict[str, Any]:
    return {
        "status": answer.status,
        **{name: answer.get(name) for name in ("code", "message", "bizId", "requestId")},
    }


def _fill(text: str, placeholders: dict[str, str]) -> str:
    for name, value in placeholders.items():
        text = text.replace(name, value)
    return text
