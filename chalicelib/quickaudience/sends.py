"""§6 and §11: accepting a campaign's recipients.

Everything that can be refused is refused here, before anything is sent; then the plan is kept and
queued, and only then is the request answered. Nothing is sent inside the request.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from chalicelib.campaigns import parameters, phones
from chalicelib.campaigns.planning import Failure, Recipients
from chalicelib.errors import Refused
from chalicelib.functions import attempt
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.quickaudience import digital, requests, signs, templates
from chalicelib.quickaudience.requests import SendBatchList
from chalicelib.quickaudience.submission import submit
from chalicelib.store import campaigns
from chalicelib.store import templates as revisions
from chalicelib.store.templates import Revision

# Of what is no number: Quick Audience is told of it, so much of it is kept.
_MOST_SHOWN = 40

FIELDS = {"bizId": ""}
"""§6's and §11's documented field."""


def send_batch_list(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §6."""
    return _accept(body, templates.approved)


def send_digital_batch_list(body: dict[str, Any]) -> dict[str, Any]:
    """Answer §11: a text message, too, with a link in its template."""
    return _accept(body, digital.approved)


def _accept(body: dict[str, Any], approved: Callable[[str], Revision]) -> dict[str, Any]:
    """Check, record, queue; `approved` finds the revision to be sent, and refuses templates of the other kind."""
    as_given = requests.read(SendBatchList, body)
    asked = _in_order(as_given)
    if asked.limit is not None and asked.limit < len(asked.phoneNumberJson):
        raise Refused(
            "isv.MOBILE_COUNT_OVER_LIMIT",
            f"手机号有 {len(asked.phoneNumberJson)} 个, 超过 limit 允许的 {asked.limit} 个: "
            "请减少手机号或调大 limit",
        )
    sign = signs.approved(asked.signName)
    revision = approved(asked.templateCode)
    recipients = _recipients(asked, revision)
    if not recipients.accepted and (failure := _recipients(as_given, revision).first_failure):
        raise Refused(failure.code, f"所有手机号都无法发送: {failure.message}")
    digest = _digest(asked, sign)
    request, accepted = submit(
        asked,
        digest,
        revision,
        sign=sign,
        recipients=recipients.total,
        refused=recipients.total - recipients.accepted,
        related=_related(asked),
    )
    if accepted:
        return {"bizId": request.biz_id}
    if request.revision != revision.number:
        # Begun earlier, under a revision that was then the approved one: it goes on under that one.
        earlier = revisions.get(request.template_code, request.revision)
        recipients = _recipients(asked, earlier or revision)
    pointers = campaigns.record_plan(request, list(recipients.chunks()))
    campaigns.record_request(request)
    sending.send("sends", (attempt.body(pointer, 0) for pointer in pointers))
    campaigns.accepted(digest, request)
    log.info(
        "accepted",
        extra={
            "bizId": request.biz_id,
            "recipients": request.recipients,
            "refused": request.refused,
        },
    )
    return {"bizId": request.biz_id}


def _in_order(asked: SendBatchList) -> SendBatchList:
    """Recipients in one order, however they came: they are the same request and the same plan."""
    numbers, params = asked.phoneNumberJson, asked.templateParamJson
    if len(params) <= 1:
        return asked.model_copy(update={"phoneNumberJson": sorted(numbers)})
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    if len(set(numbers)) < len(numbers):
        order.sort(key=lambda place: (numbers[place], _json(params[place])))
    return asked.model_copy(
        update={
            "phoneNumberJson": [numbers[place] for place in order],
            "templateParamJson": [params[place] for place in order],
        }
    )


def _recipients(asked: SendBatchList, revision: Revision) -> Recipients:
    """Who gets what. A bad number or a missing variable is that recipient's failure alone."""
    recipients = Recipients()
    numbers, for_all = asked.phoneNumberJson, None
    if len(asked.templateParamJson) <= 1:
        # One object for all is read once: it may be as long as the list of those who get it.
        for_all = parameters.values(asked.params_of(0), revision.names)
        if not isinstance(for_all, Failure):
            numbers = recipients.add_plain(numbers, for_all)
    for index, given in enumerate(numbers):
        try:
            phone = phones.parse(given)
        except ValueError:
            failure = Failure("isv.MOBILE_NUMBER_ILLEGAL", "手机号格式错误")
            recipients.refuse(given[:_MOST_SHOWN], failure)
            continue
        params = for_all
        if params is None:
            params = parameters.values(asked.params_of(index), revision.names)
        if isinstance(params, Failure):
            recipients.refuse(given, params)
        else:
            recipients.add(phone, params, given)
    return recipients


def _digest(asked: SendBatchList, sign: str) -> str:
    """What makes two requests, both in order, the same one: outId, sign, template, and who gets what.

    One object for all is the same as that object for each.
    """
    params = asked.templateParamJson or [{}]
    first, every = _json(params[0]), _json(params)
    # The lengths first: what is multiplied is then no longer than what came.
    for_all = len(every) == len(params) * (len(first) + 2) and every == (
        b"[" + b", ".join([first] * len(params)) + b"]"
    )
    numbers = asked.phoneNumberJson
    digest = hashlib.sha256(_json([asked.outId, sign, asked.templateCode, len(numbers)]))
    digest.update(_lines(numbers))
    digest.update(first if for_all else every)
    return digest.hexdigest()


def _lines(numbers: list[str]) -> bytes:
    """Numbers, so that no others come to the same: a line each, or JSON where one of them has lines of its own."""
    lines = "\n".join([*numbers, ""])
    return lines.encode() if lines.count("\n") == len(numbers) else _json(numbers)


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _related(asked: SendBatchList) -> dict[str, str]:
    related = asked.model_dump(
        include={"relatedAudienceId", "relatedTaskId", "relatedTaskType", "taskCreatorAccount"}
    )
    return {name: value for name, value in related.items() if value}
