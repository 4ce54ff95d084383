"""A fake of Tencent: answers the calls of both APIs, keeps the messages sent, and fails as a test decides.

Tests see v5's calls and decide v5's answers. `tencent_api3` translates those of API 3.0.
"""

import hashlib
import json
import os
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from chalicelib import settings
from tests.support.in_process import tencent_api3, web
from tests.support.in_process.outside import Outside
from tests.support.in_process.tencent_api3_codes import code_of

APP_ID = "1400006666"
APP_KEY = "5f03a35d00ee52a21327ab048186a2c4"
BASE_URL = "https://tencent.test/v5/tlssmssvr"
API = os.environ.get("TENCENT_API") or "v5"
"""The API that the bridge calls in this run, unless a test says otherwise."""
SETTINGS = {
    "v5": {"TENCENT_API": "v5", "TENCENT_APP_KEY": APP_KEY, "TENCENT_BASE_URL": BASE_URL},
    "3.0": {
        "TENCENT_API": "3.0",
        # A stage may have the keys of both, and go back.
        "TENCENT_APP_KEY": APP_KEY,
        "TENCENT_SECRET_ID": tencent_api3.SECRET_ID,
        "TENCENT_SECRET_KEY": tencent_api3.SECRET_KEY,
        "TENCENT_BASE_URL": tencent_api3.BASE_URL,
    },
}
"""The settings with which the bridge calls each API of this fake."""
SENDS = ("sendsms", "sendmultisms2", "sendisms")

Answer = dict[str, Any]


@dataclass(frozen=True)
class Sms:
    """A message that was sent to a phone."""

    phone: str
    sid: str
    sign: str
    tpl_id: int
    params: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """A call that arrived. `phones` include the country code."""

    name: str
    body: dict[str, Any]
    at: float = field(default_factory=time.time)
    action: str = ""
    """Its name in API 3.0, if the bridge called that."""
    fields: dict[str, Any] = field(default_factory=dict)
    """Its body in API 3.0."""

    @property
    def phones(self) -> list[str]:
        tel = self.body.get("tel", [])
        if isinstance(tel, str):
            return [tel.removeprefix("+")]
        return [
            one["nationcode"] + one["mobile"] for one in ([tel] if isinstance(tel, dict) else tel)
        ]


Behaviour = Callable[["FakeTencent", Call], Answer | requests.Response]


