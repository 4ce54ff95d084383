"""The v5 API as methods, one for each of the document's calls.

Every call may raise the errors of `chalicelib.tencent.interface`.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from chalicelib import dates, settings
from chalicelib.connections import new_session
from chalicelib.domain import phones
from chalicelib.domain.planning import Call
from chalicelib.lenient_json import integer, objects
from chalicelib.tencent import v5_details
from chalicelib.tencent.error_codes import is_http_status
from chalicelib.tencent.exchange import MAX_IDLE_SECONDS
from chalicelib.tencent.interface import (
    MAX_PULLED,
    CallRefusedError,
    NumberResult,
    OutcomeUnknownError,
    PullType,
    TencentError,
    results_despite,
)
from chalicelib.tencent.v5_transport import Application

# Templates on one page ("The maximum: 50").
MAX_PER_PAGE = 50
# Packages of messages on one page.
MAX_PACKAGES_PER_PAGE = 20
# Fields of signs and templates that are integers.
_INTEGERS = {"id", "status", "type", "international"}


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """A page of the account's templates; `total` is the number of all, None if the answer does not say it."""

    templates: list[dict[str, Any]]
    total: int | None


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
            return [v5_details.accepted(answer)]
        mobiles = [phones.to_quick_audience(phone) for phone in call.phones]
        tel = [{"mobile": mobile, "nationcode": "86"} for mobile in mobiles]
        if len(mobiles) == 1:
            answer = self._call("sendsms", message | {"tel": tel[0]}, mobile=mobiles[0])
            return [v5_details.accepted(answer)]
        try:
            answer = self._call("sendmultisms2", message | {"tel": tel}, mobile=",".join(mobiles))
        except (CallRefusedError, OutcomeUnknownError) as error:
            details = error.answer.get("detail")
            return results_despite(
                error, functools.partial(v5_details.results, call.phones, details)
            )
        return v5_details.results(call.phones, answer.get("detail"), unmentioned=None)

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
        return _reviewed(self._call("get_template", {"tpl_id": list(tpl_ids)}).get("data"))

    def get_template_page(self, offset: int = 0, limit: int = MAX_PER_PAGE) -> TemplatePage:
        """Return up to `limit` of the account's templates ("Template Status Query", `tpl_page`)."""
        page = {"offset": offset, "max": limit}
        answer = self._call("get_template", {"tpl_page": page})
        return TemplatePage(_reviewed(answer.get("data")), integer(answer.get("total")))

    def is_reachable(self) -> bool:
        """Return whether Tencent answers a call, one that sends nothing and changes nothing. A refusal counts."""
        try:
            self.get_template_page(limit=1)
        except CallRefusedError as error:
            return not is_http_status(error.code)
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
        return _reviewed(self._call("get_sign", {"sign_id": _ids(sign_ids)}).get("data"))

    def pullstatus(self, kind: PullType, limit: int = MAX_PULLED) -> list[dict[str, Any]]:
        """Pull statuses or replies from Tencent's queue ("Pull SMS Status"), which removes them from it.

        So OutcomeUnknownError means that up to `limit` of them may be lost.
        """
        answer = self._call("pullstatus", {"type": int(kind), "max": limit})
        return objects(answer.get("data"))

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
        return objects(self._call("pullstatus4mobile", fields).get("data"))

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

    def all_packages(self) -> list[dict[str, Any]]:
        """Return the account's packages of messages (getsmspackages, in the later documents)."""
        packages: list[dict[str, Any]] = []
        while True:
            page = {"offset": len(packages), "length": MAX_PACKAGES_PER_PAGE}
            try:
                answer = self._call("getsmspackages", page)
            except OutcomeUnknownError as error:
                # The document's example of a success has no `result`.
                if "data" not in error.answer:
                    raise
                answer = dict(error.answer)
            found = objects(answer.get("data"))
            packages += found
            if len(found) < MAX_PACKAGES_PER_PAGE:
                return packages

    def _call(
        self, name: str, fields: dict[str, Any], *, mobile: str = "", tel: str = ""
    ) -> dict[str, Any]:
        return self._application.call(name, fields, mobile=mobile, tel=tel)


def _reviewed(value: Any) -> list[dict[str, Any]]:
    """Return signs or templates, in which each field that should be an integer is one or is left out."""
    return [_with_integers(item) for item in objects(value)]


def _with_integers(item: dict[str, Any]) -> dict[str, Any]:
    integers = {name: integer(item[name]) for name in _INTEGERS & item.keys()}
    others = {name: value for name, value in item.items() if name not in _INTEGERS}
    return others | {name: value for name, value in integers.items() if value is not None}


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
    counts = {name: integer(count) for name, count in found.items()}
    return {name: count for name, count in counts.items() if count is not None}


def _data(answer: dict[str, Any]) -> dict[str, Any]:
    data = answer.get("data")
    made = _with_integers(data) if isinstance(data, dict) else {}
    if "id" not in made:
        raise OutcomeUnknownError("Tencent answered OK without the id of the new template or sign")
    return made


def client() -> Client:
    """Return the client for the current settings; it is the same one until they change."""
    configured = settings.load()
    return _client(
        configured.tencent_base_url, configured.tencent_sdk_app_id, configured.tencent_app_key
    )


@functools.lru_cache(maxsize=1)
def _client(base_url: str, sdk_app_id: str, app_key: str) -> Client:
    # A function never makes more calls at once than all of them together may.
    connections = settings.load().tencent_parallel_calls
    session = new_session(connections, max_idle_seconds=MAX_IDLE_SECONDS)
    return Client(base_url, sdk_app_id, app_key, session)
