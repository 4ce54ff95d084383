"""A stored number as the two fields of Tencent's calls and callbacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import phones
from chalicelib.domain.reported_numbers import readings
from tests.support.property_tests import examples

# Country codes of ITU-T E.164, some of every length; 1242 and 1268 are in Tencent's price list.
CODES = [
    *("86", "852", "853", "886", "1", "7", "20", "27", "211", "234", "299"),
    *("30", "31", "33", "34", "350", "353", "36", "371", "380", "39", "40", "41", "420", "423"),
    *("43", "44", "49", "501", "51", "55", "58", "60", "62", "65", "66", "673", "680"),
    *(
        "81",
        "82",
        "84",
        "850",
        "855",
        "856",
        "880",
        "90",
        "91",
        "92",
        "95",
        "960",
        "971",
        "98",
        "998",
    ),
    *("1242", "1268", "1876"),
]


@pytest.mark.parametrize("code", CODES)
def test_a_number_is_split_behind_its_country_code(code: str) -> None:
    # 202 is an area code of the United States, and no island's code starts with it.
    assert phones.to_tencent(code + "2025550") == (code, "2025550")


@given(st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True))
@examples(200)
def test_a_split_number_is_joined_to_the_same_stored_form(phone: str) -> None:
    code, mobile = phones.to_tencent(phone)
    assert 1 <= len(code) <= 4
    assert mobile
    assert phone in readings(code, mobile)


@pytest.mark.parametrize("text", ["", "1390000****", "手机", "+", "0"])
def test_an_invalid_number_is_not_split(text: str) -> None:
    assert "".join(phones.to_tencent(text)) == text
