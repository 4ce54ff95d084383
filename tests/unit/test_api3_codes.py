"""The error codes of API 3.0."""

import pytest

from chalicelib import setting_formats
from chalicelib.tencent import api3_codes, error_codes
from chalicelib.tencent.api3_codes import COUNTERPARTS, MEANINGS
from chalicelib.tencent.error_codes import CodeClass, Scope
from ops import failure_words


@pytest.mark.parametrize("code", MEANINGS)
def test_a_meaning_has_an_aliyun_code_and_a_chinese_text(code: str) -> None:
    meaning = MEANINGS[code]
    assert meaning.aliyun.startswith(("isv.", "isp."))
    assert any("\u4e00" <= character <= "\u9fff" for character in meaning.text)
    assert error_codes.meaning(code) is meaning


def test_every_code_of_the_sdk_and_of_the_gateway_is_listed() -> None:
    assert len(MEANINGS) == 94 + 35


@pytest.mark.parametrize("code", COUNTERPARTS)
def test_a_refusal_of_the_account_concerns_what_v5s_code_for_the_same_concerns(code: str) -> None:
    scope = error_codes.MEANINGS[COUNTERPARTS[code]].scope
    meaning = MEANINGS[code]
    if meaning.kind is not CodeClass.CONFIG:
        assert meaning.scope is Scope.CALL
    elif "." in code and not code.startswith("AuthFailure."):
        assert meaning.scope is scope
    else:
        # The gateway's concern the key, this address or the URL.
        assert meaning.scope is Scope.ACCOUNT


@pytest.mark.parametrize("code", [one for one in MEANINGS if MEANINGS[one].scope != Scope.CALL])
def test_a_code_that_holds_sends_has_words_for_operators(code: str) -> None:
    assert failure_words.describe_refusal(code)


def test_the_waitable_names_are_those_of_v5s_waitable_codes() -> None:
    named = {code for code, number in COUNTERPARTS.items() if number in setting_formats.WAITABLE}
    assert named == set(setting_formats.WAITABLE_NAMES)
    assert {COUNTERPARTS[name] for name in setting_formats.WAITABLE_NAMES} == set(
        setting_formats.WAITABLE
    )


UNKNOWN = {
    *("InternalError", "ServiceUnavailable", "ResourceUnavailable", "FailedOperation"),
    *("ResponseSizeLimitExceeded", "InternalError.OtherError", "InternalError.Timeout"),
    *("InternalError.ParseBackendResponseFail", "InternalError.SendAndRecvFail"),
    "InternalError.UnknownError",
}


def test_only_these_codes_leave_the_outcome_unknown() -> None:
    found = {code for code, meaning in MEANINGS.items() if meaning.kind is CodeClass.UNKNOWN}
    assert found == UNKNOWN


@pytest.mark.parametrize(
    ("written", "listed"),
    [
        ("FailedOperation.ContainSensitiveWord", "FailedOperation.ContainSensitiveWord"),
        (
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplat",
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
        ),
        (
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplates",
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
        ),
        ("UnsupportedOperation.", "UnsupportedOperation"),
        (
            "UnauthorizedOperation.SerivceSuspendDueToArrears",
            "UnauthorizedOperation.ServiceSuspendDueToArrears",
        ),
        ("UnsupportedOperation.UnsuportedRegion", "UnsupportedOperation.UnsupportedRegion"),
        (
            "UnauthorizedOperation.SdkAppidIsDisabled",
            "UnauthorizedOperation.SdkAppIdIsDisabled",
        ),
        (
            "UnauthorizedOperation.SmsSdkAppidVerifyFail",
            "UnauthorizedOperation.SmsSdkAppIdVerifyFail",
        ),
        ("internalerror.timeout", "InternalError.Timeout"),
        # It may also stand for InternalError.SigVerificationFail, which is longer and says that nothing was sent.
        ("InternalError.S", "InternalError.SendAndRecvFail"),
        ("FailedOperation.Something", None),
        ("FailedOperation.", "FailedOperation"),
        ("InternalError.Newcomer", None),
        ("Newcomer", None),
        ("", None),
        (".", None),
    ],
)
def test_a_code_is_found_as_tencent_spells_it(written: str, listed: str | None) -> None:
    assert api3_codes.listed(written) == listed


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AuthFailure.Newcomer", CodeClass.CONFIG),
        ("UnauthorizedOperation.Newcomer", CodeClass.CONFIG),
        ("RequestLimitExceeded.Newcomer", CodeClass.WAIT),
        ("InternalError.Newcomer", CodeClass.UNKNOWN),
        ("ServiceUnavailable.Newcomer", CodeClass.UNKNOWN),
        ("InvalidParameter.Newcomer", CodeClass.PERMANENT),
        ("InvalidParameterValue.Newcomer", CodeClass.PERMANENT),
        ("MissingParameter.Newcomer", CodeClass.PERMANENT),
        ("UnsupportedOperation.Newcomer", CodeClass.PERMANENT),
        ("LimitExceeded.Newcomer", CodeClass.PERMANENT),
        ("FailedOperation.Newcomer", CodeClass.PERMANENT),
        ("Newcomer", CodeClass.UNKNOWN),
        ("Newcomer.Newcomer", CodeClass.UNKNOWN),
    ],
)
def test_an_unlisted_code_has_the_class_of_its_first_part(code: str, kind: CodeClass) -> None:
    assert error_codes.meaning(code).kind is kind


def test_an_explanation_has_the_meaning_the_code_and_tencents_text() -> None:
    code = "LimitExceeded.PhoneNumberDailyLimit"
    assert error_codes.explain(code, "too many") == (
        "同一手机号当日发送超限(腾讯云 LimitExceeded.PhoneNumberDailyLimit: too many)"
    )


def test_a_pull_that_is_not_enabled_and_a_key_without_a_policy_have_different_remedies() -> None:
    deny = "UnauthorizedOperation.RequestPermissionDeny"
    assert error_codes.is_not_enabled(1006)
    assert error_codes.is_not_enabled(deny)
    assert not error_codes.lacks_policy(deny)
    for code in ("AuthFailure.UnauthorizedOperation", "UnauthorizedOperation"):
        assert error_codes.lacks_policy(code)
        assert not error_codes.is_not_enabled(code)
    assert not error_codes.is_not_enabled(1014)
    assert not error_codes.lacks_policy(1006)


def test_a_code_is_the_same_as_v5s_code_that_says_the_same() -> None:
    assert error_codes.synonyms("limitexceeded.AppDailyLimit") == (
        "limitexceeded.AppDailyLimit",
        "LimitExceeded.AppDailyLimit",
        1022,
    )
    assert error_codes.synonyms("Newcomer") == ("Newcomer",)
    assert error_codes.synonyms(1025) == (1025,)
