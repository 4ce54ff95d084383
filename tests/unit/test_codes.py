import pytest

from chalicelib.tencent import codes
from chalicelib.tencent.codes import Kind

# Tencent's list (tencent-facts.md §2) and what each lets us do; beside it the code of Aliyun's
# vocabulary (quick-audience-facts.md §3), None where that has no row for it.
PUBLISHED = [
    (1001, Kind.CONFIG, "isp.RAM_PERMISSION_DENY"),
    (1002, Kind.PERMANENT, "isv.SMS_CONTENT_ILLEGAL"),
    (1003, Kind.CONFIG, "isp.RAM_PERMISSION_DENY"),
    (1004, Kind.PERMANENT, "isv.INVALID_PARAMETERS"),
    (1006, Kind.CONFIG, "isp.RAM_PERMISSION_DENY"),
    (1007, Kind.PERMANENT, "isp.SYSTEM_ERROR"),
    (1008, Kind.UNKNOWN, "isp.SYSTEM_ERROR"),
    (1009, Kind.CONFIG, "isp.RAM_PERMISSION_DENY"),
    (1011, Kind.CONFIG, None),
    (1012, Kind.PERMANENT, "isv.SMS_SIGNATURE_ILLEGAL"),
    (1013, Kind.WAIT, "isv.BUSINESS_LIMIT_CONTROL"),
    (1014, Kind.PERMANENT, "isv.SMS_TEMPLATE_ILLEGAL"),
    (1015, Kind.NUMBER, "isv.BLACK_KEY_CONTROL_LIMIT"),
    (1016, Kind.NUMBER, "isv.MOBILE_NUMBER_ILLEGAL"),
    (1017, Kind.PERMANENT, "isv.PARAM_LENGTH_LIMIT"),
    (1018, Kind.PERMANENT, None),
    (1019, Kind.CONFIG, "isp.RAM_PERMISSION_DENY"),
    (1020, Kind.CONFIG, "isp.RAM_PERMISSION_DENY"),
    (1021, Kind.CONFIG, "isp.SYSTEM_ERROR"),
    (1022, Kind.PERMANENT, "isv.DAY_LIMIT_CONTROL"),
    (1023, Kind.NUMBER, "isv.BUSINESS_LIMIT_CONTROL"),
    (1024, Kind.NUMBER, "isv.BUSINESS_LIMIT_CONTROL"),
    (1025, Kind.NUMBER, "isv.BUSINESS_LIMIT_CONTROL"),
    (1026, Kind.NUMBER, "isv.BUSINESS_LIMIT_CONTROL"),
    (1029, Kind.PERMANENT, "isv.BUSINESS_LIMIT_CONTROL"),
    (1030, Kind.PERMANENT, None),
    (1031, Kind.CONFIG, "isv.AMOUNT_NOT_ENOUGH"),
    (1032, Kind.CONFIG, None),
    (1033, Kind.CONFIG, "isv.OUT_OF_SERVICE"),
    (1034, Kind.PERMANENT, "isv.MOBILE_NUMBER_ILLEGAL"),
    (1036, Kind.PERMANENT, "isv.PARAM_LENGTH_LIMIT"),
    (1038, Kind.PERMANENT, "isv.PARAM_LENGTH_LIMIT"),
    (1045, Kind.NUMBER, "isv.MOBILE_NUMBER_ILLEGAL"),
    (1046, Kind.PERMANENT, "isv.MOBILE_COUNT_OVER_LIMIT"),
    (1047, Kind.PERMANENT, "isv.DAY_LIMIT_CONTROL"),
    (1048, Kind.PERMANENT, "isv.PARAM_NOT_SUPPORT_URL"),
    (60008, Kind.UNKNOWN, "isp.SYSTEM_ERROR"),
]


@pytest.mark.parametrize(("code", "kind", "aliyun"), PUBLISHED, ids=str)
def test_a_published_code_has_its_class_and_its_aliyun_code(
    code: int, kind: Kind, aliyun: str | None
) -> None:
    meaning = codes.MEANINGS[code]
    assert meaning.kind is kind
    if aliyun:
        assert meaning.aliyun == aliyun


def test_every_published_code_and_no_other_is_in_the_table() -> None:
    assert sorted(codes.MEANINGS) == [code for code, *_ in PUBLISHED]


def test_only_the_two_timeouts_leave_it_open_whether_something_was_sent() -> None:
    unknown = [code for code, meaning in codes.MEANINGS.items() if meaning.kind is Kind.UNKNOWN]
    assert unknown == [1008, 60008]


@pytest.mark.parametrize("meaning", codes.MEANINGS.values(), ids=codes.MEANINGS.keys())
def test_a_meaning_is_in_aliyuns_vocabulary_and_in_words(meaning: codes.Meaning) -> None:
    assert meaning.aliyun.startswith(("isv.", "isp."))
    assert meaning.text


@pytest.mark.parametrize(
    "code", [1005, 1010, 1027, 1028, 1035, 1037, 1039, 1044, 60012, -1, 302, 404, 10**30]
)
def test_an_unpublished_code_is_a_permanent_refusal(code: int) -> None:
    assert codes.meaning(code).kind is Kind.PERMANENT
    assert codes.meaning(code).aliyun == "isp.SYSTEM_ERROR"


@pytest.mark.parametrize("code", [1014, 1015, 60012])
def test_an_explanation_has_the_meaning_the_number_and_tencents_text(code: int) -> None:
    text = codes.explain(code, "package format error")
    assert codes.meaning(code).text in text
    assert str(code) in text
    assert "package format error" in text


def test_an_explanation_without_tencents_text_has_no_loose_end() -> None:
    assert codes.explain(1014, "") == "模板未审批或内容不匹配(腾讯云 1014)"
