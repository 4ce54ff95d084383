import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import foreign_placeholders
from chalicelib.domain.template_text import UntranslatableError
from tests.support.property_tests import examples


@pytest.mark.parametrize(
    ("placeholder", "right"),
    [
        ("{name}", "${name}"),
        ("{ name }", "${name}"),
        ("{{name}}", "${name}"),
        ("{{ user.name }}", "${user}"),
        ("{{{name}}}", "${name}"),
        ("{0}", "${变量名}"),
        ("{1}", "${变量名}"),
        ("{}", "${变量名}"),
        ("{姓名}", "${姓名}"),
        ("${ name}", "${name}"),
        ("${name }", "${name}"),
        ("${}", "${变量名}"),
        ("${ }", "${变量名}"),
        ("${name", "${name}"),
        ("$name", "${name}"),
        ("$first_name", "${first_name}"),
        ("$_name", "${_name}"),
        ("$姓名", "${姓名您好}"),
        ("$(name)", "${name}"),
        ("$[name]", "${name}"),
        ("＄｛name｝", "${name}"),
        ("＄{name}", "${name}"),
        ("$｛name｝", "${name}"),
        ("｛name｝", "${name}"),
        ("﹛name﹜", "${name}"),
        ("＄name", "${name}"),
        ("$ {name}", "${name}"),
        ("{", "${变量名}"),
        ("name}", "${变量名}"),
        ("{${name}}", "${变量名}"),
    ],
)
def test_braces_and_dollars_are_refused_with_their_place_and_the_right_form(
    placeholder: str, right: str
) -> None:
    with pytest.raises(UntranslatableError) as caught:
        foreign_placeholders.check(f"亲爱的${{x}}, {placeholder}您好")
    place = 10 + {"$ {name}": 2, "name}": 4}.get(placeholder, 0)
    assert f"第 {place} 个字符处的“" in str(caught.value)
    assert f"请写成 {right};" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "您好",
        "亲爱的${name}, 您的订单${no}已发货",
        "${ name }",
        "${姓名}",
        "Only $5 today",
        "US$100, $ 5, 5$, $1.99",
        "Only $${price} today",
        "满100减20%, 低至50%的用户享20%折扣",
        "5#楼, #1",
        "1 < 2 > 0, a<b",
        "看 https://x.cn/%E4%BD%A0?a=1&b=[1] 吧",
        "service@name.com",
        "【店】您好",
    ],
)
def test_other_texts_are_accepted_without_a_warning(text: str) -> None:
    foreign_placeholders.check(text)
    assert foreign_placeholders.warnings(text) == []


@pytest.mark.parametrize(
    "placeholder",
    [
        "#name#",
        "#姓名#",
        "＃name＃",
        "%name%",
        "％name％",
        "<name>",
        "＜姓名＞",
        "<%= name %>",
        "[name]",
        "［姓名］",
        "@{name}",
        "#{name}",
        "%s",
        "%d",
        "%1$s",
        "%@",
    ],
)
def test_what_may_be_meant_is_accepted_with_a_warning(placeholder: str) -> None:
    text = f"亲爱的{placeholder}您好${{x}}"
    foreign_placeholders.check(text)
    [warning] = foreign_placeholders.warnings(text)
    assert f"第 4 个字符处的“{placeholder}”" in warning
    assert "请写成 ${" in warning


def test_warnings_and_what_they_show_are_few_and_short() -> None:
    assert len(foreign_placeholders.warnings("#name#" * 80)) == 3
    with pytest.raises(UntranslatableError) as caught:
        foreign_placeholders.check("{" + "长" * 400 + "}")
    assert len(str(caught.value)) < 150


@given(st.text(st.sampled_from("${}@#%<>[] \t＄｛｝＃％＜＞［］ab1名￼ﷺ"), max_size=30))
@examples(300)
def test_any_text_is_accepted_or_refused_with_a_place_in_it(text: str) -> None:
    try:
        foreign_placeholders.check(text)
    except UntranslatableError as error:
        place = int(str(error).partition("第 ")[2].partition(" ")[0])
        assert 1 <= place <= len(text)
    foreign_placeholders.warnings(text)
