"""The error codes of API 3.0: their v5 numbers, messages, and the spellings that real answers have."""

from typing import Literal

Spelling = Literal["listed", "misspelled", "unlisted"]

OK = "Ok"

# v5's numbers, in Tencent's own pairing (document 382/59177). The first code with a number stands for it.
_NUMBERS = {
    "InternalError.SigVerificationFail": 1001,
    "FailedOperation.ContainSensitiveWord": 1002,
    "InternalError.SigFieldMissing": 1003,
    "FailedOperation.FailResolvePacket": 1004,
    "FailedOperation.JsonParseFail": 1004,
    "MissingParameter.EmptyPhoneNumberSet": 1004,
    "InvalidParameterValue.MultiSmsInfoSetEmpty": 1004,
    "UnauthorizedOperation.RequestPermissionDeny": 1006,
    "InternalError.OtherError": 1007,
    "InternalError.SendAndRecvFail": 1008,
    "UnauthorizedOperation.RequestIpNotInWhitelist": 1009,
    "InternalError.RestApiInterfaceNotExist": 1011,
    "FailedOperation.SignatureIncorrectOrUnapproved": 1012,
    "LimitExceeded.DeliveryFrequencyLimit": 1013,
    "LimitExceeded.GlobalSmsSendingRateLimit": 1013,
    "FailedOperation.TemplateIncorrectOrUnapproved": 1014,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": 1014,
    "FailedOperation.TemplateUnapprovedOrNotExist": 1014,
    "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone": 1014,
    "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone": 1014,
    "FailedOperation.PhoneNumberInBlacklist": 1015,
    "InvalidParameterValue.IncorrectPhoneNumber": 1016,
    "InvalidParameterValue.ContentLengthLimit": 1017,
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail": 1019,
    "InvalidParameterValue.SdkAppIdNotExist": 1019,
    "UnauthorizedOperation.SdkAppIdIsDisabled": 1020,
    "InternalError.RequestTimeException": 1021,
    "LimitExceeded.AppDailyLimit": 1022,
    "LimitExceeded.AppMainlandChinaDailyLimit": 1022,
    "LimitExceeded.PhoneNumberThirtySecondLimit": 1023,
    "LimitExceeded.PhoneNumberOneHourLimit": 1024,
    "LimitExceeded.PhoneNumberDailyLimit": 1025,
    "LimitExceeded.PhoneNumberSameContentDailyLimit": 1026,
    "FailedOperation.MarketingSendTimeConstraint": 1029,
    "UnsupportedOperation": 1030,
    "FailedOperation.InsufficientBalanceInSmsPackage": 1031,
    "UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny": 1032,
    "UnauthorizedOperation.ServiceSuspendDueToArrears": 1033,
    "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber": 1034,
    "UnsupportedOperation.ContainDomesticPhoneNumber": 1034,
    "InvalidParameterValue.TemplateParameterLengthLimit": 1036,
    "InvalidParameterValue.TemplateParameterFormatError": 1038,
    "UnsupportedOperation.UnsupportedRegion": 1045,
    "LimitExceeded.AppCountryOrRegionInBlacklist": 1045,
    "LimitExceeded.PhoneNumberCountLimit": 1046,
    "LimitExceeded.DailyLimit": 1047,
    "LimitExceeded.AppGlobalDailyLimit": 1047,
    "LimitExceeded.AppCountryOrRegionDailyLimit": 1047,
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": 1048,
    "InternalError.Timeout": 60008,
}
_CODES = {number: code for code, number in reversed(_NUMBERS.items())}
_OTHER_NUMBER = 1007

# Real answers and older lists have these.
_MISSPELLED = {
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": (
        "FailedOperation.TemplateParamSetNotMatchApprovedTemplat"
    ),
    "UnsupportedOperation": "UnsupportedOperation.",
    "UnauthorizedOperation.ServiceSuspendDueToArrears": (
        "UnauthorizedOperation.SerivceSuspendDueToArrears"
    ),
    "UnsupportedOperation.UnsupportedRegion": "UnsupportedOperation.UnsuportedRegion",
    "UnauthorizedOperation.SdkAppIdIsDisabled": "UnauthorizedOperation.SdkAppidIsDisabled",
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail": "UnauthorizedOperation.SmsSdkAppidVerifyFail",
}

_MESSAGES = {
    OK: "send success",
    "LimitExceeded.PhoneNumberDailyLimit": (
        "the number of sms messages sent from a single mobile number every day exceeds the upper limit"
    ),
    "FailedOperation.SignatureIncorrectOrUnapproved": "signature is incorrect or unapproved",
    "FailedOperation.TemplateUnapprovedOrNotExist": "template is not approved or does not exist",
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": (
        "the number of parameters does not match the approved template"
    ),
    "FailedOperation.PhoneNumberInBlacklist": "the phone number is in the blacklist",
    "InvalidParameterValue.IncorrectPhoneNumber": "incorrect phone number",
    "InternalError.Timeout": "request timed out",
    "RequestLimitExceeded": "the request frequency exceeds the limit",
}


def code_of(number: int) -> str:
    """Return the code that has a v5 number."""
    return _CODES.get(number, "InternalError.UnknownError")


def number_of(code: str) -> int:
    """Return the v5 number of a code; 1007 for a code that v5 does not know."""
    return _NUMBERS.get(code, _OTHER_NUMBER)


def message_of(code: str) -> str:
    """Return the English text of a code. Clients match on the code."""
    return _MESSAGES.get(code, f"{code.rpartition('.')[2]} (simulated)")


def spelled(code: str, spelling: Spelling) -> str:
    """Return a code as it is listed, misspelled, or a code of the same category that no list has."""
    category, dot, _ = code.partition(".")
    if spelling == "listed" or code == OK:
        return code
    if spelling == "unlisted":
        return f"{category}.SimulatedUnlisted" if dot else f"{category}Simulated"
    return _MISSPELLED.get(code) or (code[:-1] if dot else code.upper())
