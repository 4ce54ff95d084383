"""The v5 API as methods, one for each of the document's calls.

Every call may raise the errors of `chalicelib.tencent.interface`.
"""

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import requests

from chalicelib import dates, settings
from chalicelib.domain import phones
from chalicelib.domain.planning import Call
from chalicelib.tencent import error_codes
from chalicelib.tencent.connections import new_session
from chalicelib.tencent.interface import (
    MAX_PULLED,
    Accepted,
    CallRefusedError,
    NumberRefused,
    NumberResult,
    OutcomeUnknownError,
    PullType,
    TemplatePage,
    TencentError,
)
from chalicelib.tencent.v5_transport import Application, code_of

# Connections in a session's pool.
CONNECTIONS = 16
# Templates on one page ("The maximum: 50").
MAX_PER_PAGE = 50


class Client:
    """One Tencent application's API. Safe to use from several threads."""

    def __init__(
        self, base_url: str, sdk_app_id: str, app_key: str, session: requests.Session
    ) -> None:
        self._application = Application(base_url, sdk_app_id, app_key, session)

    def send(self, call: Call, *, sign: str, tpl_id: int) -> list[NumberResult]:
        """Send a message to the numbers of a call; return one result per number, in the same order.

        A single number uses sendsms, or sendisms if it is foreign; several use sendmultisms2. Raises TencentError
        for the call as a whole.
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
        details = {str(detail.get("mobile")): detail for detail in _dicts(answer.get("detail"))}
        return [_number_result(details.get(mobile)) for mobile in mobiles]

    def add_template(
        self, *, text: str, title: str, remark: str, kind: int, international: bool
    ) -> dict[str, Any]:
        """Submit a template ("Add Message Template"); return its `data`: id, status, ….

        `kind` is Tencent's type: 0 common, 1 marketing. `international` comes from the later documents.
        """
        fields: dict[str, Any] = {"text": text, "title": title, "remark": remark, "type": kind}
        return _data(
            self._call("add_template", fields | ({"international": 1} if international else {}))
        )

    def mod_template(
        self, tpl_id: int, *, text: str, title: str, remark: str, kind: int
    ) -> dict[str, Any]:
        """Change a template that is pending or rejected ("Modify Template"); return its `data`."""
        return _data(
            self._call(
                "mod_template",
                {"tpl_id": tpl_id, "text": text, "title": title, "remark": remark, "type": kind},
            )
        )

    def del_template(self, tpl_ids: int | Sequence[int]) -> None:
        """Delete one template or several ("Delete Template")."""
        self._call("del_template", {"tpl_id": _ids(tpl_ids)})

    def get_template(self, tpl_ids: Sequence[int]) -> list[dict[str, Any]]:
        """Return templates with their review ("Template Status Query"): id, text, status, reply, type."""
        return _dicts(self._call("get_template", {"tpl_id": list(tpl_ids)}).get("data"))

    def get_template_page(self, offset: int = 0, limit: int = MAX_PER_PAGE) -> TemplatePage:
        """Return up to `limit` of the account's templates ("Template Status Query", `tpl_page`)."""
        page = {"offset": offset, "max": limit}
        answer = self._call("get_template", {"tpl_page": page})
        total = answer.get("total")
        return TemplatePage(_dicts(answer.get("data")), total if isinstance(total, int) else None)

    def is_reachable(self) -> bool:
        """Return whether Tencent answers a call, one that sends nothing and changes nothing. A refusal counts."""
        try:
            self.get_template_page(limit=1)
        except CallRefusedError:
            return True
        except TencentError:
            return False
        return True

    def all_templates(self) -> Iterator[dict[str, Any]]:
        """Return every template of the account, page by page: "the sum of the last offset and … max"."""
        offset = 0
        while True:
            page = self.get_template_page(offset)
            yield from page.templates
            offset += MAX_PER_PAGE
            if offset >= page.total if page.total is not None else not page.templates:
                return

    def add_sign(
        self, *, text: str, remark: str = "", pic: str = "", international: bool = False
    ) -> dict[str, Any]:
        """Apply for a sign ("Add SMS Signature"); return its `data`: id, text, status.

        `pic` is the picture of a supporting document in Base64, without a data URL's prefix. `international` comes
        from the later documents.
        """
        fields = _sign_fields(text, remark, pic) | ({"international": 1} if international else {})
        return _data(self._call("add_sign", fields))

    def mod_sign(
        self, sign_id: int, *, text: str, remark: str = "", pic: str = ""
    ) -> dict[str, Any]:
        """Change a sign that is pending or rejected ("Modify SMS Signature"); return its `data`."""
        fields = _sign_fields(text, remark, pic)
        return _data(self._call("mod_sign", fields | {"sign_id": sign_id}))

    def del_sign(self, sign_ids: int | Sequence[int]) -> None:
        """Delete one sign or several ("Delete SMS Signature")."""
        self._call("del_sign", {"sign_id": _ids(sign_ids)})

    def get_sign(self, sign_ids: int | Sequence[int]) -> list[dict[str, Any]]:
        """Return signs with their review ("SMS Signature Status Query"): id, text, status, reply."""
        return _dicts(self._call("get_sign", {"sign_id": _ids(sign_ids)}).get("data"))

    def pullstatus(self, kind: PullType, limit: int = MAX_PULLED) -> list[dict[str, Any]]:
        """Pull statuses or replies from Tencent's queue ("Pull SMS Status"), which removes them from it.

        So OutcomeUnknownError means that up to `limit` of them may be lost.
        """
        answer = self._call("pullstatus", {"type": int(kind), "max": limit})
        return _dicts(answer.get("data"))

    def pullstatus4mobile(
        self, kind: PullType, phone: str, begin: int, end: int, limit: int = MAX_PULLED
    ) -> list[dict[str, Any]]:
        """Return statuses or replies of one phone ("Pull SMS Status of a Single Mobile No."). Removes nothing.

        `begin` and `end` are epochs. The document does not say whether they mean the message or its status.
        """
        nationcode, mobile = phones.to_tencent(phone)
        fields = {
            "type": int(kind),
            "max": limit,
            "begin_time": begin,
            "end_time": end,
            "nationcode": nationcode,
            "mobile": mobile,
        }
        return _dicts(self._call("pullstatus4mobile", fields).get("data"))

    def pullsendstatus(self, first: int, last: int) -> dict[str, int]:
        """Return the counts of messages submitted, accepted and billed ("Delivery Statistics").

        `first` and `last` are epochs; both of their hours are included.
        """
        return _counts(self._call("pullsendstatus", _hours(first, last)))

    def pullcallbackstatus(self, first: int, last: int) -> dict[str, int]:
        """Return the counts of delivery reports and of reasons of failure ("Delivery Report Statistics").

        `first` and `last` are epochs; both of their hours are included.
        """
        return _counts(self._call("pullcallbackstatus", _hours(first, last)))

    def _call(
        self, name: str, fields: dict[str, Any], *, mobile: str = "", tel: str = ""
    ) -> dict[str, Any]:
        return self._application.call(name, fields, mobile=mobile, tel=tel)


