import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.quickaudience.signature import make, matches
from tests.support.property_tests import examples

TIME, NONCE = "1631865523", "2e6eceb5737b473284c930c8ef79090e"
VECTORS = {
    "document": (
        "123456789",
        NONCE,
        "459fa2f7e79389c337e6b2077538fb9408241e79715b2f40dfa6c2757e2ecce8",
    ),
    "nonce-first": (
        "zzz",
        "0e6eceb5737b473284c930c8ef79090e",
        "3d86baf6745348c294cfa928d3426f72a6ddd38fc3c32c5747ab2579a721b754",
    ),
    "space-in-key": (
        "my key",
        NONCE,
        "d6da84626d22fed69fc8caf82b66b8229e67ed52362a1ce917a1c54bc6f22e38",
    ),
    "chinese-key": (
        "密钥",
        NONCE,
        "c24d93e64b1b8e8477bbe175f31a523d4c42a14ae9ed493974c89911ad0b37c4",
    ),
}
vectors = pytest.mark.parametrize(("key", "nonce", "signature"), VECTORS.values(), ids=VECTORS)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@vectors
def test_the_documents_algorithm_is_reproduced(key: str, nonce: str, signature: str) -> None:
    assert make(key, TIME, nonce) == signature


@vectors
@pytest.mark.parametrize(
    "write", [str, str.upper, str.title, " {}\n".format], ids=["lower", "upper", "mixed", "space"]
)
def test_case_and_white_space_of_a_given_signature_do_not_matter(
    write: type[str], key: str, nonce: str, signature: str
) -> None:
    assert matches(write(signature), key, TIME, nonce)


@given(text, text, text)
@examples(100)
def test_a_made_signature_matches(key: str, timestamp: str, nonce: str) -> None:
    assert matches(make(key, timestamp, nonce), key, timestamp, nonce)


@given(text, text, text)
@examples(100)
def test_white_space_of_the_key_is_kept_in_the_hmac_and_dropped_from_the_text(
    key: str, timestamp: str, nonce: str
) -> None:
    joined = "".join(sorted([key, timestamp, nonce]))
    for space in " \t\n\v\f\r":
        joined = joined.replace(space, "")
    expected = hmac.new(key.encode(), joined.encode(), hashlib.sha256).hexdigest()
    assert make(key, timestamp, nonce) == expected


@pytest.mark.parametrize("space", ["\u00a0", "\u3000", "\u2003", "\u0085", "\u001c"], ids=ascii)
def test_only_what_java_calls_white_space_is_removed(space: str) -> None:
    assert make("key", TIME, f"a{space}b") != make("key", TIME, "ab")


@pytest.mark.parametrize("space", list(" \t\n\v\f\r"), ids=ascii)
def test_ascii_white_space_in_a_parameter_is_removed(space: str) -> None:
    assert make("key", TIME, f"a{space}b") == make("key", TIME, "ab")


@given(text, text, text, st.integers(0, 63))
@examples(50)
def test_a_signature_that_is_wrong_in_one_digit_does_not_match(
    key: str, timestamp: str, nonce: str, place: int
) -> None:
    right = make(key, timestamp, nonce)
    wrong = right[:place] + ("0" if right[place] != "0" else "1") + right[place + 1 :]
    assert not matches(wrong, key, timestamp, nonce)


@pytest.mark.parametrize(
    "given_one",
    ["", " ", "0", "None", "签名", "４" * 64, "\u0130" * 64, "0" * 63, "0" * 10_000],
    ids=lambda x: ascii(x)[:12],
)
def test_other_texts_do_not_match(given_one: str) -> None:
    assert not matches(given_one, "123456789", TIME, NONCE)


@pytest.mark.parametrize("changed", ["key", "timestamp", "nonce"])
def test_key_timestamp_and_nonce_are_all_signed(changed: str) -> None:
    values = {"key": "123456789", "timestamp": TIME, "nonce": NONCE}
    signature = make(**values)
    assert not matches(signature, **values | {changed: "x"})
    assert matches(signature, **values)


@pytest.mark.parametrize(
    ("given_one", "nonce"), [("\ud800", NONCE), ("00", "\ud800")], ids=["signature", "nonce"]
)
def test_half_a_character_does_not_match(given_one: str, nonce: str) -> None:
    assert not matches(given_one, "123456789", TIME, nonce)
