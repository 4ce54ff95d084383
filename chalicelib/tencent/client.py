"""The v5 API as methods. What an answer means for money is decided here, once.

    TencentError
     ├── CallRefusedError    Tencent said no: nothing was sent
     ├── NotSentError        the request never arrived (no connection, 429): nothing was sent
     └── OutcomeUnknownError the request may have been obeyed, and nobody told us

The last is every case in which the request left and no understandable answer came: timeout, reset,
garbage, 5xx, and Tencent's own 1008 and 60008. A caller that sends must never repeat it.
"""

import functools
import secrets
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, SSLError

from chalicelib import settings
from chalicelib.campaigns import phones
from chalicelib.campaigns.planning import Call
from chalicelib.errors import BridgeError
from chalicelib.tencent import codes
from chalicelib.tencent.connections import new_session
from chalicelib.tencent.signature import sign

# Seconds. Reading waits long: giving up early turns a sent message into one of unknown outcome.
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 15
# Calls at once over one session.
PARALLEL = 16


class TencentError(BridgeError):
    """Base of what a call can end with instead of an answer."""


class CallRefusedError(TencentError):
    """Tencent answered with a code other than 0."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"Tencent {code}: {said}")
        self.code = code
        self.said = said
        self.meaning = codes.meaning(code)

    def explain(self) -> str:
        """A sentence for a marketer, with Tencent's number and text."""
        return codes.explain(self.code, self.said)


class NotSentError(TencentError):
    """The request never reached Tencent, or was turned away before it was read."""


class OutcomeUnknownError(TencentError):
    """The request may have been obeyed."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A number that Tencent took: its delivery id and how many messages are billed."""

    sid: str
    fee: int


@dataclass(frozen=True, slots=True)
class Turned:
    """A number that Tencent did not take, in a call that it did take."""

    code: int
    said: str


NumberResult = Accepted | Turned | None
"""What became of one number; None where the answer does not mention it, so nobody knows."""


