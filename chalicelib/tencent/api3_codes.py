"""Error codes of API 3.0: what each means to the bridge, to Quick Audience and to a marketer.

Tencent's list is cloud.tencent.com/document/product/382/59177 and the Python SDK's `errorcodes.py`; the gateway's codes
are in 382/52075. The same code may come for a call as a whole and for one of its numbers, so there is one table.
"""

from chalicelib.tencent import error_codes
from chalicelib.tencent.error_codes import CodeClass, Meaning, Scope

# A row: the code, its class, the code of v5 for the same ("-": none), the Aliyun code ("=": that of the v5 code), and a
# text for marketers. The scope of a code of class config is that of the v5 code.
_SMS = """
FailedOperation.ContainSensitiveWord permanent 1002 = 短信内容包含敏感词
FailedOperation.FailResolvePacket permanent 1004 = 请求包解析失败
FailedOperation.ForbidAddMarketingTemplates config - isv.SMS_TEMPLATE_ILLEGAL 个人用户不能申请营销短信模板
FailedOperation.InsufficientBalanceInSmsPackage config 1031 = 套餐包余量不足
FailedOperation.JsonParseFail permanent 1004 = 请求包解析失败
FailedOperation.MarketingSendTimeConstraint permanent 1029 = 营销短信只能在8点至22点发送
FailedOperation.MissingSignature config 1012 = 没有可用的签名, 请先申请签名
FailedOperation.MissingSignatureList permanent 1012 = 签名未审批或不存在
FailedOperation.MissingSignatureToModify permanent 1012 = 要修改的签名不存在
FailedOperation.MissingTemplateList permanent 1014 = 模板未审批或不存在
FailedOperation.MissingTemplateToModify permanent 1014 = 要修改的模板不存在
FailedOperation.NotEnterpriseCertification config 1006 = 该接口只对企业认证用户开放
FailedOperation.OtherError permanent 1007 = 腾讯云其他错误, 请检查参数
FailedOperation.ParametersOtherError permanent 1007 = 腾讯云其他错误, 请在控制台确认是否已提交
FailedOperation.PhoneNumberInBlacklist number 1015 = 手机号在黑名单中(退订或运营商免打扰)
FailedOperation.PhoneNumberParseFail number 1016 = 手机号格式错误
FailedOperation.ProhibitSubAccountUse config 1006 = 该接口不允许子账号调用
FailedOperation.QualificationIdNotApproved permanent - isv.SMS_SIGNATURE_ILLEGAL 签名的资质未通过审核
FailedOperation.SignIdNotExist permanent 1012 = 签名不存在
FailedOperation.SignNumberLimit permanent - isv.SMS_SIGNATURE_ILLEGAL 签名数量达到上限
FailedOperation.SignatureIncorrectOrUnapproved permanent 1012 = 签名格式错误或未审批
FailedOperation.TemplateAlreadyPassedCheck permanent 1030 isv.SMS_TEMPLATE_ILLEGAL 已通过审核的模板不能修改
FailedOperation.TemplateIdNotExist permanent 1014 = 模板不存在
FailedOperation.TemplateIncorrectOrUnapproved permanent 1014 = 模板未审批或内容不匹配
FailedOperation.TemplateNumberLimit permanent - isv.SMS_TEMPLATE_ILLEGAL 模板数量达到上限
FailedOperation.TemplateParamSetNotMatchApprovedTemplate permanent 1014 = 模板变量个数与模板不一致
FailedOperation.TemplateUnapprovedOrNotExist permanent 1014 = 模板未审批或不存在
InternalError.JsonParseFail permanent 1004 = 请求参数解析失败
InternalError.OtherError unknown 1007 = 腾讯云其他错误, 结果未知
InternalError.ParseBackendResponseFail unknown - isp.SYSTEM_ERROR 腾讯云未能解析后端应答, 结果未知
InternalError.RequestTimeException config 1021 = 请求时间与腾讯云相差超过10分钟
InternalError.RestApiInterfaceNotExist config 1011 = 腾讯云接口不存在
InternalError.SendAndRecvFail unknown 1008 = 腾讯云收发超时, 结果未知
InternalError.SigFieldMissing config 1003 = 请求缺少签名字段
InternalError.SigVerificationFail config 1001 = 腾讯云签名校验失败
InternalError.Timeout unknown 1008 = 腾讯云请求下发超时, 结果未知
InternalError.UnknownError unknown - isp.SYSTEM_ERROR 腾讯云未知错误, 结果未知
InvalidParameter permanent 1004 = 请求参数错误
InvalidParameter.AppidAndBizId config 1019 = 账号与应用不匹配
InvalidParameter.DirtyWordFound permanent 1002 = 模板包含敏感词
InvalidParameter.InvalidParameters permanent 1004 = 请求参数错误
InvalidParameterValue.BeginTimeVerifyFail permanent 1004 = 起始时间错误
InvalidParameterValue.ContentLengthLimit permanent 1017 = 短信内容过长
InvalidParameterValue.EndTimeVerifyFail permanent 1004 = 结束时间错误
InvalidParameterValue.ImageInvalid permanent - isv.INVALID_PARAMETERS 证明材料图片无效
InvalidParameterValue.IncorrectPhoneNumber number 1016 = 手机号格式错误
InvalidParameterValue.InvalidDocumentType permanent - isv.INVALID_PARAMETERS 证明类型错误
InvalidParameterValue.InvalidInternational permanent 1004 = 国内与国际短信类型错误
InvalidParameterValue.InvalidSignPurpose permanent - isv.INVALID_PARAMETERS 签名用途错误
InvalidParameterValue.InvalidSmsType permanent 1004 = 短信类型错误
InvalidParameterValue.InvalidStartTime permanent 1004 = 起始时间晚于结束时间
InvalidParameterValue.InvalidTemplateFormat permanent 1014 = 模板格式错误
InvalidParameterValue.InvalidUsedMethod permanent - isv.INVALID_PARAMETERS 签名用途错误
InvalidParameterValue.LimitVerifyFail permanent 1004 = Limit 参数错误
InvalidParameterValue.MarketingTemplateWithoutUnsubscribe permanent 1014 = 营销短信模板须以“拒收请回复R”结尾
InvalidParameterValue.MultiSmsInfoSetEmpty permanent 1004 = 请求中没有手机号
InvalidParameterValue.OffsetVerifyFail permanent 1004 = Offset 参数错误
InvalidParameterValue.ProhibitedUseUrlInTemplateParameter permanent 1048 = 模板变量中不支持链接
InvalidParameterValue.QualificationIdNotFound permanent - isv.SMS_SIGNATURE_ILLEGAL 签名的资质不存在
InvalidParameterValue.SdkAppIdNotExist config 1019 = SDKAppID 不存在
InvalidParameterValue.SignAlreadyPassedCheck permanent 1030 isv.SMS_SIGNATURE_ILLEGAL 已通过审核的签名不能修改
InvalidParameterValue.SignExistAndUnapproved permanent - isv.SMS_SIGNATURE_ILLEGAL 相同的签名正在审核中
InvalidParameterValue.SignNameLengthTooLong permanent 1012 = 签名过长
InvalidParameterValue.TemplateParameterFormatError permanent 1038 = 验证码变量只能是不超过6位的数字
InvalidParameterValue.TemplateParameterLengthLimit permanent 1036 = 单个模板变量过长
InvalidParameterValue.TemplateWithDirtyWords permanent 1002 = 模板包含敏感词
InvalidParameterValue.UnsupportedTemplateVariable permanent - isv.SMS_TEMPLATE_ILLEGAL 该账号的通知和营销模板不能含变量
LimitExceeded.AppCountryOrRegionDailyLimit permanent 1047 = 达到应用在该国家或地区的日发送上限
LimitExceeded.AppCountryOrRegionInBlacklist number 1045 = 应用不允许向该国家或地区发送
LimitExceeded.AppDailyLimit permanent 1022 = 达到应用的日发送上限
LimitExceeded.AppGlobalDailyLimit permanent 1047 = 达到应用的国际短信日发送上限
LimitExceeded.AppMainlandChinaDailyLimit permanent 1022 = 达到应用的国内短信日发送上限
LimitExceeded.DailyLimit permanent 1047 = 达到国际短信的日发送上限
LimitExceeded.DeliveryFrequencyLimit wait 1013 = 触发腾讯云频率限制
LimitExceeded.GlobalSmsSendingRateLimit wait 1013 = 触发国际短信频率限制
LimitExceeded.PhoneNumberCountLimit permanent 1046 = 群发请求的手机号过多
LimitExceeded.PhoneNumberDailyLimit number 1025 = 同一手机号当日发送超限
LimitExceeded.PhoneNumberOneHourLimit number 1024 = 同一手机号1小时内发送超限
LimitExceeded.PhoneNumberSameContentDailyLimit number 1026 = 同一手机号接收相同内容超限
LimitExceeded.PhoneNumberThirtySecondLimit number 1023 = 同一手机号30秒内发送超限
MissingParameter permanent 1004 = 请求缺少参数
MissingParameter.EmptyPhoneNumberSet permanent 1004 = 请求中没有手机号
UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny config 1032 = 个人用户没有发营销短信的权限
UnauthorizedOperation.RequestIpNotInWhitelist config 1009 = 请求 IP 不在腾讯云白名单中
UnauthorizedOperation.RequestPermissionDeny config 1006 = 腾讯云应用没有此权限
UnauthorizedOperation.SdkAppIdIsDisabled config 1020 = SDKAppID 已禁用
UnauthorizedOperation.ServiceSuspendDueToArrears config 1033 = 欠费停止服务
UnauthorizedOperation.SmsSdkAppIdVerifyFail config 1019 = SDKAppID 不属于该账号
UnsupportedOperation permanent 1030 = 腾讯云不支持该请求
UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone permanent 1014 = 国内模板不能发送到国际手机号
UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber permanent 1034 = 群发请求中同时有国内和国际手机号
UnsupportedOperation.ContainDomesticPhoneNumber permanent 1034 = 国际短信请求中有国内手机号
UnsupportedOperation.GlobalTemplateToChineseMainlandPhone permanent 1014 = 国际模板不能发送到国内手机号
UnsupportedOperation.UnsupportedRegion number 1045 = 不支持向该地区发送
"""

