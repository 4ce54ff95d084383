"""Failure codes in words, for operators. The texts that marketers read come with the receipts, in Chinese."""

from chalicelib.tencent.error_codes import Code, is_http_status, synonyms

_OWN = {
    "NO_RECEIPT": "sent, but no receipt came within 72 hours",
    "OUTCOME_UNKNOWN": "Tencent did not say whether it sent, and no receipt came within 72 hours",
    "NOT_SENT": "not sent within 72 hours",
    "STOPPED": "not sent: an operator stopped the campaign",
    "SETTLED_BY_HAND": "an operator settled it as failed",
    "UNKNOWN": "Tencent's report names no cause",
}
# Aliyun's vocabulary: the codes of `chalicelib.tencent.error_codes`, and those of the bridge's own checks.
_ALIYUN = {
    "isp.RAM_PERMISSION_DENY": "Tencent refuses the account: its keys, its rights, or this address",
    "isp.SYSTEM_ERROR": "Tencent refused the call for another reason",
    "isv.AMOUNT_NOT_ENOUGH": "no messages left in the package at Tencent",
    "isv.BLACK_KEY_CONTROL_LIMIT": "the number is on a blacklist: it unsubscribed, or its carrier blocks it",
    "isv.BUSINESS_LIMIT_CONTROL": "a frequency limit or the sending hours at Tencent",
    "isv.DAY_LIMIT_CONTROL": "a daily limit is reached",
    "isv.INVALID_JSON_PARAM": "the recipient's variables are not a JSON object",
    "isv.INVALID_PARAMETERS": "a parameter is not valid",
    "isv.MOBILE_COUNT_OVER_LIMIT": "more recipients than allowed",
    "isv.MOBILE_NUMBER_ILLEGAL": "the number is not valid, or its country is not allowed",
    "isv.OUT_OF_SERVICE": "the account at Tencent is in arrears",
    "isv.PARAM_LENGTH_LIMIT": "the message or a variable is too long",
    "isv.PARAM_NOT_SUPPORT_URL": "a variable contains a link",
    "isv.SIGN_STATE_ILLEGAL": "the sign is not approved",
    "isv.SMS_CONTENT_ILLEGAL": "the text contains a forbidden word",
    "isv.SMS_SIGNATURE_ILLEGAL": "the sign is unknown or not approved",
    "isv.SMS_TEMPLATE_ILLEGAL": "the template is unknown or not approved, or the text does not match it",
    "isv.TEMPLATE_MISSING_PARAMETERS": "a variable of the template has no value",
}
# What an operator has to settle, by Tencent's codes that open a hold (`error_codes.Scope`).
_HOLDS: dict[Code, str] = {
    1001: "the App Key is wrong, or it does not belong to this application",
    1003: "the signature is missing, which is an error of the bridge",
    1006: "the application lacks a permission for these sends: ask Tencent's support",
    1009: "this address is not on the application's whitelist",
    1011: "the address of the API is wrong: TENCENT_BASE_URL",
    1019: "the application does not exist: TENCENT_SDK_APP_ID",
    1020: "the application is disabled: TENCENT_SDK_APP_ID",
    1021: "the clock is wrong by more than ten minutes",
    1031: "no messages are left in the package: buy one",
    1033: "the account is in arrears",
    # Of API 3.0, where the words of v5's code for the same do not fit.
    "AuthFailure.SignatureFailure": "the key is wrong: TENCENT_SECRET_KEY",
    "AuthFailure.InvalidAuthorization": "the key is wrong: TENCENT_SECRET_ID, TENCENT_SECRET_KEY",
    "AuthFailure.SignatureExpire": "the clock is wrong by more than five minutes",
    "AuthFailure.SecretIdNotFound": "the key does not exist or is disabled: TENCENT_SECRET_ID",
    "AuthFailure.InvalidSecretId": "it is not an API key of Tencent Cloud: TENCENT_SECRET_ID",
    "AuthFailure.TokenFailure": "the key is a temporary one: TENCENT_SECRET_ID",
    "AuthFailure.MFAFailure": "the key needs a second factor: use that of a sub-account",
    "AuthFailure.UnauthorizedOperation": "no policy of the account allows the key to send: grant sms:SendSms",
    "UnauthorizedOperation": "no policy of the account allows the key to send: grant sms:SendSms",
    "InternalError.SigVerificationFail": "the error is within Tencent: ask its support",
    "InternalError.SigFieldMissing": "the error is within Tencent: ask its support",
    "InvalidParameter.AppidAndBizId": "the application is not of the key's account: TENCENT_SDK_APP_ID",
    "UnauthorizedOperation.SmsSdkAppIdVerifyFail": (
        "the application is not of the key's account: TENCENT_SDK_APP_ID"
    ),
    "UnsupportedRegion": "the region is wrong: TENCENT_REGION, such as ap-guangzhou",
}


def describe_refusal(code: Code) -> str:
    """Return in words why Tencent, or something in front of it, refuses the account; empty for other codes."""
    if is_http_status(code):
        return (
            "something else answers at Tencent's address: TENCENT_BASE_URL, a proxy or a firewall"
        )
    return next((_HOLDS[one] for one in synonyms(code) if one in _HOLDS), "")


def describe(code: str, reported: str = "") -> str:
    """Return a failure code in words: the bridge's own, or else the description that Tencent's report gave."""
    return _OWN.get(code) or _ALIYUN.get(code) or reported
