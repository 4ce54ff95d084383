"""The lines of a recipient file (§5)."""

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import file_lines, file_survey, phones, recipient_file
from chalicelib.domain.file_lines import MAX_LINE
from chalicelib.domain.file_survey import Survey
from chalicelib.domain.planning import Failure
from chalicelib.domain.recipient_file import BadLine, RecipientLine
from tests.support.property_tests import examples

ILLEGAL = "isv.MOBILE_NUMBER_ILLEGAL"
SEPARATORS = ["", " ", ",", ";", "|", "\t", " , ", "\t|\t", "，", "；"]
# Characters that GBK has, too, without control characters, which marketers don't write.
TEXTS = st.text(st.characters(codec="gbk", exclude_categories=["Cc", "Cs"]), max_size=20)


def raw(data: bytes) -> list[bytes]:
    return [line.raw for line in file_lines.split([data])]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (b"a\rb\r\rc", [b"a", b"b", b"", b"c"]),
        (b"a\r\nb\rc\nd", [b"a", b"b", b"c", b"d"]),
        (b"a\x0bb\x0cc\x1cd\x1de\x1ef", [b"a", b"b", b"c", b"d", b"e", b"f"]),
        ("a\u2028b\u2029c\x85d".encode(), [b"a", b"b", b"c", b"d"]),
        ('1 {"a":"x\u2028\x85y"}\u2028b'.encode(), ['1 {"a":"x\u2028\x85y"}'.encode(), b"b"]),
        (b"\n\na", [b"", b"", b"a"]),
        (b"\xef\xbb\xbfa\nb", [b"a", b"b"]),
        (b"a\n\xef\xbb\xbfb", [b"a", b"\xef\xbb\xbfb"]),
    ],
)
def test_lines_are_split_at_every_kind_of_line_break(data: bytes, expected: list[bytes]) -> None:
    assert raw(data) == expected


