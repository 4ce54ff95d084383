"""The lines of a recipient file (§5)."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import recipient_file
from chalicelib.domain.planning import Failure
from chalicelib.domain.recipient_file import MAX_LINE, BadLine, RecipientLine, Survey
from tests.support.property_tests import examples

ILLEGAL = "isv.MOBILE_NUMBER_ILLEGAL"
SEPARATORS = ["", " ", ",", ";", "|", "\t", " , ", "\t|\t", "，", "；"]
# Characters that GBK has, too, without control characters, which marketers don't write.
TEXTS = st.text(st.characters(codec="gbk", exclude_categories=["Cc", "Cs"]), max_size=20)


def raw(data: bytes) -> list[bytes]:
    return [line.raw for line in recipient_file.split([data])]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\r\nb\r\n", [b"a\r", b"b\r"]),
        (b"\n\na", [b"", b"", b"a"]),
        (b"\xef\xbb\xbfa\nb", [b"a", b"b"]),
        (b"a\n\xef\xbb\xbfb", [b"a", b"\xef\xbb\xbfb"]),
    ],
)
def test_lines_are_split_at_every_kind_of_line_break(data: bytes, expected: list[bytes]) -> None:
    assert raw(data) == expected


@examples(300)
@given(st.binary(max_size=300) | st.text("\n\r 1", max_size=60).map(str.encode), st.data())
def test_lines_do_not_depend_on_how_the_bytes_are_divided(data: bytes, more: st.DataObject) -> None:
    cuts = sorted(more.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    parts = [data[first:last] for first, last in pairwise([0, *cuts, len(data)])]
    found = list(recipient_file.split(parts))
    assert found == list(recipient_file.split([data]))
    assert [line.number for line in found] == list(range(1, len(found) + 1))
    assert not found or found[-1].end == len(data)
    assert b"\n".join(line.raw for line in found) == data.removeprefix(
        b"\xef\xbb\xbf"
    ).removesuffix(b"\n")
    # Reading from the end of any line gives the same following lines, which checkpoints rely on.
    for line in found:
        rest = list(recipient_file.split([data[line.end :]]))
        assert [one.end + line.end for one in rest] == [one.end for one in found[line.number :]]


@pytest.mark.parametrize("size", [MAX_LINE, MAX_LINE + 1, MAX_LINE + 2, 10 * MAX_LINE])
def test_an_endless_line_is_not_kept_and_the_next_lines_keep_their_offsets(size: int) -> None:
    data = b"1" * size + b"\n13900001111\n" + b"2" * size
    found = list(recipient_file.split([data[n : n + 1000] for n in range(0, len(data), 1000)]))
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


@pytest.mark.parametrize("text", ["", " ", "\t", "\r", " \r"])
def test_a_blank_line_holds_no_recipient(text: str) -> None:
    assert recipient_file.parse(text.encode(), "utf-8") is None


@pytest.mark.parametrize(
    ("text", "given", "code"),
    [
        ("手机号", "", ILLEGAL),
        ("{}", "", ILLEGAL),
        ('{"phone":"13900001111"}', "", ILLEGAL),
        ("\u3000", "", ILLEGAL),
        ("12345", "12345", ILLEGAL),
        ("1234", "", ILLEGAL),
        ("1390000****", "", ILLEGAL),
        ("13900001111 李雷", "13900001111", ILLEGAL),
        ("13900001111,13900002222", "13900001111", ILLEGAL),
        ("13900001111x", "13900001111", ILLEGAL),
        ('"13900001111"', "", ILLEGAL),
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
        ("1\n2".encode("utf-16"), Survey(0, "")),
        (b"\xfe\xff\x001", Survey(0, "")),
    ],
)
def test_a_survey_finds_the_encoding_and_counts_the_lines(data: bytes, expected: Survey) -> None:
    assert recipient_file.survey([data[n : n + 3] for n in range(0, len(data), 3)]) == expected