class FakeTencent(web.Adapter):
    """Obeys calls, unless a test sets another behaviour for an API, for a phone, or for all sends."""

    def __init__(self, outside: Outside) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.sent: list[Sms] = []
        self.templates: dict[int, dict[str, Any]] = {}
        self.signs: dict[int, dict[str, Any]] = {}
        self._outside = outside
        self._sids = 0
        # Segments of the messages to a phone; of all others, one.
        self.fees: dict[str, int] = {}
        self._next: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._always: dict[str, Behaviour] = {}
        self._lock = threading.Lock()

    @property
    def is_new(self) -> bool:
        """Return whether it was not called yet, and obeys."""
        behaviours = any(self._next.values()) or self._always
        return not (self.calls or self.templates or behaviours)

    # --- behaviours of calls ---

    def next(self, what: str, *behaviours: Behaviour) -> None:
        """Set the behaviours of the next calls of an API, to a single phone, or of `send`, one each."""
        self._next[what].extend(behaviours)

    def always(self, what: str, behaviour: Behaviour | None) -> None:
        """Set the behaviour of all other calls from now on: of an API, to a phone, of `send`, or of all (`*`)."""
        if behaviour:
            self._always[what] = behaviour
        else:
            self._always.pop(what, None)

    def calls_of(self, *names: str) -> list[Call]:
        """Return the calls of these APIs that arrived."""
        return [call for call in self.calls if call.name in names]

    def requests_of(self, *actions: str) -> list[dict[str, Any]]:
        """Return the bodies of the calls of API 3.0 with these names."""
        return [call.fields for call in self.calls if call.action in actions]

    @property
    def send_calls(self) -> list[Call]:
        return self.calls_of(*SENDS)

    def sent_to(self, phone: str) -> list[Sms]:
        return [sms for sms in self.sent if sms.phone == phone]

    def add_sign(self, name: str, sign_id: int = 701, **fields: Any) -> None:
        """Add an approved sign that is not linked."""
        sign = {"id": sign_id, "text": name, "status": 0, "reply": "", "international": 0}
        self.signs[sign_id] = sign | fields

    def add_template(self, text: str, tpl_id: int = 9001, **fields: Any) -> str:
        """Add an approved template that the bridge does not have, and return its code."""
        self.templates[tpl_id] = {
            "id": tpl_id,
            "text": text,
            "status": 0,
            "reply": "",
            "type": 0,
            "international": 0,
            "title": "n",
            "apply_time": "2021-04-04 12:00:00",
        } | fields
        return str(tpl_id)

    def review(self, tpl_id: int, status: int, reply: str = "") -> None:
        """Set the review status of a template: 0 approved, 1 pending, 2 rejected."""
        self.templates[tpl_id] |= {"status": status, "reply": reply}

    # --- wire ---

    def answer(self, request: requests.PreparedRequest) -> requests.Response:
        url = urlsplit(request.url or "")
        if action := request.headers.get("X-TC-Action"):
            name, body = tencent_api3.read(request)
            call = Call(name, body, action=action, fields=json.loads(request.body or b"{}"))
        else:
            call = Call(url.path.rpartition("/")[2], json.loads(request.body or b"{}"))
        return self._outside.call(
            f"tencent {call.name}",
            lambda: self._answer(request, call),
            web.never_connected(),
            web.read_timeout(),
        )

    def _answer(self, request: requests.PreparedRequest, call: Call) -> requests.Response:
        self.calls.append(call)
        refusal = (
            tencent_api3.refusal(request, APP_ID) if call.action else self._check(request, call)
        )
        found = refusal or self._behaviour(call)(self, call)
        if isinstance(found, requests.Response):
            return found
        if call.action:
            found = tencent_api3.write(request, (call.name, call.body), found)
        return web.response(200, json.dumps(found).encode())

    def _check(self, request: requests.PreparedRequest, call: Call) -> Answer | None:
        query = parse_qs(str(urlsplit(request.url or "").query))
        if query.get("sdkappid") != [APP_ID]:
            return {"result": 1019, "errmsg": "sdkappid not exists", "ext": ""}
        if abs(call.body["time"] - time.time()) > 600:
            return {"result": 1021, "errmsg": "request time is not in the valid range", "ext": ""}
        text = f"appkey={APP_KEY}&random={query['random'][0]}&time={call.body['time']}"
        tel = call.body.get("tel")
        if isinstance(tel, str):
            text += f"&tel={tel}"
        elif tel:
            mobiles = [one["mobile"] for one in ([tel] if isinstance(tel, dict) else tel)]
            text += f"&mobile={','.join(mobiles)}"
        if hashlib.sha256(text.encode()).hexdigest() != call.body["sig"]:
            return {"result": 1001, "errmsg": "sig check failed", "ext": ""}
        return None

    def _behaviour(self, call: Call) -> Behaviour:
        keys = [call.name]
        if call.name in SENDS:
            keys += call.phones if len(call.phones) == 1 else []
            keys.append("send")
        keys.append("*")
        with self._lock:
            for key in keys:
                if self._next[key]:
                    return self._next[key].popleft()
        return next((self._always[key] for key in keys if key in self._always), obeyed)

    # --- obeying ---

    def obey(self, call: Call, refused: dict[str, tuple[int, str]] | None = None) -> Answer:
        """Obey a call; a bulk call for all numbers that are not refused."""
        if call.name in SENDS:
            return self._send(call, refused or {})
        done: Answer = getattr(self, f"_{call.name}")(call.body)
        return {"result": 0, "errmsg": ""} | done

    def _send(self, call: Call, refused: dict[str, tuple[int, str]]) -> Answer:
        details = []
        for phone in call.phones:
            detail: Answer = {"mobile": phone.removeprefix("86"), "nationcode": "86"}
            if phone in refused:
                code, text = refused[phone]
                details.append(detail | {"result": code, "errmsg": text})
                continue
            with self._lock:
                # Tencent never gives a sid twice, whatever a test clears.
                sid = f"8:{self._sids:019d}20260302"
                self._sids += 1
                body = call.body
                self.sent.append(
                    Sms(phone, sid, body["sign"], body["tpl_id"], tuple(body["params"]))
                )
            details.append(
                detail | {"result": 0, "errmsg": "OK", "sid": sid, "fee": self.fees.get(phone, 1)}
            )
        if call.name == "sendmultisms2":
            return {"result": 0, "errmsg": "OK", "ext": "", "detail": details[::-1]}
        return details[0] | {"ext": ""}

    def _add_template(self, body: Answer) -> Answer:
        tpl_id = max([6999, *self.templates]) + 1
        self.templates[tpl_id] = {
            "id": tpl_id,
            "text": body["text"],
            "status": 1,
            "reply": "",
            "type": body["type"],
            "international": body.get("international", 0),
            "title": body["title"],
        }
        return {"data": self.templates[tpl_id]}

    def _mod_template(self, body: Answer) -> Answer:
        template = self.templates[body["tpl_id"]]
        if template["status"] == 0:
            return {"result": 1004, "errmsg": "approved template can not be modified"}
        template |= {"text": body["text"], "status": 1, "reply": "", "title": body["title"]}
        return {"data": template}

    def _get_template(self, body: Answer) -> Answer:
        if page := body.get("tpl_page"):
            first, every = page["offset"], list(self.templates.values())
            return {"data": every[first : first + page["max"]], "total": len(every)}
        return {"data": [self.templates[one] for one in body["tpl_id"] if one in self.templates]}

    def _del_template(self, body: Answer) -> Answer:
        if not all(one in self.templates for one in body["tpl_id"]):
            return {"result": 1014, "errmsg": "package format error, sdkappid not have this tpl_id"}
        for one in body["tpl_id"]:
            del self.templates[one]
        return {}

    def _get_sign(self, body: Answer) -> Answer:
        if page := body.get("tpl_page"):
            first, every = page["offset"], list(self.signs.values())
            return {"data": every[first : first + page["max"]]}
        return {"data": [sign for sign in self.signs.values() if sign["id"] in body["sign_id"]]}

    def _pullsendstatus(self, body: Answer) -> Answer:
        return {"data": {}}

    def _pullcallbackstatus(self, body: Answer) -> Answer:
        return {"data": {}}

    def _getsmspackages(self, body: Answer) -> Answer:
        return {"data": []}

    def _records(self, body: Answer) -> Answer:
        return {"data": []}


