"""The codes of API 3.0 that the fake Tencent has in place of v5's."""

CODES = {
    1001: "AuthFailure.SignatureFailure",
    1002: "FailedOperation.ContainSensitiveWord",
    1003: "InternalError.SigFieldMissing",
    1004: "FailedOperation.FailResolvePacket",
    1006: "UnauthorizedOperation.RequestPermissionDeny",
    1007: "FailedOperation.OtherError",
    1008: "InternalError.SendAndRecvFail",
    1009: "UnauthorizedOperation.RequestIpNotInWhitelist",
    1011: "InternalError.RestApiInterfaceNotExist",
    1012: "FailedOperation.SignatureIncorrectOrUnapproved",
    1013: "RequestLimitExceeded",
    1014: "FailedOperation.TemplateIncorrectOrUnapproved",
    1015: "FailedOperation.PhoneNumberInBlacklist",
    1016: "InvalidParameterValue.IncorrectPhoneNumber",
    1017: "InvalidParameterValue.ContentLengthLimit",
    1019: "UnauthorizedOperation.SmsSdkAppIdVerifyFail",
    1020: "UnauthorizedOperation.SdkAppIdIsDisabled",
    1021: "InternalError.RequestTimeException",
    1022: "LimitExceeded.AppDailyLimit",
    1023: "LimitExceeded.PhoneNumberThirtySecondLimit",
    1024: "LimitExceeded.PhoneNumberOneHourLimit",
    1025: "LimitExceeded.PhoneNumberDailyLimit",
    1026: "LimitExceeded.PhoneNumberSameContentDailyLimit",
    1029: "FailedOperation.MarketingSendTimeConstraint",
    1030: "UnsupportedOperation",
    1031: "FailedOperation.InsufficientBalanceInSmsPackage",
    1032: "UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny",
    1033: "UnauthorizedOperation.ServiceSuspendDueToArrears",
    1034: "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
    1036: "InvalidParameterValue.TemplateParameterLengthLimit",
    1038: "InvalidParameterValue.TemplateParameterFormatError",
    1045: "UnsupportedOperation.UnsupportedRegion",
    1046: "LimitExceeded.PhoneNumberCountLimit",
    1047: "LimitExceeded.AppGlobalDailyLimit",
    1048: "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
    60008: "InternalError.Timeout",
}
"""A code of API 3.0 for each code of v5 with the same meaning."""


def code_of(number: int | str) -> str:
    """Return the code for one of v5's; that of a number that v5 does not publish is no published one either.

    A code of API 3.0 stands for itself.
    """
    if isinstance(number, str):
        return number
    return CODES.get(number, f"FailedOperation.Unpublished{number}")
