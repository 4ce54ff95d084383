"""The simulator's signature of API 3.0: the vectors of the facts, which the official SDK's signer makes, too."""

import hashlib
import json

import pytest

from local.tencent.api3.signature import canonical_request, sign
from tests.support.simulators.tencent_api3 import SEND, RawCaller, tc3_headers

KEY_ID, KEY = "AKIDexampleexampleexampleexample0001", "exampleSecretKeyexampleSecretKey"
ESCAPED = (
    b'{"PhoneNumberSet": ["+8613800000000", "+8613800000001"], "SmsSdkAppId": "1400000000", '
    b'"TemplateId": "200001", "SignName": "\\u6d4b\\u8bd5\\u7b7e\\u540d", '
    b'"TemplateParamSet": ["\\u674e\\u96f7"]}'
)
COMPACT = (
    '{"PhoneNumberSet":["+8613800000000","+8613800000001"],"SmsSdkAppId":"1400000000",'
    '"TemplateId":"200001","SignName":"测试签名","TemplateParamSet":["李雷"]}'
).encode()
JSON, JSON_UTF8 = "application/json", "application/json; charset=utf-8"
MAINLAND, ABROAD = "sms.tencentcloudapi.com", "sms.intl.tencentcloudapi.com"
DIGEST = "e4aad84206788341073bae67593b95e53a4c3fb6bd9fa6186e54273f673778fb"

VECTORS = [
    (
        *(MAINLAND, JSON, ESCAPED, 1700000000, DIGEST),
        "29ecce3dba2bea017491720bce8ecfe45b7d44c48451b0b3797c3d81223c654f",
    ),
    (
        *(MAINLAND, JSON, ESCAPED, 1767225599, DIGEST),
        "56c712c7e174dc3610b82ed4e7b2960ad8cba3c800c8fd91f6ebe82447ff3944",
    ),
    (
        *(MAINLAND, JSON, ESCAPED, 1767225600, DIGEST),
        "c73a9fdefc48793e764a7f5e148303bdf36ab11ee63683d14c0d557801d6fe32",
    ),
    (
        *(ABROAD, JSON, ESCAPED, 1700000000),
        "651d2994db3a3e38c0df16b9ef74cb8df607f2cdb12fd3326af865a2f5c79b96",
        "06dce63d6dd9301ebf3053408c8c711c0c22d1b25ab9eba50cea400b2fda2c27",
    ),
    (
        *("127.0.0.1:9003", JSON, ESCAPED, 1700000000),
        "4014b176ec294685c3d9634d4f5287faf3b6b6b4f870a3084d0a2baae41e9d8f",
        "196b026c30c9859b5782e8635b965c77262ba1fb007b18f77893416a9d1ce7e3",
    ),
    (
        *(MAINLAND, JSON_UTF8, COMPACT, 1700000000),
        "d9bd6bde8d813371db1187f50ade148ab864213b67b200190ebf4d265981cca0",
        "db44007ff0f0cbee15f2de3dfaabe130bd2640b8eb693a6923e42fe2cb23e535",
    ),
]


def test_the_bodies_are_those_of_the_facts() -> None:
    assert hashlib.sha256(ESCAPED).hexdigest() == (
        "1647db41dcd5eea9a2b96c9e375b09d1296a8939e791152738e72ea2ecd4432a"
    )
    assert hashlib.sha256(COMPACT).hexdigest() == (
        "fb25663a624c88e3eb811ce03d2f863b02cfa9a0159e271cd5fa6666c81126e0"
    )


@pytest.mark.parametrize(
    ("host", "content_type", "body", "timestamp", "digest", "signature"), VECTORS
)
def test_a_signature_of_the_facts_is_reproduced(
    host: str, content_type: str, body: bytes, timestamp: int, digest: str, signature: str
) -> None:
    headers = {"content-type": content_type, "host": host}
    request = canonical_request(headers, "content-type;host", body)
    assert hashlib.sha256(request.encode()).hexdigest() == digest
    assert sign(KEY, timestamp, request) == signature
    official = tc3_headers(
        host,
        body,
        secret_id=KEY_ID,
        secret_key=KEY,
        timestamp=timestamp,
        content_type=content_type,
    )
    assert official["Authorization"].endswith(
        f"SignedHeaders=content-type;host, Signature={signature}"
    )


def test_the_header_of_the_facts_is_reproduced() -> None:
    headers = tc3_headers(MAINLAND, ESCAPED, secret_id=KEY_ID, secret_key=KEY, timestamp=1700000000)
    assert headers["Authorization"] == (
        f"TC3-HMAC-SHA256 Credential={KEY_ID}/2023-11-14/sms/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=29ecce3dba2bea017491720bce8ecfe45b7d44c48451b0b3797c3d81223c654f"
    )


@pytest.mark.parametrize("content_type", [JSON, JSON_UTF8])
def test_the_content_type_is_signed_as_it_is_sent(raw: RawCaller, content_type: str) -> None:
    body = {"International": 0}
    assert "Error" not in raw.post("DescribeSmsSignList", body, content_type=content_type)


def test_more_headers_may_be_signed_in_lower_case(raw: RawCaller) -> None:
    more = {"x-tc-action": "describesmssignlist", "x-tc-version": "2021-01-11"}
    assert "Error" not in raw.post("DescribeSmsSignList", {"International": 0}, more=more)


def test_a_body_in_raw_utf_8_is_signed_as_its_bytes(raw: RawCaller) -> None:
    body = json.dumps(SEND, ensure_ascii=False, indent=1).encode()
    (row,) = raw.post("SendSms", body, content_type=JSON_UTF8)["SendStatusSet"]
    assert row["Code"] == "Ok"
