"""Generated input: values for fields, names for paths, bytes for bodies."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.support.in_process.bridge import SIGN, TOKEN

# Strings with a special meaning to one of their readers.
_PICKED_TEXTS = [
    *("", " ", "\x00", "\n", "null", "None", "true", "NaN", "-1", "0", "1", "1e400", "1_000", "+1"),
    *("9" * 5000, "1" * 100_000, "[" * 2000, "{}", "[]", '""', '"null"', "[[]]", '{"a":1}', "\\"),
    *("${", "${}", "${a", "${name}", "{1}", "{0}", "{999999}", "{" + "9" * 5000 + "}", "$" * 500),
    *("\ud800", "\udc00x", "\ufffe", "\uffff", "\ufeff", "\u202e", "\u2028", "👩‍👩‍👧", "é", "é"),
    *("%00", "%2F", "%ED%A0%80", "%FF", "%", "%%%", "..", "../..", "a/b", "#", "OUT#x", "PAGE#x"),
    *("2026-03-02 10:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "2026-02-30 00:00:00"),
    *("99999999999999", "２０２６-03-02", "<script>", "' OR 1=1 --", "http://[", "https://[::1"),
    *(
        "https://a:99999/",
        "https://a.oss.aliyuncs.com:x/",
        "https://ex\u2100mple.com/x",
        "https://\u0130",
    ),
    *("https://" + "a." * 2000, "https://" + "ü" * 3000, "https://xn--" + "a" * 70 + "/", "//x"),
    *("T" + " " * 5000 + "x", "回" + " " * 5000 + "x", "+86 1 3 8", "1390000****", "13900001111"),
    *(SIGN, "7000", "DIGITAL_000000000000", TOKEN, "x" * 10_000, "好" * 3000, "\U0010ffff" * 300),
]
_PICKED_NUMBERS = [
    0,
    -1,
    1,
    2,
    3,
    10**9,
    2**31,
    2**63,
    10**38,
    10**39,
    10**400,
    10**4299,
    -(10**400),
]
texts = st.sampled_from(_PICKED_TEXTS) | st.text(max_size=40)
_scalars = (
    texts
    | st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(_PICKED_NUMBERS)
    | st.floats()
)


def _deep(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = [value]
    return value


def _packed(value: Any) -> str:
    return json.dumps(value)


values = (
    st.recursive(
        _scalars,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(texts, inner, max_size=4)
            | inner.map(_packed)
        ),
        max_leaves=8,
    )
    | st.integers(1, 400).map(_deep)
    | st.integers(900, 1000).map(_deep)
)

_JSON = b'[]{}",:0123456789.eE+-\\ \t\r\n\x00\xfftruefalsenullNaNInfinity'
_almost_json = st.lists(st.sampled_from([bytes([byte]) for byte in _JSON]), max_size=60).map(
    b"".join
)
_picked_bodies = st.sampled_from(
    [
        *(
            b"",
            b" ",
            b"null",
            b"[]",
            b"{}",
            b'""',
            b"0",
            b"-",
            b"NaN",
            b"Infinity",
            b"\xef\xbb\xbf{}",
        ),
        *(b"\xff\xfe{\x00}\x00", b"\x00", b"[" * 100_000, b'{"a":' * 100_000, b'"' + b"\\" * 9999),
        *(
            b'{"outId":1,"outId":[],"outId":"x"}',
            b'{"a":1}{"b":2}',
            b"{'a':1}",
            b'{"a":1,}',
            b"/**/{}",
        ),
        *(
            b'{"outId":"\\ud800"}',
            b'{"\\ud800":1}',
            b'{"outId":"\\u0000"}',
            b"1" * 5000,
            b"1e" + b"9" * 50,
        ),
        *(
            b'{"limit":' + b"9" * 4301 + b"}",
            b'{"limit":-0.0}',
            b"\x1f\x8b\x08\x00",
            b"--x\r\n\r\n--x--",
        ),
        *(b"a=1&b=2", "好".encode("gbk"), b"<xml/>", b'{"phoneNumberJson":"[[[["}'),
    ]
)
bodies = (
    st.binary(max_size=200)
    | _almost_json
    | _picked_bodies
    | values.map(lambda value: json.dumps(value).encode())
)
# As Lambda gets them: text, or text that is marked as Base64.
carried = st.one_of(
    st.tuples(bodies, st.just(False)),
    st.tuples(bodies.map(lambda body: base64.b64encode(body).decode()), st.just(True)),
    st.tuples(st.text(max_size=60), st.booleans()),
    st.tuples(st.sampled_from(["=", "A", "AAA", "\ud800", "é", "!!!!", None]), st.booleans()),
)

content_types = st.sampled_from(
    [
        *(
            "application/json",
            "application/octet-stream",
            "text/plain",
            "image/png",
            "",
            "*/*",
            "x",
        ),
        *("multipart/form-data; boundary=x", "application/json;charset=\ud800", "\x00", "a" * 9000),
        *("application/x-www-form-urlencoded", "application/gzip"),
    ]
)
headers = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": content_types,
        "content-TYPE": content_types,
        "Accept": content_types,
        "Content-Encoding": st.just("gzip"),
        "X-QA-Hmac-Signature": texts,
        "X-HTTP-Method-Override": st.just("DELETE"),
        "Host": texts,
        "": texts,
        "é": texts,
    },
)
queries = st.none() | st.dictionaries(
    st.sampled_from(["timestamp", "nonce", "", "a", "text", "sid", "mobile", "\ud800"]) | texts,
    st.lists(texts, min_size=1, max_size=3),
    max_size=4,
)


def written(fields: Sequence[tuple[str, Any]]) -> str:
    """Return a JSON object with these fields in this order, including repeated names."""
    parts = (f"{json.dumps(name)}:{json.dumps(value)}" for name, value in fields)
    return "{" + ",".join(parts) + "}"
