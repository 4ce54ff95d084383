import re

import pytest

from chalicelib.quickaudience import push_nonces, signature

KEY, NOW = "key of sixteen 字", "1631865523"


def test_a_nonce_of_a_push_has_32_hex_digits_and_begins_with_a_letter() -> None:
    nonces = {push_nonces.new(KEY) for _ in range(100)}
    assert len(nonces) == 100
    assert all(re.fullmatch("[a-f][0-9a-f]{31}", nonce) for nonce in nonces)


@pytest.mark.parametrize("key", [KEY, "", "0", "zzz", "ffff"])
def test_the_owner_of_the_key_recognises_its_own_nonces(key: str) -> None:
    nonce = push_nonces.new(key)
    assert push_nonces.contains_one(signature.signed_text(key, NOW, nonce), key)


def test_another_key_makes_another_mark() -> None:
    assert not any(push_nonces.contains_one(push_nonces.new(KEY), "other") for _ in range(50))


def test_a_nonce_is_found_wherever_it_is_split() -> None:
    nonce = push_nonces.new(KEY)
    for place in range(len(nonce)):
        text = signature.signed_text(KEY, NOW + nonce[:place], nonce[place:])
        # The key stands between the two where it sorts so. The signature is another one then.
        assert push_nonces.contains_one(text, KEY) == (nonce in text)


@pytest.mark.parametrize(
    "text",
    ["", "2e6eceb5737b473284c930c8ef79090e", "a" * 32, "f" * 10_000, NOW + "e" * 40, "密" * 99],
)
def test_other_texts_contain_none(text: str) -> None:
    assert not push_nonces.contains_one(text, KEY)


def test_a_nonce_with_one_changed_digit_is_none() -> None:
    nonce = push_nonces.new(KEY)
    for place in range(1, len(nonce)):
        changed = nonce[:place] + ("1" if nonce[place] == "0" else "0") + nonce[place + 1 :]
        assert not push_nonces.contains_one(changed, KEY)
