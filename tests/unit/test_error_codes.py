import pytest

from chalicelib.tencent import error_codes
from chalicelib.tencent.error_codes import CodeClass, Scope

# Tencent's published codes with their classes and the codes of Aliyun's vocabulary, None where that has none.
PUBLISHED = [
    (1001, CodeClass.CONFIG, "isp.RAM_PERMISSION_DENY"),
    (1002, CodeClass.PERMANENT, "isv.SMS_CONTENT_ILLEGAL"),
    (1003, CodeClass.CONFIG, "isp.RAM_PERMISSION_DENY"),
    (1004, CodeClass.PERMANENT, "isv.INVALID_PARAMETERS"),
    (1006, CodeClass.CONFIG, "isp.RAM_PERMISSION_DENY"),
    (1007, CodeClass.PERMANENT, "isp.SYSTEM_ERROR"),
    (1008, CodeClass.UNKNOWN, "isp.SYSTEM_ERROR"),
    (1009, CodeClass.CONFIG, "isp.RAM_PERMISSION_DENY"),
    (1011, CodeClass.CONFIG, None),
    (1012, CodeClass.PERMANENT, "isv.SMS_SIGNATURE_ILLEGAL"),
    (1013, CodeClass.WAIT, "isv.BUSINESS_LIMIT_CONTROL"),
    (1014, CodeClass.PERMANENT, "isv.SMS_TEMPLATE_ILLEGAL"),
    (1015, CodeClass.NUMBER, "isv.BLACK_KEY_CONTROL_LIMIT"),
    (1016, CodeClass.NUMBER, "isv.MOBILE_NUMBER_ILLEGAL"),
    (1017, CodeClass.PERMANENT, "isv.PARAM_LENGTH_LIMIT"),
    (1018, CodeClass.PERMANENT, None),
    (1019, CodeClass.CONFIG, "isp.RAM_PERMISSION_DENY"),
    (1020, CodeClass.CONFIG, "isp.RAM_PERMISSION_DENY"),
    (1021, CodeClass.CONFIG, "isp.SYSTEM_ERROR"),
    (1022, CodeClass.PERMANENT, "isv.DAY_LIMIT_CONTROL"),
    (1023, CodeClass.NUMBER, "isv.BUSINESS_LIMIT_CONTROL"),
    (1024, CodeClass.NUMBER, "isv.BUSINESS_LIMIT_CONTROL"),
    (1025, CodeClass.NUMBER, "isv.BUSINESS_LIMIT_CONTROL"),
    (1026, CodeClass.NUMBER, "isv.BUSINESS_LIMIT_CONTROL"),
    (1029, CodeClass.PERMANENT, "isv.BUSINESS_LIMIT_CONTROL"),
    (1030, CodeClass.PERMANENT, None),
    (1031, CodeClass.CONFIG, "isv.AMOUNT_NOT_ENOUGH"),
    (1032, CodeClass.CONFIG, None),
    (1033, CodeClass.CONFIG, "isv.OUT_OF_SERVICE"),
    (1034, CodeClass.PERMANENT, "isv.MOBILE_NUMBER_ILLEGAL"),
    (1036, CodeClass.PERMANENT, "isv.PARAM_LENGTH_LIMIT"),
    (1038, CodeClass.PERMANENT, "isv.PARAM_LENGTH_LIMIT"),
    (1045, CodeClass.NUMBER, "isv.MOBILE_NUMBER_ILLEGAL"),
    (1046, CodeClass.PERMANENT, "isv.MOBILE_COUNT_OVER_LIMIT"),
    (1047, CodeClass.PERMANENT, "isv.DAY_LIMIT_CONTROL"),
    (1048, CodeClass.PERMANENT, "isv.PARAM_NOT_SUPPORT_URL"),
    (60008, CodeClass.UNKNOWN, "isp.SYSTEM_ERROR"),
]


@pytest.mark.parametrize(("code", "kind", "aliyun"), PUBLISHED, ids=str)
def test_a_published_code_has_its_class_and_its_aliyun_code(
    code: int, kind: CodeClass, aliyun: str | None
) -> None:
    meaning = error_codes.MEANINGS[code]
    assert meaning.kind is kind
    if aliyun:
        assert meaning.aliyun == aliyun


