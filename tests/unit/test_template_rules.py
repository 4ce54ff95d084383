"""Tencent's rules for templates since 2024."""

import pytest

from chalicelib.domain import template_rules, template_text
from chalicelib.domain.reviews import CAPTCHA, INTERNATIONAL, NOTIFICATION, PROMOTION


def warned(content: str, kind: int) -> str:
    return ";".join(template_rules.warnings(template_text.translate(content), kind))


def refused(content: str) -> str:
    return ";".join(template_rules.refusals(template_text.translate(content).text))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("您好${a}${b}", "相邻"),
        ("您好{1}{2}", "相邻"),
        ("${a}", "只由变量"),
        (" ${a}\n", "只由变量"),
        ("${a} ${b}", "只由变量"),
        ("【店】您好", "【】"),
        ("您好】", "【】"),
    ],
)
def test_what_is_documented_as_refused_is_refused(content: str, said: str) -> None:
    assert said in refused(content)


@pytest.mark.parametrize(
    "content",
    ["您好", "您好${a}, ${b}", "您好${a} ${b}", "看 http://x.cn/${a} 吧", "★¥", "", "[店]您好"],
)
def test_what_reviewers_may_reject_is_not_refused(content: str) -> None:
    assert refused(content) == ""


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        ("全场五折", PROMOTION, "拒收请回复R"),
        ("全场五折 回T退订", PROMOTION, "以“拒收请回复R”结尾"),
        ("全场五折 拒收请回复R 详见门店", PROMOTION, "结尾"),
        ("看 http://x.cn/abc 吧", NOTIFICATION, "备案"),
        ("看 www.x.com", PROMOTION, "备案"),
        ("看x.cn/abc", NOTIFICATION, "备案"),
        ("看m.x.com.cn", NOTIFICATION, "备案"),
        ("看dwz.tax/Ab1", PROMOTION, "备案"),
        ("看 http://x.cn/${a} 吧", NOTIFICATION, "链接中不能包含变量"),
        ("您好${a} ${b}", NOTIFICATION, "相邻"),
        ("${a}您好, ${b}", NOTIFICATION, "2 个不同的变量(a、b)"),
        ("${a},${b},${c},${d},${e},${f},您好", NOTIFICATION, "6 个不同的变量(a、b、c、d、e等)"),
        ("${code}是您的密码", CAPTCHA, "验证码"),
        ("★特惠¥5 拒收请回复R", PROMOTION, "¥★"),
    ],
)
def test_what_reviewers_or_carriers_reject_is_warned_of(content: str, kind: int, said: str) -> None:
    assert said in warned(content, kind)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("您好", NOTIFICATION),
        ("您好${a}, 再见${a}", NOTIFICATION),
        ("全场五折 拒收请回复R", PROMOTION),
        ("全场五折, 拒收请回复R。 ", PROMOTION),
        ("您的验证码是${code}, ${n}分钟内有效", CAPTCHA),
        ("Hello ${a}, see https://x.com/abc ${b}", INTERNATIONAL),
        ("满 2.5 元, 见 index.community", NOTIFICATION),
    ],
)
def test_a_good_text_causes_no_warning(content: str, kind: int) -> None:
    assert warned(content, kind) == ""
