import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.tencent.v5_signature import sign
from tests.support.property_tests import examples

KEY, RANDOM, TIME = "5f03a35d00ee52a21327ab048186a2c4", 7226249334, 1457336869


@pytest.mark.parametrize(
    ("mobile", "tel", "signature"),
    [
        ("", "", "c13e54f047ed75e821e698730c72d030dc30e5b510b3f8a0fb6fb7605283d7df"),
        ("13788888888", "", "ecab4881ee80ad3d76bb1da68387428ca752eb885e52621a3129dcf4d9bc4fd4"),
        (
            "13788888888,13788888889",
            "",
            "be66bb4aeb54701ed0637d0996a0b75111d5b8eda9b3a71bdc579a3d26f3edfb",
        ),
        ("", "+8613788888888", "f272b136949f9e6faa5fae01cfc240caf5e6d89f2e18e8d47adf3d87ea0715fb"),
    ],
    ids=["no-number", "sendsms", "sendmultisms2", "sendisms"],
)
def test_the_documents_signatures_are_reproduced(mobile: str, tel: str, signature: str) -> None:
    assert sign(KEY, RANDOM, TIME, mobile=mobile, tel=tel) == signature


def test_numbers_may_be_given_as_text() -> None:
    assert sign(KEY, "7226249334", "1457336869") == sign(KEY, RANDOM, TIME)


def test_the_order_of_numbers_matters() -> None:
    assert sign(KEY, RANDOM, TIME, mobile="1,2") != sign(KEY, RANDOM, TIME, mobile="2,1")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0), st.integers(0))
@examples(50)
def test_texts_are_encoded_as_utf_8(key: str, random: int, time: int) -> None:
    text = f"appkey={key}&random={random}&time={time}&tel=+85251234567"
    expected = hashlib.sha256(text.encode("utf-8")).hexdigest()
    assert sign(key, random, time, tel="+85251234567") == expected
