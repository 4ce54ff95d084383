import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.lenient_json import MAX_DEPTH, NestedTooDeeplyError, integer, is_blank, loads
from tests.support.property_tests import examples

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(values, st.booleans())
@examples(150)
def test_escaped_and_unescaped_json_are_read(value: Any, escaped: bool) -> None:
    assert loads(json.dumps(value, ensure_ascii=escaped)) == value


@pytest.mark.parametrize(
    "fraction", ["5.0", "-0.0", "0.10", "1e5", "1E-2", "1e999", "0.1000000000000000055"]
)
def test_a_fraction_is_read_as_its_own_text(fraction: str) -> None:
    assert loads(f'[{fraction}, {{"x": {fraction}}}]') == [fraction, {"x": fraction}]


@pytest.mark.parametrize("number", [0, -1, 13900001111, 2**63, 10**4000], ids=lambda n: str(n)[:12])
def test_a_whole_number_keeps_all_its_digits(number: int) -> None:
    assert loads(str(number)) == number


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "[NaN]", '{"a": Infinity}'])
def test_javascripts_special_numbers_are_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="is not JSON"):
        loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "{'a': 1}",
        "[1,]",
        "01",
        "+1",
        "nan",
        "{} {}",
        "\0",
        "\ufeff",
        "{\0}",
        "{\ufeff}",
        "[1" + "0" * 5000 + "]",
    ],
    ids=lambda text: ascii(text)[:12],
)
def test_invalid_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\ud800"', "?"),
        (r'"\udfff"', "?"),
        (r'"\uDC00\uD800"', "??"),
        (r'["a\ud83d", "\ud83d\ude00"]', ["a?", "😀"]),
        (r'{"\ud800": 1}', {"?": 1}),
        (r'{"a": {"b": ["\udbff", 5.0]}}', {"a": {"b": ["?", "5.0"]}}),
        ('"李雷\ud83d"', "李雷?"),
        (r'"李雷\\ud83d\ud83d"', r"李雷\ud83d?"),
    ],
)
def test_half_a_character_becomes_a_question_mark(text: str, value: Any) -> None:
    assert loads(text) == value


@pytest.mark.parametrize("control", ["\n", "\t", "\0", "\r\n", "\x1f", "\x7f", "\u2028", "\u0085"])
def test_raw_control_characters_are_read_inside_strings(control: str) -> None:
    text = f'{{"a{control}": ["b{control}c"]}}'
    for content in (text, text.encode()):
        assert loads(content) == {f"a{control}": [f"b{control}c"]}


@pytest.mark.parametrize("before", ["", "\ufeff", "\ufeff\ufeff", "\r\n\t ", " \ufeff\n"])
@pytest.mark.parametrize("behind", ["", "\n", "\0", "\0\0\0", "\ufeff", " \r\n\0"])
def test_byte_order_marks_and_blanks_around_json_are_ignored(before: str, behind: str) -> None:
    text = f'{before}{{"a": "好"}}{behind}'
    for content in (text, text.encode()):
        assert loads(content) == {"a": "好"}


CHINESE = '{"errmsg": "手机号格式错误😀", "联通": [1, "é"]}'


@pytest.mark.parametrize(
    "encoding",
    [
        *("utf-8", "utf-8-sig", "gb18030"),
        *("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
    ],
)
def test_bytes_are_read_in_whatever_encoding_they_are(encoding: str) -> None:
    assert loads(CHINESE.encode(encoding)) == json.loads(CHINESE)


@pytest.mark.parametrize("text", ["退订", "好的, 谢谢", "【某某科技】您好", "T退订"])
def test_a_short_text_in_gbk_is_read(text: str) -> None:
    assert loads(f'{{"text": "{text}"}}'.encode("gbk")) == {"text": text}


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ('{"text": "收到退'.encode()[:-1] + b'"}', "收到?"),
        (b'{"text": "\x80\x81' + "收到退订".encode() + b'"}', "??收到退订"),
        (b'{"text": "caf\xe9"}', "caf?"),
        (b'{"text": "\xff"}', "?"),
    ],
    ids=["cut", "continued", "latin-1", "never valid"],
)
def test_a_broken_byte_becomes_a_question_mark(content: bytes, value: str) -> None:
    assert loads(content) == {"text": value}


