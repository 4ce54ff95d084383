"""The control API under ``/_sim/``, with which tests and developers control the simulator."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

from .account import Account
from .behaviour import Misbehaviour
from .campaigns import CampaignRequest, open_campaign
from .client import Answer, NoAnswerError, NoBridgeError, RequestOverrides, dump_body, prepare
from .control_bodies import (
    BridgeRequest,
    ControlError,
    DetailsQuery,
    is_set,
    json_response,
    read_model,
    read_object,
    validated,
)
from .details import query_all_details
from .endpoints import (
    CREATE_DIGITAL_TEMPLATE,
    CREATE_TEMPLATE,
    QUERY_DIGITAL_TEMPLATE,
    QUERY_TEMPLATE,
)
from .records import Receipt, Reply
from .settings import Settings
from .state import Simulator
from .templates import APPROVED, TemplateRequest

_PHONE_LISTS = ("missing", "contradictory", "unexpected")
_DEFAULT_LIMIT = 1000
_NO_BRIDGE = "no platform to call: start with --bridge-url or POST bridgeUrl to /_sim/settings"


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
        wanted = await read_model(request, BridgeRequest)
        body = None
        if wanted.raw_body is not None:
            body = wanted.raw_body.encode()
        elif wanted.body is not None:
            body = dump_body(wanted.body)
        simulator = self._simulator
        overrides = RequestOverrides(
            headers=wanted.headers,
            nonce=wanted.nonce,
            timestamp=None if wanted.timestamp is None else str(wanted.timestamp),
            signing=wanted.sign,
        )
        with _bridge_errors():
            prepared = prepare(simulator.settings, wanted.method, wanted.path, body, overrides)
            answer = await simulator.client.send(simulator.settings, prepared)
        sent = {"timestamp": prepared.timestamp, "nonce": prepared.nonce}
        return json_response({**answer.as_json(), "sent": sent})

    async def create_template(self, request: web.Request) -> web.Response:
        wanted = await read_model(request, TemplateRequest)
        if not wanted.digital and not isinstance(wanted.content, str):
            raise ControlError(400, "content: must be a string unless digital is true")
        simulator = self._simulator
        endpoint = CREATE_DIGITAL_TEMPLATE if wanted.digital else CREATE_TEMPLATE
        with _bridge_errors():
            answer = await simulator.client.call(simulator.settings, endpoint, body=wanted.body())
        _require_success(answer)
        code = answer.get("templateCode")
        return json_response({"templateCode": code, "answer": answer.as_json()})

    async def query_template(self, request: web.Request) -> web.Response:
        simulator = self._simulator
        endpoint = QUERY_DIGITAL_TEMPLATE if is_set(request, "digital") else QUERY_TEMPLATE
        with _bridge_errors():
            answer = await simulator.client.call(
                simulator.settings, endpoint, value=request.match_info["code"]
            )
        _require_success(answer)
        return json_response(
            {
                "templateCode": answer.get("templateCode"),
                "templateStatus": answer.get("templateStatus"),
                "approved": answer.get("templateStatus") == APPROVED,
                "reason": answer.get("reason"),
                "answer": answer.as_json(),
            }
        )

    async def send_campaign(self, request: web.Request) -> web.Response:
        wanted = await read_model(request, CampaignRequest)
        simulator = self._simulator
        if simulator.settings.bridge_url is None:
            raise ControlError(409, _NO_BRIDGE)
        try:
            account, sender = open_campaign(simulator, wanted)
        except ValueError as error:
            raise ControlError(400, str(error)) from error
        task = simulator.start_task(sender.run())
        if wanted.wait:
            # The task is not awaited directly: a reset cancels it, and must not cancel this handler.
            await asyncio.wait({task})
            if task.cancelled():
                raise ControlError(409, "the simulator was reset while the campaign was sent")
            return json_response({**account.as_json(), "sendCalls": account.send_calls()})
        return json_response(account.as_json(), status=202)

    async def list_campaigns(self, _request: web.Request) -> web.Response:
        accounts = [account.as_json() for account in self._simulator.ledger.accounts()]
        return json_response({"campaigns": accounts})

    async def show_campaign(self, request: web.Request) -> web.Response:
        account = self._account(request)
        shown = account.as_json()
        for quality in _PHONE_LISTS:
            if is_set(request, quality):
                shown[f"{quality}Phones"] = account.phones(quality)
        if is_set(request, "calls"):
            shown["sendCalls"] = account.send_calls()
        return json_response(shown)

    async def query_details(self, request: web.Request) -> web.Response:
        wanted = await read_model(request, DetailsQuery)
        account = self._account(request)
        with _bridge_errors():
            return json_response(
                await query_all_details(
                    self._simulator,
                    account,
                    start_date=wanted.start_date,
                    end_date=wanted.end_date,
                    page_size=wanted.page_size,
                )
            )

    async def list_receipts(self, request: web.Request) -> web.Response:
        return self._list_entries(request, "receipts", Account.receipts)

    async def list_replies(self, request: web.Request) -> web.Response:
        return self._list_entries(request, "replies", Account.replies)

    async def show_state(self, _request: web.Request) -> web.Response:
        return json_response(self._simulator.as_json())

    async def show_settings(self, _request: web.Request) -> web.Response:
        return json_response(self._simulator.settings.model_dump(by_alias=True, exclude={"key"}))

    async def change_settings(self, request: web.Request) -> web.Response:
        changes = await read_object(request)
        present = self._simulator.settings.model_dump(by_alias=True)
        self._simulator.settings = validated(Settings, {**present, **changes})
        return await self.show_settings(request)

    async def show_behaviour(self, _request: web.Request) -> web.Response:
        return json_response({"misbehaviours": self._simulator.misbehaviours.as_json()})

    async def add_behaviour(self, request: web.Request) -> web.Response:
        self._simulator.misbehaviours.add(await read_model(request, Misbehaviour))
        return await self.show_behaviour(request)

    async def clear_behaviour(self, request: web.Request) -> web.Response:
        self._simulator.misbehaviours.clear()
        return await self.show_behaviour(request)

    async def unblock(self, _request: web.Request) -> web.Response:
        self._simulator.authenticator.unblock()
        return json_response({"blocked": False})

    async def reset(self, _request: web.Request) -> web.Response:
        await self._simulator.reset()
        return json_response({"reset": True})

    def _account(self, request: web.Request) -> Account:
        out_id = request.match_info["out_id"]
        account = self._simulator.ledger.find(out_id)
        if account is None:
            raise ControlError(404, f"no campaign and no push had outId {out_id!r}")
        return account

    def _list_entries(
        self,
        request: web.Request,
        name: str,
        entries_of: Callable[[Account, str | None], Iterator[Receipt | Reply]],
    ) -> web.Response:
        limit = request.query.get("limit", str(_DEFAULT_LIMIT))
        if not (limit.isascii() and limit.isdigit()):
            raise ControlError(400, f"limit: {limit!r} is not a number")
        phone = request.query.get("phoneNum")
        total = 0
        shown = []
        for account in self._simulator.ledger.accounts(request.query.get("outId")):
            for entry in entries_of(account, phone):
                total += 1
                if total <= int(limit):
                    shown.append(entry.as_json())
        return json_response({"total": total, name: shown})


@contextmanager
def _bridge_errors() -> Iterator[None]:
    """Convert a call that could not be made, or got no answer, to a control error."""
    try:
        yield
    except NoBridgeError as error:
        raise ControlError(409, _NO_BRIDGE) from error
    except NoAnswerError as error:
        raise ControlError(502, str(error)) from error


def _require_success(answer: Answer) -> None:
    if not answer.succeeded:
        code, message = answer.get("code"), answer.get("message")
        raise ControlError(
            502, f"the platform answered HTTP {answer.status}, code {code!r}, message {message!r}"
        )
