"""What the tests of the Tencent simulator's API 3.0 share: the official SDK, and a caller of raw requests."""

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.common.sign import Sign
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient

from tests.support.simulators.tencent import MOBILE, PLAIN_TEMPLATE, SDKAPPID

SECRET_ID = "AKIDlocalsecretid"
SECRET_KEY = "local-secret-key"
SIGN = "测试签名"
FOREIGN_SIGN = "TestSign"
VERSION = "2021-01-11"
REGION = "ap-guangzhou"
PHONE = f"+86{MOBILE}"

APP: dict[str, Any] = {"SmsSdkAppId": SDKAPPID}
SEND: dict[str, Any] = {
    "PhoneNumberSet": [PHONE],
    "SmsSdkAppId": SDKAPPID,
    "TemplateId": str(PLAIN_TEMPLATE),
    "SignName": SIGN,
}


def tc3_headers(
    host: str,
    body: bytes,
    *,
    secret_id: str = SECRET_ID,
    secret_key: str = SECRET_KEY,
    timestamp: int | None = None,
    content_type: str = "application/json",
    service: str = "sms",
    date: str | None = None,
    more: dict[str, str] | None = None,
) -> dict[str, str]:
    """Return the signed headers of a request, by the official SDK's signer. `more` headers are signed too."""
    timestamp = int(time.time()) if timestamp is None else timestamp
    date = date or time.strftime("%Y-%m-%d", time.gmtime(timestamp))
    signed = {"content-type": content_type, "host": host, **(more or {})}
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    scope = f"{date}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}"
    signature = Sign.sign_tc3(secret_key, date, service, text)
    return {
        "Content-Type": content_type,
        "Host": host,
        "Authorization": (
            f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        ),
        "X-TC-Timestamp": str(timestamp),
        "X-TC-Version": VERSION,
        "X-TC-Region": REGION,
    }


class RawCaller:
    """Calls the simulator with requests that a test may change before or after they are signed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.host = urlsplit(url).netloc
        self.session = requests.Session()
        self.session.trust_env = False

    def post(
        self,
        action: str,
        body: Any,
        *,
        headers: dict[str, str | None] | None = None,
        method: str = "POST",
        **signing: Any,
    ) -> dict[str, Any]:
        """Return the Response to a call. `headers` are set, or left out if None, after the signature."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = {**tc3_headers(self.host, raw, **signing), "X-TC-Action": action}
        sent = {
            name: value
            for name, value in {**signed, **(headers or {})}.items()
            if value is not None
        }
        answer = self.session.request(method, f"{self.url}/", data=raw, headers=sent, timeout=60)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json"
        response = answer.json()["Response"]
        assert isinstance(response, dict)
        assert uuid.UUID(response["RequestId"])
        return response

    def refusal(self, action: str, body: Any, **changes: Any) -> str:
        """Return the code of the error that a call is refused with."""
        response = self.post(action, body, **changes)
        assert response.keys() == {"Error", "RequestId"}
        code = response["Error"]["Code"]
        assert isinstance(code, str)
        assert response["Error"]["Message"]
        return code


class Sdk:
    """The official SDK, which calls the simulator."""

    def __init__(
        self,
        url: str,
        *,
        secret_id: str = SECRET_ID,
        secret_key: str = SECRET_KEY,
        token: str | None = None,
        region: str = REGION,
    ) -> None:
        http = HttpProfile(protocol="http", endpoint=urlsplit(url).netloc, reqTimeout=5)
        profile = ClientProfile(httpProfile=http)
        credential = Credential(secret_id, secret_key, token)
        self.client = SmsClient(credential, region, profile)
        self.common = CommonClient("sms", VERSION, credential, region, profile)

    def call(self, action: str, **fields: Any) -> Any:
        """Return the model of an answer."""
        request = getattr(models, f"{action}Request")()
        # Sets the fields as they are, without the SDK's conversion of names.
        request._deserialize(fields)
        return getattr(self.client, action)(request)

    def common_call(self, action: str, **fields: Any) -> dict[str, Any]:
        """Return the Response to a call that the SDK has no model of."""
        response = self.common.call_json(action, fields)["Response"]
        assert isinstance(response, dict)
        return response

    def send(self, *phones: str, **changes: Any) -> list[Any]:
        """Return the rows of a send to these numbers, or to one."""
        fields = {**SEND, "PhoneNumberSet": list(phones or [PHONE]), **changes}
        rows = self.call("SendSms", **fields).SendStatusSet
        assert isinstance(rows, list)
        return rows

    def codes(self, *phones: str, **changes: Any) -> list[str]:
        """Return the codes of the rows of a send."""
        return [row.Code for row in self.send(*phones, **changes)]

    def refusal(self, action: str, **fields: Any) -> str:
        """Return the code of the error that a call is refused with."""
        return refusal(lambda: self.call(action, **fields))


def refusal(call: Callable[[], object]) -> str:
    """Return the code of the error that the SDK raises in a call."""
    with pytest.raises(TencentCloudSDKException) as raised:
        call()
    code = raised.value.code
    assert isinstance(code, str)
    return code


@contextmanager
def no_proxy() -> Iterator[None]:
    """Unset the proxies of the environment: the SDK uses them for loopback addresses, too."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
            patch.delenv(name, raising=False)
        yield


def of_phone(phone: str = PHONE, **changes: Any) -> dict[str, Any]:
    """Return the fields of a pull of a phone number."""
    begin = int(time.time()) - 60
    fields = {"PhoneNumber": phone, "BeginTime": begin, "Offset": 0, "Limit": 100, **APP}
    return {**fields, **changes}


def statuses(sdk: Sdk, phone: str = PHONE, **changes: Any) -> list[Any]:
    """Return the statuses of a phone number."""
    answer = sdk.call("PullSmsSendStatusByPhoneNumber", **of_phone(phone, **changes))
    rows = answer.PullSmsSendStatusSet
    assert isinstance(rows, list)
    return rows


def records(sdk: Sdk, phone: str = PHONE, **changes: Any) -> dict[str, Any]:
    """Return the Response with the records of a phone number."""
    fields = {"PhoneNumber": phone, "BeginTime": int(time.time()) - 300, "Limit": 50, **APP}
    return sdk.common_call("DescribeSendRecordList", **{**fields, **changes})


def record_set(sdk: Sdk, phone: str = PHONE, **changes: Any) -> list[dict[str, Any]]:
    """Return the records of a phone number."""
    rows = records(sdk, phone, **changes)["SendRecordSet"]
    assert isinstance(rows, list)
    return rows
