"""Tencent's error codes, and the refusal of a call."""

# Texts that are known from real answers are copied from them. Clients match on the codes.
TEXTS = {
    1001: "sig校验失败",
    1002: "短信内容含有敏感词",
    1003: "缺少sig字段或sig为空",
    1004: "package format error",
    1006: "请求没有权限",
    1007: "其他错误",
    1008: "请求下发短信超时",
    1009: "请求IP不在白名单中",
    1011: "不存在该REST API接口",
    1012: "签名格式错误或签名未审批",
    1013: "下发短信命中了频率限制策略",
    1014: "模版未审批或内容不匹配",
    1015: "手机号在黑名单中",
    1016: "手机号格式错误",
    1017: "短信内容太长",
    1019: "sdkappid不存在",
    1020: "sdkappid已停用",
    1021: "请求发起时间不正常",
    1022: "短信日下发条数超过设定的上限",
    1023: "单个手机号30秒内下发条数超过设定的上限",
    1024: "单个手机号1小时内下发条数超过设定的上限",
    1025: "单个手机号日下发条数超过设定的上限",
    1026: "单个手机号下发相同内容超过设定的上限",
    1029: "营销短信发送时间限制",
    1030: "不支持该请求",
    1031: "套餐包余量不足",
    1032: "个人用户没有发营销短信的权限",
    1033: "欠费被停止服务",
    1034: "群发请求里既有国内手机号也有国际手机号",
    1036: "单个模板变量字符数超过限制",
    1038: "验证码模板参数格式错误",
    1045: "不支持该地区短信下发",
    1046: "单次群发手机号数量超过200个",
    1047: "国际短信日下发条数超过设定的上限",
    1048: "模板变量中含有URL",
    60008: "service timeout or request format error,please check and try again",
}


def text_of(result: int) -> str:
    """Return the text of an error code."""
    return TEXTS.get(result, "simulated error")


class Refused(Exception):
    """A call that Tencent answers with an error code."""

    def __init__(self, result: int, text: str | None = None) -> None:
        self.result = result
        self.text = text_of(result) if text is None else text
        super().__init__(f"{self.result} {self.text}")


def malformed(what: str) -> Refused:
    """Return the refusal of a request with a missing field, or one of the wrong type."""
    return Refused(1004, f"package format error, {what}")