# Codes of the gateway in front of the SMS API, which also answers for other products. Those of class config concern the
# key, this address or the URL, so they concern every send.
_GATEWAY = """
AuthFailure.SignatureFailure config 1001 = 腾讯云签名校验失败, 请检查 SecretKey
AuthFailure.InvalidAuthorization config 1001 = 腾讯云签名校验失败, 请检查 SecretId 和 SecretKey
AuthFailure.SignatureExpire config 1021 = 请求时间与腾讯云相差超过5分钟
AuthFailure.SecretIdNotFound config 1019 = SecretId 不存在或已禁用
AuthFailure.InvalidSecretId config 1019 = SecretId 不是云 API 密钥
AuthFailure.TokenFailure config 1001 = 临时密钥的 Token 错误
AuthFailure.MFAFailure config 1001 = 密钥需要多因子认证
AuthFailure.UnauthorizedOperation config 1006 = 密钥没有调用该接口的访问策略
UnauthorizedOperation config 1006 = 密钥没有调用该接口的访问策略
IpNotInWhitelist config 1009 = 请求 IP 不在腾讯云白名单中
IpInBlacklist config 1009 = 请求 IP 在腾讯云黑名单中
InvalidAction config 1011 = 腾讯云接口不存在
NoSuchVersion config 1011 = 腾讯云接口版本不存在
NoSuchProduct config 1011 = 腾讯云产品不存在
ActionOffline config 1011 = 腾讯云接口已下线
UnsupportedRegion config 1011 = 腾讯云接口不支持该地域, 请检查 TENCENT_REGION
UnsupportedProtocol config 1011 = 腾讯云不支持该请求方式
RequestLimitExceeded wait 1013 = 触发腾讯云频率限制
RequestLimitExceeded.UinLimitExceeded wait 1013 = 触发腾讯云账号频率限制
RequestLimitExceeded.GlobalRegionUinLimitExceeded wait 1013 = 触发腾讯云账号频率限制
RequestLimitExceeded.IPLimitExceeded wait 1013 = 触发腾讯云 IP 频率限制
LimitExceeded permanent - isp.SYSTEM_ERROR 超过腾讯云配额
InvalidParameterValue permanent 1004 = 请求参数取值错误
UnknownParameter permanent 1004 = 请求中有未知参数
InvalidRequest permanent 1004 = 请求格式错误
RequestSizeLimitExceeded permanent - isv.INVALID_PARAMETERS 请求包过大
ResourceNotFound permanent - isp.SYSTEM_ERROR 腾讯云资源不存在
ResourceInUse permanent - isp.SYSTEM_ERROR 腾讯云资源被占用
ResourceInsufficient permanent - isp.SYSTEM_ERROR 腾讯云资源不足
FailedOperation unknown - isp.SYSTEM_ERROR 腾讯云操作失败且未说明原因, 结果未知
InternalError unknown - isp.SYSTEM_ERROR 腾讯云内部错误, 结果未知
ServiceUnavailable unknown - isp.SYSTEM_ERROR 腾讯云服务不可用, 结果未知
ResourceUnavailable unknown - isp.SYSTEM_ERROR 腾讯云资源不可用, 结果未知
ResponseSizeLimitExceeded unknown - isp.SYSTEM_ERROR 腾讯云应答过大, 结果未知
DryRunOperation permanent - isp.SYSTEM_ERROR 请求只做了预检, 未发送
"""

