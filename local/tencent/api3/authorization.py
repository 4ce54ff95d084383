"""The header Authorization: its form, and whether its signature is the request's."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from local.tencent.api3 import signature
from local.tencent.api3.errors import ApiError

_FORM = re.compile(
    rf"{signature.ALGORITHM} Credential=([^/\s,]+)/(\d{{4}}-\d\d-\d\d)/([^/\s,]+)/tc3_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Authorization:
    """The parts of a header Authorization."""

    secret_id: str
    signed_headers: str
    signature: str

    def check_signature(
        self, secret_key: str, timestamp: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Check the signature over the headers and body as they arrived.

        Raises:
            ApiError: AuthFailure.SignatureFailure.
        """
        request = signature.canonical_request(headers, self.signed_headers, body)
        expected = signature.sign(secret_key, timestamp, request)
        if not hmac.compare_digest(expected, self.signature):
            text = "The provided credentials could not be validated. Please check your signature is correct."
            raise ApiError("AuthFailure.SignatureFailure", text)


def parse(headers: Mapping[str, str], timestamp: int) -> Authorization:
    """Read the header Authorization.

    Raises:
        ApiError: AuthFailure.InvalidAuthorization. The header is missing or malformed, has another date than
            the timestamp or another service, or signs too little or a header that the request does not have.
    """
    found = _FORM.fullmatch(headers.get("Authorization", ""))
    if found is None:
        raise _invalid("its form")
    secret_id, date, service, signed, given = found.groups()
    if date != signature.utc_date(timestamp):
        raise _invalid("its date")
    if service != signature.SERVICE:
        raise _invalid("its service")
    names = signed.split(";")
    if names != sorted(set(names)) or not {"content-type", "host"} <= set(names):
        raise _invalid("its SignedHeaders")
    if any(name not in headers for name in names):
        raise _invalid("a signed header that is missing")
    return Authorization(secret_id, signed, given)


def _invalid(why: str) -> ApiError:
    text = f"The request header `Authorization` is invalid: {why}."
    return ApiError("AuthFailure.InvalidAuthorization", text)