def _accepted(answer: dict[str, Any]) -> NumberResult:
    sid = answer.get("sid")
    return Accepted(str(sid), _fee(answer)) if sid else None


def _number_result(detail: dict[str, Any] | None) -> NumberResult:
    if detail is None:
        return None
    code = code_of(detail)
    if code == 0:
        return _accepted(detail)
    if code is None or error_codes.meaning(code).kind is error_codes.CodeClass.UNKNOWN:
        return None
    return NumberRefused(code, str(detail.get("errmsg") or ""))


def _fee(answer: dict[str, Any]) -> int:
    fee = answer.get("fee")
    return fee if isinstance(fee, int) else 1


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _ids(ids: int | Sequence[int]) -> int | list[int]:
    """Return a single id as it is, several as an array: the document allows either."""
    return ids if isinstance(ids, int) else list(ids)


def _sign_fields(text: str, remark: str, pic: str) -> dict[str, Any]:
    """Return the fields of a sign's application, without the optional ones that are empty."""
    optional = {"remark": remark, "pic": pic}
    return {"text": text} | {name: value for name, value in optional.items() if value}


def _hours(first: int, last: int) -> dict[str, Any]:
    return {"begin_date": dates.to_hour(first), "end_date": dates.to_hour(last)}


def _counts(answer: dict[str, Any]) -> dict[str, int]:
    data = answer.get("data")
    found = data if isinstance(data, dict) else {}
    return {name: count for name, count in found.items() if isinstance(count, int)}


def _data(answer: dict[str, Any]) -> dict[str, Any]:
    data = answer.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("id"), int):
        raise OutcomeUnknownError("Tencent answered OK without the id of the new template or sign")
    return data


def client() -> Client:
    """Return the client for the current settings; it is the same one until they change."""
    configured = settings.load()
    return _client(
        configured.tencent_base_url, configured.tencent_sdk_app_id, configured.tencent_app_key
    )


@functools.lru_cache(maxsize=1)
def _client(base_url: str, sdk_app_id: str, app_key: str) -> Client:
    return Client(base_url, sdk_app_id, app_key, new_session(CONNECTIONS))