# Spellings that Tencent used in earlier lists, and that a comparison of beginnings does not find.
_MISSPELLED = {
    "UnauthorizedOperation.SerivceSuspendDueToArrears": "UnauthorizedOperation.ServiceSuspendDueToArrears",
    "UnsupportedOperation.UnsuportedRegion": "UnsupportedOperation.UnsupportedRegion",
}

# What a marketer or an operator can do about a refusal, appended to the row's text.
_ADVICE = {
    "FailedOperation.MissingSignature": "并等待审核通过",
    "FailedOperation.SignNumberLimit": "请先删除不用的签名",
    "FailedOperation.TemplateAlreadyPassedCheck": "请新建模板",
    "FailedOperation.TemplateNumberLimit": "请先删除不用的模板",
    "InvalidParameterValue.InvalidTemplateFormat": "请检查变量的写法",
    "InvalidParameterValue.MarketingTemplateWithoutUnsubscribe": "请补充后重新提交",
    "InvalidParameterValue.UnsupportedTemplateVariable": "请改为固定文字, 或联系腾讯云开通变量",
}

_REFUSED = "腾讯云拒绝了请求"
_REJECTED = Meaning(CodeClass.PERMANENT, "isp.SYSTEM_ERROR", _REFUSED)
OTHER = Meaning(CodeClass.UNKNOWN, "isp.SYSTEM_ERROR", _REFUSED)
"""The row of a code whose first part is not known: for a call as a whole, it leaves the outcome unknown."""

