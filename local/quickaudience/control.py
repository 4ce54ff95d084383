"""The control API under ``/_sim/``: what tests and people steer the simulator with."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Annotated, Any, NamedTuple, TypeVar

from aiohttp import web
from pydantic import Field, ValidationError
from pydantic.alias_generators import to_camel

from .behaviour import Misbehaviour
from .campaigns import CampaignRequest, open_campaign
from .client import Answer, NoAnswerError, NoBridgeError, Oddities, Signing, dump_body, prepare
from .details import query_all_details
from .endpoints import (
    CREATE_DIGITAL_TEMPLATE,
    CREATE_TEMPLATE,
    QUERY_DIGITAL_TEMPLATE,
    QUERY_TEMPLATE,
)
from .ledger import Campaign
from .settings import Settings
from .state import Simulator
from .wire import WireModel, first_problem

_PHONE_LISTS = ("missing", "contradictory", "unexpected")
_ENTRIES_SHOWN = 1000

_Model = TypeVar("_Model", bound=WireModel)


class BridgeRequest(WireModel):
    """One request to make to the platform."""

    method: Annotated[str, Field(pattern=r"^[A-Z]+\z")] = "GET"
    path: Annotated[str, Field(pattern=r"^/")]
    body: Any = None
    raw_body: str | None = None
    """The body as text, for what JSON can't express."""
    headers: Annotated[dict[str, str | None], Field(default_factory=dict)]
    nonce: str | None = None
    timestamp: str | int | None = None
    sign: Signing = True


class TemplateRequest(WireModel):
    """A text template, or with ``digital`` a digital one, to be created."""

    name: str
    content: str | list[dict[str, Any]]
    type: int = 1
    remark: str = "simulator"
    creator_account: str = "simulator"
    digital: bool = False
    sign_name: str = ""

    def body(self) -> dict[str, Any]:
        """Return the body of the request to the platform."""
        if not self.digital:
            return {
                "remark": self.remark,
                "templateContent": self.content,
                "templateName": self.name,
                "templateType": self.type,
                "creatorAccount": self.creator_account,
            }
        content = self.content
        return {
            "remark": self.remark,
            # The document: "a list converted to a string".
            "templateContent": content if isinstance(content, str) else dump_body(content).decode(),
            "templateTheme": self.name,
            "smsSignName": self.sign_name,
            "creatorAccount": self.creator_account,
            "isVariable": "${" in str(content),
        }


class DetailsQuery(WireModel):
    """How to ask for a campaign's sending details; the dates default to around the campaign."""

    start_date: str | None = None
    end_date: str | None = None
    page_size: Annotated[int, Field(ge=1)] = 1000


