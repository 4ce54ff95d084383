import pytest

from chalicelib.domain import reviews


@pytest.mark.parametrize(
    ("tencent", "quick_audience"), [(0, 1), (1, 0), (2, 2)], ids=["approved", "pending", "rejected"]
)
def test_a_review_status_is_translated(tencent: int, quick_audience: int) -> None:
    assert reviews.STATUS[tencent] == quick_audience


def test_the_stored_numbers_are_tencents() -> None:
    assert (reviews.APPROVED, reviews.PENDING, reviews.REJECTED) == (0, 1, 2)


def test_only_known_statuses_are_translated_each_to_its_own() -> None:
    assert set(reviews.STATUS) == set(reviews.STATUS.values()) == {0, 1, 2}


@pytest.mark.parametrize(
    ("quick_audience", "tencent"),
    [(0, 0), (1, 0), (2, 1), (3, 0)],
    ids=["captcha", "notification", "promotion", "international"],
)
def test_a_template_type_is_translated(quick_audience: int, tencent: int) -> None:
    assert reviews.TENCENT_TYPE[quick_audience] == tencent


def test_no_other_type_is_translated() -> None:
    assert set(reviews.TENCENT_TYPE) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("tencent", "international", "quick_audience"),
    [(0, 0, 1), (1, 0, 2), (2, 0, 1), (0, 1, 3), (1, 1, 3)],
    ids=["common", "marketing", "voice", "international", "international-marketing"],
)
def test_the_type_of_a_console_template_is_guessed(
    tencent: int, international: int, quick_audience: int
) -> None:
    assert reviews.quick_audience_type(tencent, international) == quick_audience


@pytest.mark.parametrize("no_comment", [reviews.NO_COMMENT_ON_SIGN, reviews.NO_COMMENT_ON_TEMPLATE])
@pytest.mark.parametrize("status", [reviews.APPROVED, reviews.PENDING, 7])
def test_only_a_rejection_has_a_reason(status: int, no_comment: str) -> None:
    assert reviews.reason(status, "whatever Tencent noted", no_comment) == no_comment


def test_a_rejection_has_tencents_reason() -> None:
    assert reviews.reason(reviews.REJECTED, "含有变量链接", "无审批备注") == "含有变量链接"


def test_a_rejection_without_a_reason_gets_a_default_text() -> None:
    assert reviews.reason(reviews.REJECTED, "", "无审批备注") == "审核未通过"


def test_the_comments_are_those_of_aliyun() -> None:
    assert reviews.NO_COMMENT_ON_SIGN == "无审核备注"
    assert reviews.NO_COMMENT_ON_TEMPLATE == "无审批备注"


@pytest.mark.parametrize(
    ("tencent", "quick_audience"), [(0, 1), (1, 0), (2, 3)], ids=["approved", "pending", "rejected"]
)
def test_a_digital_templates_review_status_has_its_own_numbers(
    tencent: int, quick_audience: int
) -> None:
    assert reviews.DIGITAL_STATUS[tencent] == quick_audience
    assert set(reviews.DIGITAL_STATUS) == {0, 1, 2}


@pytest.mark.parametrize(
    ("status", "reply", "said"),
    [(0, "ignored", "Success"), (2, "含敏感词", "含敏感词"), (2, "", "审核未通过")],
)
def test_the_three_carriers_have_equal_statuses(status: int, reply: str, said: str) -> None:
    assert reviews.carriers(status, reply) == {"UNICOM": said, "MOBILE": said, "TELCOM": said}


@pytest.mark.parametrize("status", [1, 7])
def test_no_carrier_has_a_status_while_the_review_is_pending(status: int) -> None:
    assert reviews.carriers(status, "") == {}