class Client:
    """One Tencent application's API. Safe to use from several threads."""

    def __init__(
        self, base_url: str, sdk_app_id: str, app_key: str, session: requests.Session
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._sdk_app_id = sdk_app_id
        self._app_key = app_key
        self._session = session

    def send(self, call: Call, *, sign: str, tpl_id: int) -> list[NumberResult]:
        """Send one call's message: by sendsms, sendisms or sendmultisms2, as its numbers want.

        One result per number, in order. Raises TencentError for the call as a whole.
        """
        message = {
            "ext": "",
            "extend": "",
            "params": list(call.params),
            "sign": sign,
            "tpl_id": tpl_id,
        }
        first = call.phones[0]
        if not phones.is_mainland(first):
            answer = self._call("sendisms", message | {"tel": "+" + first}, tel="+" + first)
            return [_accepted(answer)]
        mobiles = [phones.to_quick_audience(phone) for phone in call.phones]
        tel = [{"mobile": mobile, "nationcode": "86"} for mobile in mobiles]
        if len(mobiles) == 1:
            answer = self._call("sendsms", message | {"tel": tel[0]}, mobile=mobiles[0])
            return [_accepted(answer)]
        answer = self._call("sendmultisms2", message | {"tel": tel}, mobile=",".join(mobiles))
        # Matched by number: the document does not say that details keep the request's order.
        details = {detail.get("mobile"): detail for detail in _dicts(answer.get("detail"))}
        return [_number_result(details.get(mobile)) for mobile in mobiles]

    def add_template(
        self, *, text: str, title: str, remark: str, kind: int, international: bool
    ) -> dict[str, Any]:
        """Submit a template ("Add Message Template"); answers its `data`: id, status, ….

        `kind` is Tencent's type: 0 common, 1 marketing. `international` is of the later documents.
        """
        fields: dict[str, Any] = {"text": text, "title": title, "remark": remark, "type": kind}
        return _data(
            self._call("add_template", fields | ({"international": 1} if international else {}))
        )

    def mod_template(
        self, tpl_id: int, *, text: str, title: str, remark: str, kind: int
    ) -> dict[str, Any]:
        """Change a template that is pending or rejected ("Modify Template"); answers its `data`."""
        return _data(
            self._call(
                "mod_template",
                {"tpl_id": tpl_id, "text": text, "title": title, "remark": remark, "type": kind},
            )
        )

    def get_template(self, tpl_ids: Sequence[int]) -> list[dict[str, Any]]:
        """Review status and text of templates ("Template Status Query"): id, text, status, reply, type."""
        return _dicts(self._call("get_template", {"tpl_id": list(tpl_ids)}).get("data"))

    def get_sign(self, sign_ids: Sequence[int]) -> list[dict[str, Any]]:
        """Review status and text of signs ("SMS Signature Status Query"): id, text, status, reply."""
        return _dicts(self._call("get_sign", {"sign_id": list(sign_ids)}).get("data"))

    def _call(
        self, name: str, fields: dict[str, Any], *, mobile: str = "", tel: str = ""
    ) -> dict[str, Any]:
        random, now = secrets.randbelow(9 * 10**9) + 10**9, int(time.time())
        signature = sign(self._app_key, random, now, mobile=mobile, tel=tel)
        try:
            response = self._session.post(
                f"{self._base_url}/{name}",
                params={"sdkappid": self._sdk_app_id, "random": str(random)},
                json=fields | {"sig": signature, "time": now},
                headers={"Content-Type": "application/json;charset=utf-8"},
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # The exception's own text holds the URL with its random number: only its kind is passed on.
            what = f"{name}: {type(error).__name__}"
            raise (
                NotSentError(what) if _never_connected(error) else OutcomeUnknownError(what)
            ) from None
        return _read(name, response)


def _never_connected(error: requests.RequestException) -> bool:
    """Whether the request cannot have left.

    A TLS error counts only where it is the certificate's: an end of file in the middle of an answer
    is an SSLError too.
    """
    cause = error.args[0] if error.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    if isinstance(cause, SSLError):
        return bool(cause.args) and isinstance(cause.args[0], ssl.SSLCertVerificationError)
    return isinstance(cause, NewConnectionError | ConnectTimeoutError)


def _read(name: str, response: requests.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if isinstance(answer, dict) and (code := _code(answer)) is not None:
        if code == 0:
            return answer
        said = str(answer.get("errmsg") or answer.get("msg") or answer.get("ErrorInfo") or "")
        if codes.meaning(code).kind is codes.Kind.UNKNOWN:
            raise OutcomeUnknownError(f"{name}: Tencent {code}: {said}")
        raise CallRefusedError(code, said)
    if response.status_code == requests.codes.too_many_requests:
        raise NotSentError(f"{name}: HTTP 429")
    if 300 <= response.status_code < 500:
        raise CallRefusedError(response.status_code, f"HTTP {response.status_code}")
    raise OutcomeUnknownError(
        f"{name}: HTTP {response.status_code} without an answer we understand"
    )


def _code(answer: dict[str, Any]) -> int | None:
    """`result`, or `ErrorCode` of the gateway in front of the API, which speaks another dialect."""
    for key in ("result", "ErrorCode"):
        try:
            return int(answer[key])
        except (KeyError, TypeError, ValueError):
            continue
    return None


def _accepted(answer: dict[str, Any]) -> NumberResult:
    sid = answer.get("sid")
    return Accepted(str(sid), _fee(answer)) if sid else None


def _number_result(detail: dict[str, Any] | None) -> NumberResult:
    if detail is None:
        return None
    code = _code(detail)
    if code == 0:
        return _accepted(detail)
    if code is None or codes.meaning(code).kind is codes.Kind.UNKNOWN:
        return None
    return Turned(code, str(detail.get("errmsg") or ""))


def _fee(answer: dict[str, Any]) -> int:
    fee = answer.get("fee")
    return fee if isinstance(fee, int) else 1


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _data(answer: dict[str, Any]) -> dict[str, Any]:
    data = answer.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("id"), int):
        raise OutcomeUnknownError("Tencent answered OK without the id of what it made")
    return data


def client() -> Client:
    """The client of this process's settings; a new one when the App Key was rotated."""
    configured = settings.load()
    return _client(
        configured.tencent_base_url, configured.tencent_sdk_app_id, configured.tencent_app_key
    )


@functools.lru_cache(maxsize=1)
def _client(base_url: str, sdk_app_id: str, app_key: str) -> Client:
    return Client(base_url, sdk_app_id, app_key, new_session(PARALLEL))
