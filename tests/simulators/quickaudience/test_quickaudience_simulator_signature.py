"""The signature, compared with vectors that were computed independently."""

import pytest

from local.quickaudience.signature import is_signed, new_nonce, new_timestamp, sign

TIMESTAMP = "1631865523"
NONCE = "2e6eceb5737b473284c930c8ef79090e"


@pytest.mark.parametrize(
    ("key", "nonce", "signature"),
    [
        (
            "123456789",
            NONCE,
            "459fa2f7e79389c337e6b2077538fb9408241e79715b2f40dfa6c2757e2ecce8",
        ),
        (
            "zzz",
            "0e6eceb5737b473284c930c8ef79090e",
            "3d86baf6745348c294cfa928d3426f72a6ddd38fc3c32c5747ab2579a721b754",
        ),
        ("my key", NONCE, "d6da84626d22fed69fc8caf82b66b8229e67ed52362a1ce917a1c54bc6f22e38"),
        ("密钥", NONCE, "c24d93e64b1b8e8477bbe175f31a523d4c42a14ae9ed493974c89911ad0b37c4"),
    ],
    ids=["plain", "order by value", "space in the key", "key outside ASCII"],
)
def test_signatures_match_independent_vectors(key: str, nonce: str, signature: str) -> None:
    assert sign(key, TIMESTAMP, nonce) == signature
    assert is_signed(key, TIMESTAMP, nonce, signature)
    assert is_signed(key, TIMESTAMP, nonce, signature.upper())


@pytest.mark.parametrize("signature", ["", "0" * 64, "签名", "\udce9"])
def test_wrong_signatures_are_detected(signature: str) -> None:
    assert not is_signed("123456789", TIMESTAMP, NONCE, signature)


def test_only_ascii_white_space_is_removed() -> None:
    # U+3000 is white space in Python, but Java's \s does not match it.
    assert sign("k\u3000", TIMESTAMP, NONCE) != sign("k", TIMESTAMP, NONCE)
    assert sign("k", TIMESTAMP, "a b\tc") == sign("k", TIMESTAMP, "abc")


def test_values_are_sorted_as_java_sorts_them() -> None:
    # In UTF-16 a surrogate pair (D83D…) sorts before U+FF5E; by code point it sorts after it.
    assert sign("～", TIMESTAMP, "😀") == sign_joined("～", TIMESTAMP + "😀" + "～")


def sign_joined(key: str, text: str) -> str:
    import hashlib
    import hmac

    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_new_timestamps_and_nonces_have_the_documented_form() -> None:
    assert new_timestamp().isdigit()
    assert len(new_timestamp()) == 10
    nonces = {new_nonce() for _ in range(100)}
    assert len(nonces) == 100
    assert all(len(nonce) == 32 for nonce in nonces)
