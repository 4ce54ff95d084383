"""The addresses that a caller's URL may lead to. Resolver and connections are stubs."""

import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import ConfigurationError
from chalicelib.fetching import addresses, stream
from chalicelib.fetching.addresses import FetchError
from tests.support.property_tests import examples
from tests.support.settings import Configure

GOOD = "https://bucket.oss-cn-hangzhou.aliyuncs.com/a/b.txt?Expires=1&Signature=secret%2F"


@pytest.mark.parametrize(
    "url",
    [
        GOOD,
        "https://a.aliyuncs.com",
        "https://A.AliyunCS.com/x",
        "https://a.aliyuncs.com./x",
        "https://a.aliyuncs.com:443/x",
        "https://a.aliyuncs.com:/x",
        "https://ａ.aliyuncs。com/x",
        "https://a.aliyuncs.com/目录/号码.txt",
        "https://a.aliyuncs.com/a%20b?x=1?y=//evil.com/@",
        "HTTPS://a.aliyuncs.com/x#fragment",
    ],
)
def test_an_allowed_url_passes(configure: Configure, url: str) -> None:
    configure()
    addresses.check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "string",
        "/etc/passwd",
        "//a.aliyuncs.com/x",
        "file:///etc/passwd",
        "ftp://a.aliyuncs.com/x",
        "gopher://a.aliyuncs.com/x",
        "http://a.aliyuncs.com/x",
        "http://a.aliyuncs.com:443/x",
        "https://a.aliyuncs.com:80/x",
        "https://a.aliyuncs.com:8443/x",
        "https://a.aliyuncs.com:99999/x",
        "https://a.aliyuncs.com:x/x",
        "https://user@a.aliyuncs.com/x",
        "https://user:pass@a.aliyuncs.com/x",
        "https://a.aliyuncs.com@evil.com/x",
        "https://@a.aliyuncs.com/x",
        "https://evil.com#@a.aliyuncs.com/x",
        "https://evil.com\\@a.aliyuncs.com/x",
        "https://evil.com\\.aliyuncs.com/x",
        "https://evil.com?.aliyuncs.com/x",
        "https://evil.com/.aliyuncs.com",
        "https://evilaliyuncs.com/x",
        "https://aliyuncs.com/x",
        "https://.aliyuncs.com/x",
        "https://a..aliyuncs.com/x",
        "https://-.aliyuncs.com/x",
        "https://a_b.aliyuncs.com/x",
        "https://a%2ealiyuncs.com/x",
        "https://a.aliyuncs.com.evil.com/x",
        "https://a.aliyuncs.com%00.evil.com/x",
        "https://a.aliyuncs.com%2f.evil.com/x",
        "https://a.aliyuncs.c℀m/x",
        "https://xn--.aliyuncs.com/x",
        "https:///x",
        "https://",
        "https:a.aliyuncs.com/x",
        "https://[::1]/x",
        "https://[::ffff:169.254.169.254]/x",
        "https://[fe80::1%25eth0]/x",
        "https://[::1",
        "https://127.0.0.1/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0x7f.0.0.1/x",
        "https://0177.0.0.1/x",
        "https://017700000001/x",
        "https://１２７.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://100.100.100.200/latest/meta-data",
        "https://localhost/x",
        "https://a.aliyuncs.com/x y",
        " https://a.aliyuncs.com/x",
        "https://a.aliyuncs.com/x\r\nHost: evil.com",
        "https://a.aliyuncs.com/\tx",
        "https://a.aliyuncs.com/x\x00",
        "https://" + "a" * 64 + ".aliyuncs.com/x",
        "https://" + "a." * 130 + "aliyuncs.com/x",
        "https://a.aliyuncs.com/" + "x" * 4096,
    ],
)
def test_a_forbidden_url_is_refused_without_the_network(configure: Configure, url: str) -> None:
    configure()
    with pytest.raises(FetchError, match=r"[\u4e00-\u9fff]"):
        addresses.check_url(url)


@examples(500)
@given(st.text(max_size=30), st.text(max_size=10))
def test_any_url_is_refused_or_has_an_allowed_host(host: str, rest: str) -> None:
    settings = type("Settings", (), {"oss_allowed_hosts": (".aliyuncs.com",)})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("chalicelib.settings.load", settings)
        try:
            place = addresses.parse(f"https://{host}.aliyuncs.com{rest}")
        except FetchError:
            return
    assert place.host.endswith(".aliyuncs.com")
    assert (place.scheme, place.port) == ("https", 443)
    assert place.target.isascii()
    assert place.target.startswith("/")


