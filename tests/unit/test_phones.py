import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import phones
from tests.support.property_tests import examples

mainland = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@pytest.mark.parametrize("prefix", ["", "86", "+86", "0086"])
@given(mainland)
@examples(25)
def test_mainland_numbers_lose_their_prefix_and_get_the_country_code(
    prefix: str, number: str
) -> None:
    assert phones.parse(prefix + number) == "86" + number


@pytest.mark.parametrize(
    "text",
    [
        " 13900001111 ",
        "139 0000 1111",
        "139-0000-1111",
        "+86 139-0000-1111",
        "13900001111\r\n",
        "139\u00a00000\u30001111",
    ],
    ids=["around", "spaces", "hyphens", "both", "line-end", "unicode-spaces"],
)
def test_white_space_and_hyphens_are_dropped(text: str) -> None:
    assert phones.parse(text) == "8613900001111"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("85251234567", "85251234567"),
        ("+85251234567", "85251234567"),
        ("0085251234567", "85251234567"),
        ("85366123456", "85366123456"),
        ("886912345678", "886912345678"),
        ("+12125550123", "12125550123"),
        ("0012125550123", "12125550123"),
        ("12425550123", "12425550123"),
        ("447911123456", "447911123456"),
        ("6591234567", "6591234567"),
        ("999999999999999", "999999999999999"),
    ],
    ids=lambda value: value,
)
def test_foreign_numbers_are_kept_as_digits(text: str, kept: str) -> None:
    assert phones.parse(text) == kept
    assert not phones.is_mainland(kept)


@pytest.mark.parametrize("prefix", ["+", "00"])
def test_eleven_digits_after_a_plus_are_a_north_american_number(prefix: str) -> None:
    assert phones.parse(prefix + "13900001111") == "13900001111"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "+",
        "00",
        "86",
        "+86",
        "1390000****",
        "1390000",
        "1390000111",
        "139000011112",
        "8612345678901",
        "861390000111",
        "86139000011112",
        "+8613900001111x",
        "8686139000011111",
        "++8613900001111",
        "+008613900001111",
        "01012345678",
        "+8601012345678",
        "10086",
        "11912345678",
        "0",
        "9" * 16,
        "9" * 10_000,
        "13900001111,13900002222",
        "13900001111.5",
        "1.39E+10",
        "1.390000111E10",
        "0x13900001111",
        "１３９００００１１１１",
        "١٣٩٠٠٠٠١١١١",
        "1390000111²",
        "13900001lll",
        "139OOOO1111",
        "＋8613900001111",
        "13900\ud80001111",
        "null",
        "手机号",
    ],
    ids=ascii,
)
def test_anything_else_is_no_phone_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a phone number"):
        phones.parse(text)


@given(st.text(alphabet=st.characters(exclude_categories=())) | st.from_regex(r"[+0-9\s-]{0,20}"))
@examples(200)
def test_an_accepted_number_consists_of_ascii_digits(text: str) -> None:
    try:
        kept = phones.parse(text)
    except ValueError:
        return
    assert re.fullmatch(r"[1-9][0-9]{6,14}", kept)
    assert phones.is_mainland(kept) == bool(re.fullmatch(r"861[3-9][0-9]{9}", kept))


@given(mainland)
@examples(25)
def test_mainland_numbers_go_to_quick_audience_as_it_sent_them(number: str) -> None:
    assert phones.to_quick_audience(phones.parse(number)) == number


@pytest.mark.parametrize("number", ["85251234567", "12125550123", "886912345678"])
def test_foreign_numbers_go_to_quick_audience_with_their_country_code(number: str) -> None:
    assert phones.to_quick_audience(phones.parse("+" + number)) == number


@pytest.mark.parametrize(
    ("given", "kept"), [("139 0000 1111", "8613900001111"), ("1391111****", "1391111****")]
)
def test_a_refused_recipient_is_stored_as_a_number_or_as_written(given: str, kept: str) -> None:
    assert phones.stored_form(given) == kept


numbers = st.lists(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
    | st.from_regex(r"(\+?86)?[0-29][0-9\uff10\u00b2\n]{8,12}", fullmatch=True),
    max_size=4,
)


def parsed(number: str) -> str | None:
    try:
        return phones.parse(number)
    except ValueError:
        return None


@given(numbers)
@examples(200)
def test_many_numbers_are_read_like_single_ones(given: list[str]) -> None:
    assert phones.parse_all(given) == [parsed(number) for number in given]


@given(numbers)
@examples(200)
def test_numbers_in_plain_form_are_separated_from_the_others(given: list[str]) -> None:
    plain, others = phones.parse_plain(given)
    assert plain == ["86" + number for number in given if phones.PLAIN.fullmatch(number)]
    assert others == [number for number in given if not phones.PLAIN.fullmatch(number)]