def test_every_published_code_and_no_other_is_in_the_table() -> None:
    assert sorted(error_codes.MEANINGS) == [code for code, *_ in PUBLISHED]


def test_each_refusal_of_the_account_concerns_all_sends_or_one_kind_of_them() -> None:
    scopes = {code: meaning.scope for code, meaning in error_codes.MEANINGS.items()}
    account = [code for code, scope in scopes.items() if scope is Scope.ACCOUNT]
    kind = [code for code, scope in scopes.items() if scope is Scope.KIND]
    assert account == [1001, 1003, 1009, 1019, 1020, 1021, 1033]
    assert kind == [1006, 1011, 1031]
    config = [code for code, code_class, _ in PUBLISHED if code_class is CodeClass.CONFIG]
    assert sorted([*account, *kind, 1032]) == config, "1032 concerns one template"


def test_only_the_two_timeout_codes_leave_the_outcome_unknown() -> None:
    unknown = [
        code for code, meaning in error_codes.MEANINGS.items() if meaning.kind is CodeClass.UNKNOWN
    ]
    assert unknown == [1008, 60008]


@pytest.mark.parametrize("meaning", error_codes.MEANINGS.values(), ids=error_codes.MEANINGS.keys())
def test_a_meaning_has_an_aliyun_code_and_a_text(meaning: error_codes.Meaning) -> None:
    assert meaning.aliyun.startswith(("isv.", "isp."))
    assert meaning.text


@pytest.mark.parametrize(
    "code", [1005, 1010, 1027, 1028, 1035, 1037, 1039, 1044, 60012, -1, 302, 404, 10**30]
)
def test_an_unpublished_code_is_a_permanent_refusal(code: int) -> None:
    assert error_codes.meaning(code).kind is CodeClass.PERMANENT
    assert error_codes.meaning(code).aliyun == "isp.SYSTEM_ERROR"


@pytest.mark.parametrize("code", [1014, 1015, 60012])
def test_an_explanation_has_the_meaning_the_number_and_tencents_text(code: int) -> None:
    text = error_codes.explain(code, "package format error")
    assert error_codes.meaning(code).text in text
    assert str(code) in text
    assert "package format error" in text


def test_an_explanation_without_tencents_text_ends_cleanly() -> None:
    assert error_codes.explain(1014, "") == "模板未审批或内容不匹配(腾讯云 1014)"


@pytest.mark.parametrize("code", error_codes.MEANINGS)
@pytest.mark.parametrize("said", ["", "no", "no (腾讯云 1007: x)"])
def test_a_documented_code_says_certainly_that_nothing_was_sent(code: int, said: str) -> None:
    certain = code not in (1007, 1008, 60008)
    assert error_codes.explains_certain(error_codes.explain(code, said)) is certain


@pytest.mark.parametrize(
    "code",
    [
        0,
        9999,
        302,
        403,
        499,
        "1016",
        "FailedOperation",
        "FailedOperation.OtherError",
        "FailedOperation.ParametersOtherError",
        "FailedOperation.Unpublished1",
        "FailedOperation.PhoneNumber",
        "InternalError.New",
        "InternalError.OtherError",
        "ServiceUnavailable.New",
        "Surprise",
        "Surprise.New",
        "Surprise: (腾讯云 1016: no)",
        "",
    ],
)
@pytest.mark.parametrize("said", ["", "no", "(腾讯云 1016: no)"])
def test_other_codes_do_not(code: error_codes.Code, said: str) -> None:
    assert not error_codes.explains_certain(error_codes.explain(code, said))


@pytest.mark.parametrize(
    "code",
    [
        "FailedOperation.ContainSensitiveWord",
        "FailedOperation.containsensitiveword.",
        "InvalidParameterValue.IncorrectPhoneNumber",
        "InvalidParameterValue.New",
        "UnauthorizedOperation.New",
        "LimitExceeded.New",
        "UnsupportedOperation.UnsuportedRegion",
    ],
)
def test_names_of_documented_refusals_do(code: str) -> None:
    assert error_codes.explains_certain(error_codes.explain(code, "no"))


@pytest.mark.parametrize(
    "text", ["", "手机号格式错误", "手机号格式错误(腾讯云 1016", "(腾讯云 1016: no)"]
)
def test_a_text_that_explains_no_code_is_not_certain(text: str) -> None:
    assert not error_codes.explains_certain(text)