class ControlError(Exception):
    """A control request that can't be done."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def routes(simulator: Simulator) -> list[web.RouteDef]:
    """Return the routes of the control API."""
    control = _Control(simulator)
    return [
        web.post("/_sim/request", control.request),
        web.post("/_sim/templates", control.create_template),
        web.get("/_sim/templates/{code}", control.query_template),
        web.post("/_sim/campaigns", control.send_campaign),
        web.get("/_sim/campaigns", control.list_campaigns),
        web.get("/_sim/campaigns/{out_id}", control.show_campaign),
        web.post("/_sim/campaigns/{out_id}/details", control.query_details),
        web.get("/_sim/receipts", control.list_receipts),
        web.get("/_sim/replies", control.list_replies),
        web.get("/_sim/state", control.show_state),
        web.get("/_sim/settings", control.show_settings),
        web.post("/_sim/settings", control.change_settings),
        web.get("/_sim/behaviour", control.show_behaviour),
        web.post("/_sim/behaviour", control.add_behaviour),
        web.delete("/_sim/behaviour", control.clear_behaviour),
        web.post("/_sim/unblock", control.unblock),
        web.post("/_sim/reset", control.reset),
    ]


class _Control:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def request(self, request: web.Request) -> web.Response:
        wanted = await _read(request, BridgeRequest)
        body = None
        if wanted.raw_body is not None:
            body = wanted.raw_body.encode()
        elif wanted.body is not None:
            body = dump_body(wanted.body)
        simulator = self._simulator
        with _BridgeTrouble():
            prepared = prepare(
                simulator.settings,
                wanted.method,
                wanted.path,
                body,
                Oddities(
                    headers=wanted.headers,
                    nonce=wanted.nonce,
                    timestamp=None if wanted.timestamp is None else str(wanted.timestamp),
                    signing=wanted.sign,
                ),
            )
            answer = await simulator.client.send(simulator.settings, prepared)
        sent = {"timestamp": prepared.timestamp, "nonce": prepared.nonce}
        return _json({**answer.as_json(), "sent": sent})

    async def create_template(self, request: web.Request) -> web.Response:
        wanted = await _read(request, TemplateRequest)
        if not wanted.digital and not isinstance(wanted.content, str):
            raise ControlError(400, "content: must be a string unless digital is true")
        simulator = self._simulator
        endpoint = CREATE_DIGITAL_TEMPLATE if wanted.digital else CREATE_TEMPLATE
        with _BridgeTrouble():
            answer = await simulator.client.call(simulator.settings, endpoint, body=wanted.body())
        _insist_on_success(answer)
        return _json({"templateCode": answer.get("templateCode"), "answer": answer.as_json()})

    async def query_template(self, request: web.Request) -> web.Response:
        simulator = self._simulator
        digital = _flag(request, "digital")
        endpoint = QUERY_DIGITAL_TEMPLATE if digital else QUERY_TEMPLATE
        with _BridgeTrouble():
            answer = await simulator.client.call(
                simulator.settings, endpoint, value=request.match_info["code"]
            )
        _insist_on_success(answer)
        return _json(
            {
                "templateCode": answer.get("templateCode"),
                "templateStatus": answer.get("templateStatus"),
                "approved": answer.get("templateStatus") == 1,
                "reason": answer.get("reason"),
                "answer": answer.as_json(),
            }
        )

    async def send_campaign(self, request: web.Request) -> web.Response:
        wanted = await _read(request, CampaignRequest)
        simulator = self._simulator
        if simulator.settings.bridge_url is None:
            raise ControlError(409, _NO_BRIDGE)
        try:
            campaign, sending = open_campaign(simulator, wanted)
        except ValueError as error:
            raise ControlError(400, str(error)) from error
        task = simulator.start(sending.run())
        if wanted.wait:
            # Not awaited itself: a reset cancels the task, not this handler.
            await asyncio.wait({task})
            if task.cancelled():
                raise ControlError(409, "the simulator was reset while the campaign was sent")
            return _json({**campaign.as_json(), "sendCalls": campaign.send_calls()})
        return _json(campaign.as_json(), status=202)

    async def list_campaigns(self, _request: web.Request) -> web.Response:
        campaigns = [campaign.as_json() for campaign in self._simulator.ledger.campaigns()]
        return _json({"campaigns": campaigns})

    async def show_campaign(self, request: web.Request) -> web.Response:
        campaign = self._campaign(request)
        shown = campaign.as_json()
        for quality in _PHONE_LISTS:
            if _flag(request, quality):
                shown[f"{quality}Phones"] = campaign.phones(quality)
        if _flag(request, "calls"):
            shown["sendCalls"] = campaign.send_calls()
        return _json(shown)

    async def query_details(self, request: web.Request) -> web.Response:
        wanted = await _read(request, DetailsQuery)
        campaign = self._campaign(request)
        with _BridgeTrouble():
            return _json(
                await query_all_details(
                    self._simulator,
                    campaign,
                    start_date=wanted.start_date,
                    end_date=wanted.end_date,
                    page_size=wanted.page_size,
                )
            )

    async def list_receipts(self, request: web.Request) -> web.Response:
        return self._entries(request, "receipts", Campaign.receipts)

    async def list_replies(self, request: web.Request) -> web.Response:
        return self._entries(request, "replies", Campaign.replies)

    async def show_state(self, _request: web.Request) -> web.Response:
        return _json(self._simulator.as_json())

    async def show_settings(self, _request: web.Request) -> web.Response:
        return _json(self._simulator.settings.model_dump(by_alias=True, exclude={"key"}))

    async def change_settings(self, request: web.Request) -> web.Response:
        changes = await _read_object(request)
        present = self._simulator.settings.model_dump(by_alias=True)
        self._simulator.settings = _validated(Settings, {**present, **changes})
        return await self.show_settings(request)

    async def show_behaviour(self, _request: web.Request) -> web.Response:
        return _json({"misbehaviours": self._simulator.misbehaviours.as_json()})

    async def add_behaviour(self, request: web.Request) -> web.Response:
        self._simulator.misbehaviours.add(await _read(request, Misbehaviour))
        return await self.show_behaviour(request)

    async def clear_behaviour(self, request: web.Request) -> web.Response:
        self._simulator.misbehaviours.clear()
        return await self.show_behaviour(request)

    async def unblock(self, _request: web.Request) -> web.Response:
        self._simulator.gate.unblock()
        return _json({"blocked": False})

    async def reset(self, _request: web.Request) -> web.Response:
        await self._simulator.reset()
        return _json({"reset": True})

    def _campaign(self, request: web.Request) -> Campaign:
        out_id = request.match_info["out_id"]
        campaign = self._simulator.ledger.find(out_id)
        if campaign is None:
            raise ControlError(404, f"no campaign and no push had outId {out_id!r}")
        return campaign

    def _entries(
        self,
        request: web.Request,
        name: str,
        entries_of: Callable[[Campaign, str | None], Iterator[NamedTuple]],
    ) -> web.Response:
        limit = request.query.get("limit", str(_ENTRIES_SHOWN))
        if not (limit.isascii() and limit.isdigit()):
            raise ControlError(400, f"limit: {limit!r} is not a number")
        phone = request.query.get("phoneNum")
        total = 0
        shown = []
        for campaign in self._simulator.ledger.campaigns(request.query.get("outId")):
            for entry in entries_of(campaign, phone):
                total += 1
                if total <= int(limit):
                    fields = entry._asdict()
                    shown.append({to_camel(key): value for key, value in fields.items()})
        return _json({"total": total, name: shown})


_NO_BRIDGE = "no platform to call: start with --bridge-url or POST bridgeUrl to /_sim/settings"


class _BridgeTrouble:
    """Turns a call that couldn't be made, or got no answer, into a control error."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: object
    ) -> None:
        if isinstance(error, NoBridgeError):
            raise ControlError(409, _NO_BRIDGE) from error
        if isinstance(error, NoAnswerError):
            raise ControlError(502, str(error)) from error


def _insist_on_success(answer: Answer) -> None:
    if not answer.succeeded:
        code, message = answer.get("code"), answer.get("message")
        raise ControlError(
            502, f"the platform answered HTTP {answer.status}, code {code!r}, message {message!r}"
        )


async def _read(request: web.Request, model: type[_Model]) -> _Model:
    return _validated(model, await _read_object(request))


async def _read_object(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise ControlError(400, f"body: not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ControlError(400, "body: must be a JSON object")
    return body


def _validated(model: type[_Model], body: dict[str, Any]) -> _Model:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise ControlError(400, first_problem(error)) from error


def _flag(request: web.Request, name: str) -> bool:
    return request.query.get(name, "") in ("1", "true")


def _json(body: Any, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, dumps=_dumps)


def _dumps(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False)