def ended(data: bytes) -> list[str]:
    """Return the lines of bytes that have line ends of one byte only."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    # str.splitlines knows U+0085, too, which is no line end of a byte.
    return [line.replace("\x00N", "\x85") for line in text.replace("\x85", "\x00N").splitlines()]


@examples(300)
@given(
    st.binary(max_size=300).filter(lambda data: not re.search(b"\xc2\x85|\xe2\x80[\xa8\xa9]", data))
    | st.text("\n\r 1", max_size=60).map(str.encode),
    st.data(),
)
def test_lines_do_not_depend_on_how_the_bytes_are_divided(data: bytes, more: st.DataObject) -> None:
    cuts = sorted(more.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    parts = [data[first:last] for first, last in pairwise([0, *cuts, len(data)])]
    found = list(file_lines.split(parts))
    assert found == list(file_lines.split([data]))
    assert [line.number for line in found] == list(range(1, len(found) + 1))
    assert not found or found[-1].end == len(data)
    assert [line.raw.decode("latin-1") for line in found] == ended(data)
    # Reading from the end of any line gives the same following lines, which checkpoints rely on.
    for line in found:
        rest = list(file_lines.split([data[line.end :]]))
        assert [one.end + line.end for one in rest] == [one.end for one in found[line.number :]]


@pytest.mark.parametrize("size", [MAX_LINE, MAX_LINE + 1, MAX_LINE + 2, 10 * MAX_LINE])
def test_an_endless_line_is_not_kept_and_the_next_lines_keep_their_offsets(size: int) -> None:
    data = b"1" * size + b"\n13900001111\n" + b"2" * size
    found = list(file_lines.split([data[n : n + 1000] for n in range(0, len(data), 1000)]))
    assert [line.end for line in found] == [size + 1, size + 13, 2 * size + 13]
    assert found[1].raw == b"13900001111"
    assert all(len(line.raw) <= MAX_LINE + 1000 for line in found)
    entry = recipient_file.parse(found[0].raw, "utf-8")
    assert isinstance(entry, BadLine)
    code = "isv.PARAM_LENGTH_LIMIT" if size > MAX_LINE else ILLEGAL
    assert entry.failure.code == code


@pytest.mark.parametrize(
    ("text", "phone", "given", "params"),
    [
        ("13900001111", "8613900001111", "13900001111", {}),
        ("  13900001111\t\r", "8613900001111", "13900001111", {}),
        ("+8613900001111", "8613900001111", "+8613900001111", {}),
        ("85251234567", "85251234567", "85251234567", {}),
        ("139 0000 1111,", "8613900001111", "139 0000 1111", {}),
        ("139-0000-1111", "8613900001111", "139-0000-1111", {}),
        ('13900001111{"a":1}', "8613900001111", "13900001111", {"a": 1}),
        ('13900001111 , {"a":"{x}"} ;', "8613900001111", "13900001111", {"a": "{x}"}),
        ('13900001111 {"a":5.0}', "8613900001111", "13900001111", {"a": "5.0"}),
        ("13900001111 {}", "8613900001111", "13900001111", {}),
        ('13900001111 {"a":"\\ud800"}', "8613900001111", "13900001111", {"a": "?"}),
    ],
)
def test_a_line_with_a_recipient_is_read(text: str, phone: str, given: str, params: object) -> None:
    assert recipient_file.parse(text.encode(), "utf-8") == RecipientLine(phone, given, params)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\t",
        "\r",
        " \r",
        ",,,",
        ";;",
        "\u3000",
        "\u00a0",
        "\x1a",
        '"",""',
        "\ufeff",
        "\u200b,",
        "'",
    ],
    ids=ascii,
)
def test_field_7_a_line_without_content_is_blank(text: str) -> None:
    assert recipient_file.parse(text.encode(), "utf-8") is None


@pytest.mark.parametrize(
    ("text", "given", "code"),
    [
        ("手机号", "", ILLEGAL),
        ("{}", "", ILLEGAL),
        ('{"phone":"13900001111"}', "", ILLEGAL),
        ("12345", "12345", ILLEGAL),
        ("1234", "", ILLEGAL),
        ("1390000****", "", ILLEGAL),
        ("13900001111 李雷", "13900001111", ILLEGAL),
        ("13900001111,13900002222", "13900001111", ILLEGAL),
        ("13900001111x", "13900001111", ILLEGAL),
        (" ,\t13900001111 李雷", "13900001111", ILLEGAL),
        ("\ufeff13900001111 李雷", "13900001111", ILLEGAL),
        ("1" * 21, "", ILLEGAL),
        ("1-" * 30 + "13900001111", "", ILLEGAL),
        ("1" + "-" * 40 + "3900001111", "", ILLEGAL),
        ('13900001111 {"a":', "13900001111", "isv.INVALID_JSON_PARAM"),
        ("13900001111 {a:1}", "13900001111", "isv.INVALID_JSON_PARAM"),
        ('13900001111 {"a":NaN}', "13900001111", "isv.INVALID_JSON_PARAM"),
        ('13900001111 {"a":1} {"b":2}', "13900001111", "isv.INVALID_JSON_PARAM"),
        ('13900001111 {"a":' + "[" * 4000, "13900001111", "isv.INVALID_JSON_PARAM"),
    ],
)
def test_a_bad_line_keeps_its_number_if_it_has_one(text: str, given: str, code: str) -> None:
    found = recipient_file.parse(text.encode(), "utf-8")
    assert isinstance(found, BadLine)
    assert (found.original_form, found.failure.code) == (given, code)
    assert found.failure.message


def test_a_line_in_another_encoding_does_not_affect_other_lines() -> None:
    line = '13900001111 {"name":"李雷"}'.encode("gbk")
    assert recipient_file.parse(line, "utf-8") == BadLine(
        "13900001111", Failure("isv.INVALID_PARAMETERS", "该行编码错误")
    )


@examples(300)
@given(
    st.integers(13_000_000_000, 19_999_999_999),
    st.sampled_from(SEPARATORS),
    st.dictionaries(TEXTS, TEXTS | st.integers() | st.none(), max_size=4),
    st.sampled_from(["utf-8", "gb18030"]),
    st.booleans(),
)
def test_a_written_line_is_read_back(
    number: int, separator: str, params: dict[str, object], encoding: str, escaped: bool
) -> None:
    text = f"{number}{separator}{json.dumps(params, ensure_ascii=escaped)}"
    found = recipient_file.parse(text.encode(encoding), encoding)
    assert found == RecipientLine(f"86{number}", str(number), params)


@examples(500)
@given(st.binary(max_size=60), st.sampled_from(["utf-8", "gb18030"]))
def test_any_bytes_are_read_or_reported_as_bad(data: bytes, encoding: str) -> None:
    found = recipient_file.parse(data.replace(b"\n", b" "), encoding)
    assert found is None or isinstance(found, RecipientLine | BadLine)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", Survey(0, "utf-8")),
        (b"1\n\n \r\n2\r\n", Survey(2, "utf-8")),
        ("1 李雷\n2 韩梅梅".encode(), Survey(2, "utf-8")),
        ("1 李雷\n2 韩梅梅".encode("gbk"), Survey(2, "gb18030")),
        # One line is valid UTF-8 by accident (the well-known 联通), one is cut within a character.
        ("1 联通\n2 李雷\n3 韩梅梅".encode("gbk"), Survey(3, "gb18030")),
        ("1 李雷\n2 韩梅梅\n3 甲".encode()[:-1], Survey(3, "utf-8")),
        ("1 联通\n2 联通\n3 李雷\n4 韩梅梅\n5 您".encode("gbk"), Survey(5, "gb18030")),
        ("1 李\n2 韩\n3 您\n".encode() + b"4 \xff\n5 \xff", Survey(5, "utf-8")),
        ("1\n2".encode("utf-16"), Survey(2, "utf-16-le")),
        (b"\xfe\xff\x001", Survey(1, "utf-16-be")),
        ("1\r2\r,,\r".encode("utf-32"), Survey(2, "utf-32-le")),
    ],
)
def test_a_survey_finds_the_encoding_and_counts_the_lines(data: bytes, expected: Survey) -> None:
    assert file_survey.survey([data[n : n + 3] for n in range(0, len(data), 3)]) == expected


NUMBERS = st.lists(
    st.integers(13_000_000_000, 19_999_999_999), min_size=1, max_size=40, unique=True
)
SPELLINGS = [
    "{0}",
    "+86{0}",
    "86{0}",
    "{1} {2} {3}",
    "+86-{1}-{2}-{3}",
    "\u202d{0}\u202c",
    "\ufeff{0}",
    "\0{0}\0",
    "{0}.0",
]
QUOTED = ["{}", '"{}"', "'{}", '="{}"', "“{}”"]
ENDS = ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\n\n \r", "\n,,,\n"]
ENCODINGS = [
    "utf-8",
    "utf-8-sig",
    "gb18030",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
    "utf-32-be",
]


def read_all(data: bytes, size: int) -> tuple[Survey, list[object]]:
    parts = [data[first : first + size] for first in range(0, len(data), size)]
    survey = file_survey.survey(parts)
    if survey.other_ends:
        survey = file_survey.survey(parts, survey.encoding)
    encoding = file_lines.encoding_of_lines(survey.encoding)
    entries = [
        recipient_file.parse(line.raw, encoding)
        for line in file_lines.split(parts, survey.encoding)
    ]
    return survey, [entry for entry in entries if entry is not None]


@examples(400)
@given(
    NUMBERS,
    st.sampled_from(SPELLINGS),
    st.sampled_from(QUOTED),
    st.sampled_from(ENDS),
    st.sampled_from(ENCODINGS),
    st.sampled_from(["none", "plain", "csv", "backslash"]),
    st.sampled_from(",\t;|，；"),
    st.integers(1, 5000),
)
def test_a_file_of_good_lines_in_any_dialect_yields_as_many_recipients(  # noqa: PLR0917
    numbers: list[int],
    spelling: str,
    quoted: str,
    end: str,
    encoding: str,
    params: str,
    separator: str,
    size: int,
) -> None:
    lines, value = [], {"name": '李"雷, {甲}'}
    for number in map(str, numbers):
        text = quoted.format(spelling.format(number, number[:3], number[3:7], number[7:]))
        given_json = json.dumps(value, ensure_ascii=False)
        if params == "plain":
            text += separator + given_json
        elif params == "csv":
            doubled = given_json.replace('"', '""')
            text += f'{separator}"{doubled}"'
        elif params == "backslash":
            text += separator + json.dumps(given_json, ensure_ascii=False)
        lines.append(text)
    survey, entries = read_all(end.join([*lines, ""]).encode(encoding), size)
    assert survey.problem == ""
    assert survey.lines == len(numbers)
    assert [
        (entry.phone, entry.params) for entry in entries if isinstance(entry, RecipientLine)
    ] == [(f"86{number}", {} if params == "none" else value) for number in numbers]
    assert len(entries) == len(numbers)


@examples(500)
@given(
    st.lists(
        st.sampled_from(
            [
                "1",
                "25",
                "13900001111",
                "139",
                "0000",
                "1111",
                "85251234567",
                "+86",
                "86",
                "+852",
                " ",
                "\t",
                ",",
                ";",
                "-",
                '"',
                "'",
                "=",
                "{}",
                '{"a":1}',
                "x",
                "李",
                "\u200b",
                "\x00",
                ".0",
                "*",
            ]
        ),
        max_size=8,
    ).map("".join)
)
def test_field_1_no_line_is_sent_to_a_number_that_does_not_stand_in_it(text: str) -> None:
    found = recipient_file.parse(text.encode(), "utf-8")
    if not isinstance(found, RecipientLine):
        forms = (found.original_form, *found.others) if found else ()
        assert all(form in phones.INVISIBLE.sub("", text) for form in forms)
        return
    assert found.original_form in phones.INVISIBLE.sub("", text)
    assert phones.parse(found.original_form) == found.phone
    # Reading the number alone gives the same.
    assert recipient_file.parse(found.original_form.encode(), "utf-8") == RecipientLine(
        found.phone, found.original_form, {}
    )


@pytest.mark.parametrize(
    ("text", "forms", "message"),
    [
        ("1\t13900001111", ("13900001111",), "首列“1”不是手机号"),
        ("85251234567\t25", ("85251234567",), "手机号后有其他内容"),
        ("25\t85251234567", ("85251234567",), "首列“25”不是手机号"),
        ("100001,13900001111", ("13900001111",), "首列“100001”不是手机号"),
        ("13900001111,13900002222", ("13900001111", "13900002222"), "手机号后有其他内容"),
        ('{"name":"x"},+8613900001111', ("+8613900001111",), "不是手机号"),
        ('13900001111,{"a":1},13900002222', ("13900001111", "13900002222"), "JSON"),
        ("李雷,13900001111,25", ("13900001111",), "首列“李雷”不是手机号"),
        ("1.13900001111", ("13900001111",), "不是手机号"),
        ("1、13900001111", ("13900001111",), "不是手机号"),
        ("电话13900001111", ("13900001111",), "不是手机号"),
        ("13900001111/13900002222", ("13900001111", "13900002222"), "手机号格式错误"),
        ("x13900001111@example.cn", (), "手机号格式错误"),
    ],
)
def test_field_1_every_number_of_a_bad_line_is_kept(
    text: str, forms: tuple[str, ...], message: str
) -> None:
    found = recipient_file.parse(text.encode(), "utf-8")
    assert isinstance(found, BadLine)
    assert tuple(filter(None, (found.original_form, *found.others))) == forms
    assert message in found.failure.message