@pytest.mark.parametrize("content", [b"", b"\xff", b"\xff\xfe", b"\xfe\xff\0", b"\x80abc", b"\0\0"])
def test_bytes_that_are_no_text_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        loads(content)


@given(st.binary(max_size=60))
@examples(300)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for integers in (False, True):
        try:
            value = loads(content, integers=integers)
        except ValueError:
            continue
        json.dumps(value, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("text", "value"), [(r'"\ud83d\ude00"', "😀"), (r'"\\ud800"', r"\ud800"), (r'"\u0000"', "\0")]
)
def test_a_text_that_only_resembles_half_a_character_is_read(text: str, value: str) -> None:
    assert loads(text) == value


@pytest.mark.parametrize("opener", ["[", '{"a":', '[{"a":[1,'])
def test_excessive_nesting_raises_a_value_error(opener: str) -> None:
    with pytest.raises(NestedTooDeeplyError):
        loads(opener * 100_000)


@pytest.mark.parametrize(
    ("opener", "closer"), [("[", "]"), ('{"a":', "}"), ('["[", {}, ', "]"), ('["]", ', "]")]
)
def test_the_greatest_depth_is_the_same_everywhere(opener: str, closer: str) -> None:
    innermost = '{"a": 1}'
    levels = MAX_DEPTH - 1
    assert loads(opener * levels + innermost + closer * levels)
    for levels in (MAX_DEPTH, 900):
        with pytest.raises(NestedTooDeeplyError):
            loads(opener * levels + innermost + closer * levels)


def test_brackets_in_texts_and_side_by_side_are_no_depth() -> None:
    values: list[Any] = ["[" * 500, ["{[" * 500], [[]] * 500, [{"a": []}] * 500, {"[" * 200: {}}]
    for value in values:
        assert loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("content", "blank"),
    [
        *((b"", True), (b" \r\n\t", True), (b"\xef\xbb\xbf", True), (b"\0", False)),
        *(
            (b"\xef\xbb\xbf\xef\xbb\xbf ", True),
            (b"{}", False),
            (b"\xff\xfe", False),
            (b"0", False),
        ),
    ],
)
def test_bytes_that_hold_nothing_are_blank(content: bytes, *, blank: bool) -> None:
    assert is_blank(content) is blank


def test_integers_may_be_written_as_fractions() -> None:
    text = (
        '{"result": 0.0, "fee": 2.00, "mobile": 1.3900001111E10, "share": 0.5, "n": 7, "t": "5.0"}'
    )
    assert loads(text, integers=True) == {
        "result": 0,
        "fee": 2,
        "mobile": 13900001111,
        "share": "0.5",
        "n": 7,
        "t": "5.0",
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((0, 0), (200, 200), (-1, -1), (2**70, 2**70)),
        *((200.0, 200), (-0.0, 0), (1.3900001111e10, 13900001111), (0.9, None)),
        *(("200", 200), (" 200 ", 200), ("200.0", 200), ("200.", 200), ("+200", 200), ("-1.0", -1)),
        *(("2e2", 200), ("2.5E+1", 25), ("200000E-3", 200), ("0e-9", 0), ("0.000", 0)),
        *(("1.3900001111E10", 13900001111), ("007", 7), ("1" + "0" * 39, 10**39)),
        *(("0.9", None), ("2e-1", None), ("25e-1", None), ("1.39E+1", None), ("1e999", None)),
        *(("", None), (" ", None), (".5", None), ("-", None), ("２００", None), ("2_00", None)),
        *(("200 OK", None), ("0x10", None), ("1e9999", None), ("9" * 5000, None), ("OK", None)),
        *((True, None), (False, None), (None, None), ([200], None), ({}, None)),
        *((float("inf"), None), (float("nan"), None)),
    ],
    ids=lambda value: repr(value)[:16],
)
def test_an_integer_is_read_in_every_spelling(value: Any, expected: int | None) -> None:
    assert integer(value) == expected


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_a_constant_that_is_no_number_is_null_in_callbacks_and_answers(constant: str) -> None:
    assert loads(f'[{{"time": {constant}}}]', integers=True) == [{"time": None}]