# The row of a code that is not in the table, by its first part, which is compared without case.
_BY_CATEGORY = {
    "AuthFailure": Meaning(CodeClass.CONFIG, "isp.RAM_PERMISSION_DENY", _REFUSED, Scope.ACCOUNT),
    "UnauthorizedOperation": Meaning(
        CodeClass.CONFIG, "isp.RAM_PERMISSION_DENY", _REFUSED, Scope.KIND
    ),
    "RequestLimitExceeded": Meaning(
        CodeClass.WAIT, "isv.BUSINESS_LIMIT_CONTROL", "触发腾讯云频率限制"
    ),
    "InternalError": Meaning(CodeClass.UNKNOWN, "isp.SYSTEM_ERROR", "腾讯云内部错误, 结果未知"),
    "ServiceUnavailable": Meaning(
        CodeClass.UNKNOWN, "isp.SYSTEM_ERROR", "腾讯云服务不可用, 结果未知"
    ),
    "InvalidParameter": _REJECTED,
    "InvalidParameterValue": _REJECTED,
    "MissingParameter": _REJECTED,
    "UnsupportedOperation": _REJECTED,
    "LimitExceeded": _REJECTED,
    "FailedOperation": _REJECTED,
}


def _read(table: str, scope: Scope | None = None) -> dict[str, tuple[Meaning, int]]:
    """Return the rows of a table, each with its v5 code (0: none). `scope` is that of its codes of class config."""
    rows = {}
    for line in table.strip().splitlines():
        code, kind, number, aliyun, text = line.split(" ", 4)
        counterpart = error_codes.MEANINGS.get(0 if number == "-" else int(number))
        code_class = CodeClass(kind)
        concerns = Scope.CALL
        if code_class is CodeClass.CONFIG:
            concerns = scope or (counterpart.scope if counterpart else Scope.CALL)
        if aliyun == "=" and counterpart:
            aliyun = counterpart.aliyun
        text = ", ".join(filter(None, (text, _ADVICE.get(code))))
        meaning = Meaning(code_class, aliyun, text, concerns)
        rows[code] = meaning, 0 if number == "-" else int(number)
    return rows


