"""Tencent's published error codes: what each means to the bridge, to Quick Audience and to a marketer.

The codes of v5 are numbers, those of API 3.0 are names. The table here is v5's; `api3_codes` has the other. v5's list
is cloud.tencent.com/document/product/382/3771. The Aliyun code of each is the nearest one in the vocabulary that Quick
Audience was made for. A number that is not in the table is a definite refusal: Tencent bills nothing if `result` is
not 0.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class CodeClass(StrEnum):
    """What the bridge does about a code."""

    CONFIG = "config"
    """The account, its keys or its balance: calls fail until an operator acts. See `Scope`."""
    PERMANENT = "permanent"
    """This call can never succeed as it is."""
    NUMBER = "number"
    """This number can't be sent this message. For a bulk call: one of its numbers can't."""
    WAIT = "wait"
    """Refused temporarily by Tencent's general rate limit: nothing was sent, so a retry is safe."""
    UNKNOWN = "unknown"
    """Tencent does not say whether it sent the message. Never retried."""


class Scope(StrEnum):
    """What a refusal concerns, and so which sends can't succeed until an operator acts."""

    CALL = "call"
    """This call alone: its numbers, its template, its sign, or their kind."""
    ACCOUNT = "account"
    """The key, the application, this address, the clock or arrears: every send."""
    KIND = "kind"
    """The balance or a permission for sends of this kind: all to mainland numbers, or all to foreign ones."""


Code = int | str
"""A code of either API. An HTTP status that stands for a refusal is a number, whichever API was called."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A row of the table: the class, the Aliyun code, the text for a marketer, and what the code concerns."""

    kind: CodeClass
    aliyun: str
    text: str
    scope: Scope = Scope.CALL


_HTTP_REFUSALS = range(300, 500)
# "Other error": Tencent does not document that it sent nothing.
_UNSPECIFIED = 1007
_EXPLAINED = re.compile(r"\(腾讯云 ([0-9]{1,9}|[A-Za-z]+(?:\.[A-Za-z0-9]+)*\.*)(?:: |\)$)")
_OTHER = Meaning(CodeClass.PERMANENT, "isp.SYSTEM_ERROR", "腾讯云拒绝了请求")

MEANINGS: dict[int, Meaning] = {
    1001: Meaning(
        CodeClass.CONFIG,
        "isp.RAM_PERMISSION_DENY",
        "腾讯云签名校验失败, 请检查 App Key",
        Scope.ACCOUNT,
    ),
    1002: Meaning(CodeClass.PERMANENT, "isv.SMS_CONTENT_ILLEGAL", "短信内容包含敏感词"),
    1003: Meaning(CodeClass.CONFIG, "isp.RAM_PERMISSION_DENY", "请求缺少签名字段", Scope.ACCOUNT),
    1004: Meaning(CodeClass.PERMANENT, "isv.INVALID_PARAMETERS", "请求包解析失败"),
    1006: Meaning(CodeClass.CONFIG, "isp.RAM_PERMISSION_DENY", "腾讯云应用没有此权限", Scope.KIND),
    1007: Meaning(CodeClass.PERMANENT, "isp.SYSTEM_ERROR", "腾讯云其他错误"),
    1008: Meaning(CodeClass.UNKNOWN, "isp.SYSTEM_ERROR", "腾讯云请求下发超时, 结果未知"),
    1009: Meaning(
        CodeClass.CONFIG, "isp.RAM_PERMISSION_DENY", "请求 IP 不在腾讯云白名单中", Scope.ACCOUNT
    ),
    1011: Meaning(CodeClass.CONFIG, "isp.SYSTEM_ERROR", "腾讯云接口不存在", Scope.KIND),
    1012: Meaning(CodeClass.PERMANENT, "isv.SMS_SIGNATURE_ILLEGAL", "签名格式错误或未审批"),
    1013: Meaning(CodeClass.WAIT, "isv.BUSINESS_LIMIT_CONTROL", "触发腾讯云频率限制"),
    1014: Meaning(CodeClass.PERMANENT, "isv.SMS_TEMPLATE_ILLEGAL", "模板未审批或内容不匹配"),
    1015: Meaning(
        CodeClass.NUMBER, "isv.BLACK_KEY_CONTROL_LIMIT", "手机号在黑名单中(退订或运营商免打扰)"
    ),
    1016: Meaning(CodeClass.NUMBER, "isv.MOBILE_NUMBER_ILLEGAL", "手机号格式错误"),
    1017: Meaning(CodeClass.PERMANENT, "isv.PARAM_LENGTH_LIMIT", "短信内容过长"),
    1018: Meaning(CodeClass.PERMANENT, "isv.INVALID_PARAMETERS", "语音验证码格式错误"),
    1019: Meaning(CodeClass.CONFIG, "isp.RAM_PERMISSION_DENY", "SDKAppID 不存在", Scope.ACCOUNT),
    1020: Meaning(CodeClass.CONFIG, "isp.RAM_PERMISSION_DENY", "SDKAppID 已禁用", Scope.ACCOUNT),
    1021: Meaning(
        CodeClass.CONFIG, "isp.SYSTEM_ERROR", "请求时间与腾讯云相差超过10分钟", Scope.ACCOUNT
    ),
    1022: Meaning(CodeClass.PERMANENT, "isv.DAY_LIMIT_CONTROL", "达到应用的日发送上限"),
    1023: Meaning(CodeClass.NUMBER, "isv.BUSINESS_LIMIT_CONTROL", "同一手机号30秒内发送超限"),
    1024: Meaning(CodeClass.NUMBER, "isv.BUSINESS_LIMIT_CONTROL", "同一手机号1小时内发送超限"),
    1025: Meaning(CodeClass.NUMBER, "isv.BUSINESS_LIMIT_CONTROL", "同一手机号当日发送超限"),
    1026: Meaning(CodeClass.NUMBER, "isv.BUSINESS_LIMIT_CONTROL", "同一手机号接收相同内容超限"),
    1029: Meaning(CodeClass.PERMANENT, "isv.BUSINESS_LIMIT_CONTROL", "营销短信只能在8点至22点发送"),
    1030: Meaning(CodeClass.PERMANENT, "isp.SYSTEM_ERROR", "腾讯云不支持该请求"),
    1031: Meaning(CodeClass.CONFIG, "isv.AMOUNT_NOT_ENOUGH", "套餐包余量不足", Scope.KIND),
    1032: Meaning(CodeClass.CONFIG, "isv.SMS_TEMPLATE_ILLEGAL", "个人用户没有发营销短信的权限"),
    1033: Meaning(CodeClass.CONFIG, "isv.OUT_OF_SERVICE", "欠费停止服务", Scope.ACCOUNT),
    1034: Meaning(
        CodeClass.PERMANENT, "isv.MOBILE_NUMBER_ILLEGAL", "群发请求中同时有国内和国际手机号"
    ),
    1036: Meaning(CodeClass.PERMANENT, "isv.PARAM_LENGTH_LIMIT", "单个模板变量过长"),
    1038: Meaning(CodeClass.PERMANENT, "isv.PARAM_LENGTH_LIMIT", "验证码变量只能是不超过6位的数字"),
    1045: Meaning(CodeClass.NUMBER, "isv.MOBILE_NUMBER_ILLEGAL", "不支持向该地区发送"),
    1046: Meaning(CodeClass.PERMANENT, "isv.MOBILE_COUNT_OVER_LIMIT", "群发请求的手机号过多"),
    1047: Meaning(CodeClass.PERMANENT, "isv.DAY_LIMIT_CONTROL", "达到国际短信的日发送上限"),
    1048: Meaning(CodeClass.PERMANENT, "isv.PARAM_NOT_SUPPORT_URL", "模板变量中不支持链接"),
    60008: Meaning(CodeClass.UNKNOWN, "isp.SYSTEM_ERROR", "腾讯云处理请求超时, 结果未知"),
}


