import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import template_text
from chalicelib.domain.template_text import Translation, UntranslatableError
from tests.support.property_tests import examples

names = st.text(
    st.characters(exclude_characters="{}$", exclude_categories=["Cs"]), min_size=1, max_size=15
).filter(lambda name: name == name.strip())
plain = st.text(st.characters(exclude_characters="{}$", exclude_categories=["Cs"]), max_size=12)


@st.composite
def contents(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Return a template and its variables in order, some of them repeated."""
    pool = draw(st.lists(names, min_size=1, max_size=4))
    used = draw(st.lists(st.sampled_from(pool), max_size=8))
    text = draw(plain)
    for name in used:
        text += f"${{{name}}}" + draw(plain)
    return text, used


@given(contents())
@examples(100)
def test_variables_are_numbered_in_order(content: tuple[str, list[str]]) -> None:
    text, used = content
    assert template_text.translate(text).names == tuple(used)


@given(contents())
@examples(100)
def test_a_translation_restores_to_the_template(content: tuple[str, list[str]]) -> None:
    translation = template_text.translate(content[0])
    assert template_text.restore(translation.text, translation.names) == content[0]


@given(contents(), st.data())
@examples(100)
def test_rendering_fills_every_variable_with_its_value(
    content: tuple[str, list[str]], data: st.DataObject
) -> None:
    text, used = content
    values = {name: data.draw(st.text(max_size=5)) for name in used}
    expected = text
    translation = template_text.translate(text)
    # Filled from the left, one at a time, so that a value that resembles a variable is kept.
    head = ""
    for name in used:
        before, _, expected = expected.partition(f"${{{name}}}")
        head += before + values[name]
    rendered = template_text.render(translation.text, [values[name] for name in translation.names])
    assert rendered == head + expected


def test_a_repeated_variable_gets_a_number_each_time() -> None:
    assert template_text.translate("${a}和${b}和${a}") == Translation(
        "{1}和{2}和{3}", ("a", "b", "a")
    )


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("${name}", "name"),
        ("${ name }", "name"),
        ("${\tname\n}", "name"),
        ("${姓名}", "姓名"),
        ("${first name}", "first name"),
        ("${1}", "1"),
        ("${sp_xxxx}", "sp_xxxx"),
        ("${😀}", "😀"),
    ],
)
def test_a_name_is_the_text_between_the_braces(content: str, name: str) -> None:
    assert template_text.translate(f"亲爱的{content},") == Translation("亲爱的{1},", (name,))


def test_braces_around_a_variable_are_text() -> None:
    translation = template_text.translate("{${a}}")
    assert template_text.render(translation.text, ["x"]) == "{x}"


@pytest.mark.parametrize(
    "content", ["", "你好", "{", "}", "{}", "{a}", "$", "$a", "$ {a}", "{0}", "{１}"]
)
def test_a_text_without_variables_is_unchanged(content: str) -> None:
    assert template_text.translate(content) == Translation(content, ())


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        ("您的验证码是{1}", ("1",)),
        ("{1}和{2}", ("1", "2")),
        ("{2}和{1}", ("1", "2")),
        ("{1}和{1}", ("1",)),
        ("{3}", ("1", "2", "3")),
        ("{01}", ("1",)),
    ],
)
def test_tencents_own_notation_is_unchanged(content: str, numbers: tuple[str, ...]) -> None:
    assert template_text.translate(content) == Translation(content, numbers)


@pytest.mark.parametrize("content", ["${a}{1}", "{1}${a}", "{12}或${a}", "{${a}1}", "${a}${b}{2}"])
def test_mixed_notations_are_refused_and_the_number_is_named(content: str) -> None:
    with pytest.raises(UntranslatableError, match=r"不能同时使用.*\{1\}"):
        template_text.translate(content)


@pytest.mark.parametrize(
    "content",
    ["${a", "${}", "${a${b}}", "${a}${", "${{a}}", "${a$b}", "${" * 100, "${" + " " * 490],
    ids=lambda content: content[:8],
)
def test_a_variable_that_is_never_closed_is_refused(content: str) -> None:
    with pytest.raises(UntranslatableError, match="未正确书写"):
        template_text.translate(content)


@pytest.mark.parametrize("content", ["${ }", "${   }", "${\n\t}"], ids=ascii)
def test_a_variable_without_a_name_is_refused(content: str) -> None:
    with pytest.raises(UntranslatableError):
        template_text.translate("您好" + content)


def test_a_dollar_sign_may_stand_before_a_variable() -> None:
    translation = template_text.translate("Only $${price} today")
    assert template_text.render(translation.text, ["5"]) == "Only $5 today"


def test_a_large_number_in_braces_does_not_create_that_many_variables() -> None:
    try:
        found = template_text.translate("订单{20000}已发货")
    except UntranslatableError:
        return
    assert len(found.names) <= 500


@pytest.mark.parametrize("number", ["500", "20000", "9" * 400])
def test_a_number_that_no_text_has_room_for_is_refused(number: str) -> None:
    with pytest.raises(UntranslatableError, match="过大"):
        template_text.translate(f"订单{{{number}}}已发货")


def test_a_number_without_a_name_is_kept() -> None:
    assert template_text.restore("{1}{2}{0}{99}", ["a"]) == "${a}{2}{0}{99}"


def test_a_number_without_a_value_is_kept() -> None:
    assert template_text.render("{1}{2}{0}", ["x"]) == "x{2}{0}"


def test_a_value_that_looks_like_a_number_is_not_filled_again() -> None:
    assert template_text.render("{1}{2}", ["{2}", "{1}"]) == r"{2}{1}"


def test_a_value_may_hold_the_syntax_of_regular_expressions() -> None:
    assert template_text.render("{1}", [r"\1\g<0>"]) == r"\1\g<0>"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("你好", ()),
        ("{0}", ()),
        ("{1}", ("1",)),
        ("{2}x{10}", tuple(map(str, range(1, 11)))),
    ],
)
def test_the_names_of_a_console_template_are_its_numbers(text: str, found: tuple[str, ...]) -> None:
    assert template_text.variables(text) == found


def test_a_console_template_restores_and_translates_to_itself() -> None:
    text = "{1}您好, 您的验证码是{2}"
    content = template_text.restore(text, template_text.variables(text))
    assert content == "${1}您好, 您的验证码是${2}"
    assert template_text.translate(content) == Translation(text, ("1", "2"))


def warned(content: str, *, promotional: bool = False) -> str:
    return ";".join(
        template_text.warnings(template_text.translate(content), promotional=promotional)
    )


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("你好${a}${b}", "相邻"),
        ("你好${a} ${b}", "相邻"),
        ("你好{1}{2}", "相邻"),
        ("${a}", "只由变量"),
        (" ${a} ", "只由变量"),
        ("【品牌】你好", "【】"),
        ("你好】", "【】"),
        ("【你好", "【】"),
        ("看 http://x.cn/abc?ph=${sp_xxxx}", "链接"),
        ("看HTTPS://x.cn/${a}", "链接"),
        ("看www.${a}.com", "链接"),
    ],
)
def test_a_text_that_reviewers_reject_causes_a_warning(content: str, what: str) -> None:
    assert what in warned(content)


@pytest.mark.parametrize(
    "content",
    [
        "你好",
        "你好${a}, ${b}",
        "${a}你好",
        "看 http://x.cn/abc ${a}",
        "看 http://x.cn/abc，${a}",
        "http://x.cn/abc。${a}",
        "[品牌]你好",
    ],
)
def test_a_text_that_reviewers_accept_causes_no_warning(content: str) -> None:
    assert warned(content) == ""


@pytest.mark.parametrize(
    "phrase",
    [
        "拒收请回复R",
        "回T退订",
        "回TD退订",
        "回复TD退订",
        "退订回T",
        "退订回复N",
        "拒收回R",
        "回 复 R",
        "回t退订",
    ],
)
def test_a_promotion_with_an_unsubscribe_hint_causes_no_warning(phrase: str) -> None:
    assert warned("全场五折 " + phrase, promotional=True) == ""


@pytest.mark.parametrize(
    "content", ["全场五折", "欢迎回家", "请回电", "回馈新老顾客", "欢迎回TCL旗舰店"]
)
def test_a_promotion_without_an_unsubscribe_hint_causes_a_warning(content: str) -> None:
    assert "退订" in warned(content, promotional=True)
    assert warned(content) == ""


def test_an_invitation_to_reply_is_not_an_unsubscribe_hint() -> None:
    assert "退订" in warned("回复1领取优惠券", promotional=True)


def test_all_warnings_are_given_at_once() -> None:
    both = template_text.warnings(template_text.translate("${a}${b}"), promotional=True)
    assert both == [
        "两个变量不能相邻",
        "模板不能只由变量组成",
        "营销短信须包含退订方式, 例如“拒收请回复R”",
    ]
    linked = template_text.warnings(
        template_text.translate("【牌 http://x.cn/${a}"), promotional=False
    )
    assert linked == ["正文不能包含【】, 签名会自动添加", "链接中不能包含变量(含短链参数)"]