@pytest.mark.parametrize(
    ("allowed", "url", "expected"),
    [
        ("aliyuncs.com", "https://aliyuncs.com/x", True),
        ("aliyuncs.com", "https://a.aliyuncs.com/x", True),
        ("aliyuncs.com", "https://evilaliyuncs.com/x", False),
        ("*.aliyuncs.com", "https://a.aliyuncs.com/x", True),
        (".AliyunCS.com.", "https://a.aliyuncs.com/x", True),
        (".a.com,.b.com", "https://x.b.com/x", True),
        ("*", "https://a.com/x", False),
        (".", "https://a.com/x", False),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/x", True),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9001/x", False),
        ("http://127.0.0.1:9000", "https://127.0.0.1:9000/x", False),
        ("http://127.0.0.1:9000", "http://127.1:9000/x", False),
        ("http://127.0.0.1:9000", "http://2130706433:9000/x", False),
        ("http://127.0.0.1:9000", "http://a@127.0.0.1:9000/x", False),
        ("http://localhost", "http://LOCALHOST:80/x", True),
        ("http://localhost", "http://localhost.:80/x", True),
        ("http://localhost", "http://a.localhost/x", False),
        ("https://files.example.com:8443", "https://files.example.com:8443/x", True),
        ("https://files.example.com:8443", "https://files.example.com/x", False),
        ("http://[::1]:9000", "http://[0:0::1]:9000/x", True),
    ],
)
def test_entries_of_the_setting_are_read(
    configure: Configure, allowed: str, url: str, *, expected: bool
) -> None:
    configure(OSS_ALLOWED_HOSTS=allowed)
    if expected:
        addresses.check_url(url)
    else:
        with pytest.raises(FetchError):
            addresses.check_url(url)


@pytest.mark.parametrize("entry", ["ftp://a.com", "http://[::1", "http://", "https://a.com:x"])
def test_an_invalid_entry_of_the_setting_is_named(configure: Configure, entry: str) -> None:
    configure(OSS_ALLOWED_HOSTS=entry)
    with pytest.raises(ConfigurationError, match="OSS_ALLOWED_HOSTS"):
        addresses.check_url(GOOD)


def test_no_refusal_shows_the_signature(configure: Configure) -> None:
    configure(OSS_ALLOWED_HOSTS=".example.com")
    with pytest.raises(FetchError) as caught:
        addresses.check_url(GOOD)
    assert "secret" not in str(caught.value)


# --- addresses ------------------------------------------------------------------------------------

NOT_PUBLIC = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200"),  # noqa: S104
    *("100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254", "169.254.0.1"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
    *("198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:169.254.169.254"),
    *("::ffff:100.100.100.200", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    *("64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::1", "2001:10::1", "2001:20::1"),
    *("2001:db8::1", "2002:7f00:1::1", "2002:a9fe:a9fe::1", "2002:808:808::1", "3fff::1"),
    *("5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
]
PUBLIC = [
    *("8.8.8.8", "47.110.23.54", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1"),
    *("223.255.255.255", "2408:4000::1", "2600:1f18::1", "::ffff:8.8.8.8", "64:ff9b::808:808"),
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not addresses._is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert addresses._is_public(address)


@examples(500)
@given(st.ip_addresses())
def test_every_allowed_address_is_global_by_pythons_definition(address: Any) -> None:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if addresses._is_public(str(address)):
        kinds = ("private", "loopback", "link_local", "multicast", "unspecified")
        assert not any(getattr(address, f"is_{kind}") for kind in kinds)


class Network:
    """A resolver with one answer for each lookup, which records the addresses that are connected to."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.connected: list[Any] = []

    def resolve(self, host: str, port: int, **_: Any) -> list[Any]:
        addresses = self.answers.pop(0)
        if not addresses:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    def connect(self, address: Any, *_: Any) -> Any:
        self.connected.append(address)
        raise ConnectionRefusedError


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network()
    monkeypatch.setattr(socket, "getaddrinfo", network.resolve)
    monkeypatch.setattr(socket, "create_connection", network.connect)
    return network


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_allowed_name_with_a_private_address_is_not_connected_to(
    configure: Configure, network: Network, address: str
) -> None:
    configure()
    network.answers = [["47.110.23.54", address]]
    with pytest.raises(FetchError, match="内网地址"):
        stream.read_all(GOOD, max_bytes=10, seconds=5)
    assert network.connected == []


def test_the_connection_goes_to_the_address_that_was_checked(
    configure: Configure, network: Network
) -> None:
    configure()
    network.answers = [["47.110.23.54", "47.110.23.55"], ["127.0.0.1"]]
    with pytest.raises(FetchError, match="网络错误"):
        stream.read_all(GOOD, max_bytes=10, seconds=5)
    assert network.connected == [("47.110.23.54", 443), ("47.110.23.55", 443)]
    assert network.answers == [["127.0.0.1"]], "there was no second look-up"


def test_a_name_that_does_not_resolve_is_an_error(configure: Configure, network: Network) -> None:
    configure()
    network.answers = [[]]
    with pytest.raises(FetchError, match=r"找不到域名 bucket\.oss-cn-hangzhou\.aliyuncs\.com"):
        stream.read_all(GOOD, max_bytes=10, seconds=5)


def test_an_origin_in_the_setting_may_be_private(configure: Configure, network: Network) -> None:
    configure(OSS_ALLOWED_HOSTS="http://files.test:9000")
    network.answers = [["127.0.0.1"]]
    with pytest.raises(FetchError, match="网络错误"):
        stream.read_all("http://files.test:9000/x", max_bytes=10, seconds=5)
    assert network.connected == [("127.0.0.1", 9000)]
