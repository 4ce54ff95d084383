"""The signature TC3-HMAC-SHA256, by vectors of the official SDK's signer, and by another way to calculate it."""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.tencent.api3_signature import authorization, canonical_digest, signing_key

ID, KEY = "AKIDexampleexampleexampleexample0001", "exampleSecretKeyexampleSecretKey"
FIELDS = {
    "PhoneNumberSet": ["+8613800000000", "+8613800000001"],
    "SmsSdkAppId": "1400000000",
    "TemplateId": "200001",
    "SignName": "测试签名",
    "TemplateParamSet": ["李雷"],
}
BODY = json.dumps(FIELDS).encode()
RAW = json.dumps(FIELDS, ensure_ascii=False, separators=(",", ":")).encode()
HOST, UTF8 = "sms.tencentcloudapi.com", "application/json; charset=utf-8"

VECTORS = [
    # host, timestamp, date, canonical request's SHA-256, signature, content type, body
    (
        HOST,
        1700000000,
        "2023-11-14",
        "e4aad84206788341073bae67593b95e53a4c3fb6bd9fa6186e54273f673778fb",
        "29ecce3dba2bea017491720bce8ecfe45b7d44c48451b0b3797c3d81223c654f",
        "application/json",
        BODY,
    ),
    (
        HOST,
        1767225599,
        "2025-12-31",
        "e4aad84206788341073bae67593b95e53a4c3fb6bd9fa6186e54273f673778fb",
        "56c712c7e174dc3610b82ed4e7b2960ad8cba3c800c8fd91f6ebe82447ff3944",
        "application/json",
        BODY,
    ),
    (
        HOST,
        1767225600,
        "2026-01-01",
        "e4aad84206788341073bae67593b95e53a4c3fb6bd9fa6186e54273f673778fb",
        "c73a9fdefc48793e764a7f5e148303bdf36ab11ee63683d14c0d557801d6fe32",
        "application/json",
        BODY,
    ),
    (
        "sms.intl.tencentcloudapi.com",
        1700000000,
        "2023-11-14",
        "651d2994db3a3e38c0df16b9ef74cb8df607f2cdb12fd3326af865a2f5c79b96",
        "06dce63d6dd9301ebf3053408c8c711c0c22d1b25ab9eba50cea400b2fda2c27",
        "application/json",
        BODY,
    ),
    (
        "127.0.0.1:9003",
        1700000000,
        "2023-11-14",
        "4014b176ec294685c3d9634d4f5287faf3b6b6b4f870a3084d0a2baae41e9d8f",
        "196b026c30c9859b5782e8635b965c77262ba1fb007b18f77893416a9d1ce7e3",
        "application/json",
        BODY,
    ),
    (
        HOST,
        1700000000,
        "2023-11-14",
        "d9bd6bde8d813371db1187f50ade148ab864213b67b200190ebf4d265981cca0",
        "db44007ff0f0cbee15f2de3dfaabe130bd2640b8eb693a6923e42fe2cb23e535",
        UTF8,
        RAW,
    ),
]


def test_the_vectors_are_about_these_bodies() -> None:
    assert len(BODY) == 187
    assert len(RAW) == 159
    digests = [hashlib.sha256(body).hexdigest() for body in (BODY, RAW)]
    assert digests == [
        "1647db41dcd5eea9a2b96c9e375b09d1296a8939e791152738e72ea2ecd4432a",
        "fb25663a624c88e3eb811ce03d2f863b02cfa9a0159e271cd5fa6666c81126e0",
    ]


@pytest.mark.parametrize("vector", VECTORS)
def test_the_sdks_signatures_are_reproduced(
    vector: tuple[str, int, str, str, str, str, bytes],
) -> None:
    host, timestamp, date, digest, signature, content_type, body = vector
    assert canonical_digest(host, body, content_type) == digest
    assert authorization(ID, KEY, host, timestamp, body, content_type) == (
        f"TC3-HMAC-SHA256 Credential={ID}/{date}/sms/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signature}"
    )


def test_the_key_of_a_date_is_the_sdks() -> None:
    assert signing_key(KEY, "2023-11-14").hex().startswith("6ec831c4")


def _by_the_document(secret_key: str, host: str, timestamp: int, body: bytes) -> str:
    date = datetime.fromtimestamp(timestamp, UTC).date().isoformat()
    canonical = "\n".join(
        [
            *("POST", "/", "", "content-type:application/json", f"host:{host}", ""),
            *("content-type;host", hashlib.sha256(body).hexdigest()),
        ]
    )
    text = "\n".join(
        [
            *("TC3-HMAC-SHA256", str(timestamp), f"{date}/sms/tc3_request"),
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = ("TC3" + secret_key).encode()
    for part in (date, "sms", "tc3_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


@given(
    secret_key=st.text(min_size=1),
    host=st.from_regex(r"[a-z.]{1,30}(:[0-9]{1,5})?", fullmatch=True),
    timestamp=st.integers(0, 4102444800),
    body=st.binary(),
)
def test_any_request_is_signed_as_documented(
    secret_key: str, host: str, timestamp: int, body: bytes
) -> None:
    found = authorization(ID, secret_key, host, timestamp, body)
    assert found.endswith("Signature=" + _by_the_document(secret_key, host, timestamp, body))
