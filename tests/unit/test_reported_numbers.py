"""Numbers in the many ways in which callbacks and answers report them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import phones
from chalicelib.domain.reported_numbers import may_be, readings
from tests.support.property_tests import examples

A = "8613900001111"
HONG_KONG = "85251234567"


@pytest.mark.parametrize(
    ("nationcode", "mobile", "kept"),
    [
        ("86", "13900001111", "8613900001111"),
        ("+86", "13900001111", "8613900001111"),
        ("0086", "13900001111", "8613900001111"),
        ("", "13900001111", "8613900001111"),
        (" 86 ", " 13900001111 ", "8613900001111"),
        ("852", "51234567", "85251234567"),
        ("1", "2125550123", "12125550123"),
        ("1242", "5550123", "12425550123"),
        ("+86", "+13900001111", "8613900001111"),
        (" 0086 ", " 13900001111 ", "8613900001111"),
        # An invalid number is stored as it is, without a plus at its start.
        ("", "X139", "86X139"),
        ("X86", "139+", "X86139+"),
    ],
)
def test_a_callbacks_number_has_the_stored_form(nationcode: str, mobile: str, kept: str) -> None:
    assert readings(nationcode, mobile)[0] == kept


@pytest.mark.parametrize(
    ("nationcode", "mobile", "stored"),
    [
        ("86", "13900001111", A),
        ("+86", "13900001111", A),
        ("0086", "13900001111", A),
        ("", "13900001111", A),
        (" 86 ", " 13900001111 ", A),
        ("852", "51234567", HONG_KONG),
        ("1", "2125550123", "12125550123"),
        ("1242", "5550123", "12425550123"),
        ("+86", "+13900001111", A),
        (" 0086 ", " 13900001111 ", A),
        # The country code is in the mobile, too, or only there.
        *(("86", mobile, A) for mobile in ("+8613900001111", "8613900001111", "008613900001111")),
        *(("", mobile, A) for mobile in ("+8613900001111", "8613900001111", "008613900001111")),
        *(("852", mobile, HONG_KONG) for mobile in ("+85251234567", "85251234567", "0085251234567")),
        *(("", mobile, HONG_KONG) for mobile in ("+85251234567", "85251234567", "0085251234567")),
        ("86", "+85251234567", HONG_KONG),
        ("86", "85251234567", HONG_KONG),
        ("1", "+12425550123", "12425550123"),
        ("+1", "12125550123", "12125550123"),
        # Separators, zeros, invisible and full-width characters.
        *(("86", mobile, A) for mobile in ("139 0000 1111", "139-0000-1111", "+86 139-0000-1111")),
        *(("86", mobile, A) for mobile in ("013900001111", "tel:+8613900001111", "１３９００００１１１１")),
        *(("86", mobile, A) for mobile in ("\u202d13900001111\u202c", "13900001111\u200b", "\ufeff13900001111\0")),
        ("８６", "13900001111", A),
        ("44", "07911123456", "447911123456"),
        ("44", "(0) 7911 123456", "447911123456"),
        ("39", "0612345678", "390612345678"),
    ],
)  # fmt: skip
def test_a_number_is_found_in_every_spelling(nationcode: str, mobile: str, stored: str) -> None:
    assert stored in readings(nationcode, mobile)


@pytest.mark.parametrize(
    ("nationcode", "mobile", "found"),
    [
        ("86", "13900001111", [A]),
        ("+86", "13900001111", [A]),
        ("86", "+8613900001111", [A]),
        ("", "+85251234567", [HONG_KONG]),
        ("852", "51234567", [HONG_KONG]),
        # Both readings are possible, and both are looked up.
        ("", "13900001111", [A, "13900001111"]),
        ("", "+13900001111", [A, "13900001111"]),
        ("86", "8613900001111", [A, "868613900001111"]),
        ("852", "85251234567", [HONG_KONG, "85285251234567"]),
        ("", "85251234567", [HONG_KONG, "8685251234567"]),
        ("44", "07911123456", ["4407911123456", "447911123456"]),
        # A number of Hong Kong has eight digits, and these may begin with its country code.
        ("852", "85251234", ["85285251234"]),
    ],
)
def test_only_possible_readings_are_looked_up(
    nationcode: str, mobile: str, found: list[str]
) -> None:
    assert readings(nationcode, mobile) == found


@pytest.mark.parametrize(
    ("nationcode", "mobile", "stored"),
    [
        ("", "X139", "86X139"),
        ("X86", "139+", "X86139+"),
        ("86", "139****1111", "86139****1111"),
        ("86", "", "86"),
        ("", "", "86"),
        ("中" * 5000, "13900001111", "中" * 5000 + "13900001111"),
    ],
    ids=lambda text: text[:8],
)
def test_what_is_no_number_is_kept_as_it_is(nationcode: str, mobile: str, stored: str) -> None:
    assert readings(nationcode, mobile) == [stored]


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
@examples(25)
def test_the_callback_of_a_sent_number_gives_the_same_stored_form(number: str) -> None:
    kept = phones.parse(number)
    assert readings("86", phones.to_quick_audience(kept)) == [kept]


@given(st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True))
@examples(200)
def test_a_split_number_is_joined_to_the_same_stored_form(phone: str) -> None:
    code, mobile = phones.to_tencent(phone)
    assert phone in readings(code, mobile)
    assert phone in readings("", "+" + phone)
    assert phone in readings(code, "+" + phone)


@given(st.text(max_size=12), st.text(max_size=20))
@examples(300)
def test_any_text_has_at_most_three_readings(nationcode: str, mobile: str) -> None:
    found = readings(nationcode, mobile)
    assert 1 <= len(found) == len(set(found)) <= 3


@pytest.mark.parametrize(
    "mobile",
    [
        *("", " ", "+", "139****1111", "139***1111", "13900******", "*******1111", "***********"),
        *("+86139****1111", "0086 139****1111".replace(" ", ""), "86139****1111", "139xxxx1111"),
        *("139XXXX1111", "139＊＊＊＊1111", "139••••1111", "1***0***1"),
    ],
)
def test_a_masked_or_empty_mobile_may_be_the_number(mobile: str) -> None:
    assert may_be(A, mobile)


@pytest.mark.parametrize(
    "mobile",
    ["138****1112", "139****2222", "13900001111", "13800000000", "手机", "[****]", "139****111"],
)
def test_another_masked_mobile_is_another_number(mobile: str) -> None:
    assert not may_be("8613900001112", mobile)


def test_a_masked_mobile_from_abroad_has_no_country_code() -> None:
    assert may_be(HONG_KONG, "5123****")
    assert may_be(HONG_KONG, "+8525123****")
    assert not may_be(HONG_KONG, "6123****")