def meaning(code: Code) -> Meaning:
    """Return the row of a code. A number that is not in the table is a permanent refusal."""
    if isinstance(code, int):
        return MEANINGS.get(code, _OTHER)
    # Imported only where API 3.0 is called, or was called before.
    from chalicelib.tencent import api3_codes  # noqa: PLC0415

    return api3_codes.meaning(code)


def explain(code: Code, said: str) -> str:
    """Return a sentence for a marketer, with Tencent's own code and text."""
    return (
        f"{meaning(code).text}(腾讯云 {code}: {said})"
        if said
        else f"{meaning(code).text}(腾讯云 {code})"
    )


def is_certain(code: Code) -> bool:
    """Return whether a refusal with this code is documented, so that Tencent certainly sent nothing.

    The bridge reports other refusals as failures, too, but it must not send again after them.
    """
    if isinstance(code, int):
        return code in MEANINGS and code != _UNSPECIFIED and not _is_unknown(code)
    from chalicelib.tencent import api3_codes  # noqa: PLC0415 -- see meaning

    if not api3_codes.is_documented(code) or _is_unknown(code):
        return False
    return _UNSPECIFIED not in synonyms(code)


def explains_certain(text: str) -> bool:
    """Return whether a text is one of `explain`, as this release writes it, about a code that `is_certain`."""
    found = _EXPLAINED.search(text)
    if found is None:
        return False
    code: Code = int(found[1]) if found[1].isdigit() else found[1]
    return text.startswith(explain(code, "")[:-1]) and is_certain(code)


def _is_unknown(code: Code) -> bool:
    return meaning(code).kind is CodeClass.UNKNOWN


def is_http_status(code: Code) -> bool:
    """Return whether an HTTP status stands for the refusal: something in between refused the call, not Tencent."""
    return code in _HTTP_REFUSALS


def is_not_enabled(code: Code) -> bool:
    """Return whether a refusal says that Tencent has not enabled the call for the application.

    Tencent's support enables it.
    """
    return _listed(code) in (1006, "UnauthorizedOperation.RequestPermissionDeny")


def lacks_policy(code: Code) -> bool:
    """Return whether a refusal says that no policy of the Tencent Cloud account allows its key to make the call.

    The account's owner grants it, in the access management (CAM) of Tencent's console.
    """
    return _listed(code) in ("AuthFailure.UnauthorizedOperation", "UnauthorizedOperation")


def prohibits_listing(code: Code) -> bool:
    """Return whether a refusal says that the key of a sub-account may not list templates; asking by ids may work."""
    return _listed(code) == "FailedOperation.ProhibitSubAccountUse"


def wants_ids(code: Code) -> bool:
    """Return whether a refusal of a list without ids says that Tencent wants ids: the international site may."""
    return isinstance(code, str) and _listed(code) in ("MissingParameter", "InvalidParameter")


def synonyms(code: Code) -> tuple[Code, ...]:
    """Return a code as it is, as the table spells it, and v5's code for the same, as far as there are such."""
    if isinstance(code, int):
        return (code,)
    from chalicelib.tencent import api3_codes  # noqa: PLC0415 -- see meaning

    listed = api3_codes.listed(code)
    if listed is None:
        return (code,)
    number = api3_codes.COUNTERPARTS.get(listed)
    return (code, listed) if number is None else (code, listed, number)


def _listed(code: Code) -> Code | None:
    """Return the code of the table that a code stands for; None if a name stands for none."""
    if isinstance(code, int):
        return code
    from chalicelib.tencent import api3_codes  # noqa: PLC0415 -- see meaning

    return api3_codes.listed(code)