@pytest.mark.parametrize(
    ("given", "others"),
    [
        ([], []),
        ([""], [""]),
        (["13900001111", ""], [""]),
        (["1390000111", "139000011112"], ["1390000111", "139000011112"]),
        (["13000000000", "19999999999"], []),
        (["12999999999"], ["12999999999"]),
        (["20000000000", "13900001111"], ["20000000000"]),
        (["1390000111\u0661"], ["1390000111\u0661"]),
        (["13900001111", "1390000111x"], ["1390000111x"]),
        (["13900001111\n13900002222", "13900003333"], ["13900001111\n13900002222"]),
        (["13900001111\n"], ["13900001111\n"]),
    ],
)
def test_a_number_in_another_form_does_not_affect_the_others(
    given: list[str], others: list[str]
) -> None:
    plain = ["86" + number for number in given if number not in others]
    assert phones.parse_plain(given) == (plain, others)


CUSTOMARY = re.compile(
    # The digits of a number, as they stand in a text: together, or in groups behind a country code.
    r"(?<![0-9])(?:(?:\+|00)?86(?:\s|-)*)?1[3-9][0-9](?:[0-9]{8}|[\s-]+[0-9]{4}[\s-]+[0-9]{4})(?![0-9])"
)
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "1",
            "2",
            "25",
            "86",
            "+86",
            "0086",
            "139",
            "0000",
            "1111",
            "13900001111",
            "85251234567",
            "+852",
            "5123",
            " ",
            "  ",
            "-",
            "\t",
            ",",
            ".0",
            ".",
            "E10",
            "1.3900001111",
            "\u200b",
            "\x00",
            "\u3000",
            "+",
            "00",
            "x",
        ]
    ),
    max_size=6,
).map("".join)


@given(FRAGMENTS)
@examples(2000)
def test_field_1_no_number_is_made_of_digits_that_stand_apart(text: str) -> None:
    try:
        kept = phones.parse(text)
    except ValueError:
        return
    shown = phones.INVISIBLE.sub("", text)
    if phones.is_mainland(kept):
        whole = shown.strip().replace(".", "", 1)
        assert CUSTOMARY.search(shown) or re.match(
            kept.removeprefix("86"), whole.removeprefix("86")
        )
    elif shown.strip().startswith(("+", "00")):
        assert re.sub("[^0-9]", "", shown.strip().removeprefix("00")) == kept
    else:
        assert kept in text.replace(".", "", 1)


@given(FRAGMENTS | st.text(max_size=20))
@examples(1000)
def test_reading_is_idempotent(text: str) -> None:
    try:
        kept = phones.parse(text)
    except ValueError:
        return
    shown = phones.to_quick_audience(kept)
    assert phones.parse(shown if phones.is_mainland(kept) else "+" + shown) == kept
    assert phones.parse(phones.visible(text)) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("13900001111.0", "8613900001111"),
        ("13900001111.00", "8613900001111"),
        ("8613900001111.0", "8613900001111"),
        ("1.3900001111E10", "8613900001111"),
        ("1.3900001111e+10", "8613900001111"),
        ("8.613900001111E12", "8613900001111"),
        ("85251234567.0", "85251234567"),
        ("8.5251234567E10", "85251234567"),
    ],
)
def test_field_9_an_exact_fraction_is_a_number(text: str, kept: str) -> None:
    assert phones.parse(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "\u200b13900001111",
        "\ufeff13900001111",
        "13900001111\x00",
        "\u202d13900001111\u202c",
        "1390000\u200b1111",
        "\ufeff\ufeff139 0000 1111",
    ],
    ids=ascii,
)
def test_field_8_invisible_characters_are_dropped(text: str) -> None:
    assert phones.parse(text) == "8613900001111"


@pytest.mark.parametrize(
    "text",
    [
        "2 13900001112",
        "1\t13900001111",
        "85251234567\t25",
        "85251234567 25",
        "+85251234567 25",
        "+852 51234567 25",
        "139\t0000\t1111",
        "852\x0151234567",
        "852 5123 4567",
        "1390 0001 111",
        "13 9000 01111",
        "139 00001111",
        "1 39 0000 1111",
    ],
    ids=ascii,
)
def test_field_1_blanks_outside_of_customary_groups_separate(text: str) -> None:
    with pytest.raises(ValueError, match="not a phone number"):
        phones.parse(text)


def test_every_invisible_character_is_known() -> None:
    for code in range(0x110000):
        category = unicodedata.category(chr(code))
        if category == "Cf" or (category == "Cc" and not chr(code).isspace()):
            assert phones.INVISIBLE.fullmatch(chr(code)), hex(code)