_ROWS = _read(_SMS) | _read(_GATEWAY, Scope.ACCOUNT)
MEANINGS: dict[str, Meaning] = {code: meaning for code, (meaning, _) in _ROWS.items()}
"""The listed codes."""
COUNTERPARTS: dict[str, int] = {code: number for code, (_, number) in _ROWS.items() if number}
"""The v5 code that says the same, of the codes that have one."""

_LOWER = {code.lower(): code for code in MEANINGS}
_LOWER_CATEGORIES = {category.lower(): meaning for category, meaning in _BY_CATEGORY.items()}


def listed(code: str) -> str | None:
    """Return the listed code that a code stands for; None if it stands for none.

    Tencent misspells codes, even in its own examples. So a code is compared exactly; then without case and dots at its
    end; then with the listed codes of its category that begin with it or with which it begins, the longest first. A
    category alone stands for no code in it, nor the other way round.
    """
    if code in MEANINGS:
        return code
    if code in _MISSPELLED:
        return _MISSPELLED[code]
    text = code.strip().rstrip(".").lower()
    if text in _LOWER:
        return _LOWER[text]
    category, dot, _ = text.partition(".")
    if not dot:
        return None
    alike = [
        found
        for lower, found in _LOWER.items()
        if lower.startswith(f"{category}.") and (lower.startswith(text) or text.startswith(lower))
    ]
    # One that leaves open whether a message was sent comes before the others.
    return max(
        alike,
        key=lambda found: (MEANINGS[found].kind is CodeClass.UNKNOWN, len(found)),
        default=None,
    )


def is_documented(code: str) -> bool:
    """Return whether a code, or at least its category, is documented.

    A code of FailedOperation has to be listed itself, because that category says nothing about the cause.
    """
    category = code.strip().partition(".")[0].lower()
    if category == "failedoperation":
        return code.strip().rstrip(".").lower() in _LOWER
    return listed(code) is not None or category in _LOWER_CATEGORIES


def meaning(code: str) -> Meaning:
    """Return the row of a code; if it stands for no listed one, that of its category, else OTHER."""
    found = listed(code)
    if found:
        return MEANINGS[found]
    return _LOWER_CATEGORIES.get(code.strip().partition(".")[0].lower(), OTHER)