# --- behaviours ---------------------------------------------------------------------------------


def coded(code: int) -> int | str:
    """Return the code that a refusal with v5's code has in the API that the bridge calls."""
    return code_of(code) if settings.load().tencent_api == "3.0" else code


def shown(code: int) -> str:
    """Return that code as texts have it."""
    return str(coded(code))


def obeyed(tencent: FakeTencent, call: Call) -> Answer:
    return tencent.obey(call)


def refused(code: int | str, text: str = "no") -> Behaviour:
    """Refuse the call as a whole."""
    return lambda tencent, call: {"result": code, "errmsg": text, "ext": ""}


def answered(**fields: Any) -> Behaviour:
    """Answer a success with these fields, without an effect."""
    return lambda tencent, call: {"result": 0, "errmsg": "", **fields}


def unlisted(tencent: FakeTencent, call: Call) -> Answer:
    """Return signs by their ids, and refuse to list them, as API 3.0 may do on the international site."""
    if "tpl_page" in call.body:
        return {"result": "MissingParameter", "errmsg": "no"}
    return tencent.obey(call)


def numbers_refused(numbers: dict[str, int], text: str = "no") -> Behaviour:
    """Refuse some numbers of a bulk call and send to the others."""
    return lambda tencent, call: tencent.obey(
        call, {one: (code, text) for one, code in numbers.items()}
    )


def unmentioned(*phones: str) -> Behaviour:
    """Send to all numbers, and leave some of them out of the answer."""

    def behave(tencent: FakeTencent, call: Call) -> Answer:
        answer = tencent.obey(call)
        hidden = {phone.removeprefix("86") for phone in phones}
        details = [one for one in answer["detail"] if one["mobile"] not in hidden]
        return answer | {"detail": details}

    return behave


def lost(error: Callable[[], Exception], *, sent: bool) -> Behaviour:
    """Let the answer be lost. With `sent`, the call was obeyed."""

    def behave(tencent: FakeTencent, call: Call) -> Answer:
        if sent:
            tencent.obey(call)
        raise error()

    return behave


def raw_answer(status: int, content: bytes, *, sent: bool = False) -> Behaviour:
    """Respond with these bytes. With `sent`, the call was obeyed."""

    def behave(tencent: FakeTencent, call: Call) -> requests.Response:
        if sent:
            tencent.obey(call)
        return web.response(status, content)

    return behave


def and_then(callback: Callable[[], object], behaviour: Behaviour = obeyed) -> Behaviour:
    """Let something happen after the call is obeyed and before the answer."""

    def behave(tencent: FakeTencent, call: Call) -> Answer | requests.Response:
        answer = behaviour(tencent, call)
        callback()
        return answer

    return behave


def and_first(callback: Callable[[], object], behaviour: Behaviour = obeyed) -> Behaviour:
    """Let something happen before the call is obeyed."""

    def behave(tencent: FakeTencent, call: Call) -> Answer | requests.Response:
        callback()
        return behaviour(tencent, call)

    return behave


# --- events of callbacks --------------------------------------------------------------------------


def status(sms: Sms, report_status: str = "SUCCESS", **fields: Any) -> dict[str, Any]:
    """Return a delivery status as in the document's example."""
    nationcode, mobile = _split(sms.phone)
    delivered = report_status == "SUCCESS"
    return {
        "user_receive_time": "2026-03-02 10:00:07",
        "nationcode": nationcode,
        "mobile": mobile,
        "report_status": report_status,
        "errmsg": "DELIVRD" if delivered else "MK:0001",
        "description": "用户短信送达成功" if delivered else "空号",
        "sid": sms.sid,
    } | fields


def statuses(messages: Iterable[Sms], report_status: str = "SUCCESS") -> list[dict[str, Any]]:
    return [status(sms, report_status) for sms in messages]


def reply(phone: str, text: str, sign: str, **fields: Any) -> dict[str, Any]:
    """Return a reply as in the document's example, which has neither sid nor outId."""
    nationcode, mobile = _split(phone)
    return {
        "nationcode": nationcode,
        "mobile": mobile,
        "text": text,
        "sign": sign,
        "time": int(time.time()),
        "extend": "",
    } | fields


def _split(phone: str) -> tuple[str, str]:
    for code in ("86", "852", "44", "1"):
        if phone.startswith(code):
            return code, phone.removeprefix(code)
    raise ValueError(phone)
