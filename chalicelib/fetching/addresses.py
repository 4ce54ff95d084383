"""Which URLs may be fetched: only hosts of `OSS_ALLOWED_HOSTS`, by https on port 443, at a public address.

An entry with a scheme (`http://127.0.0.1:9000`) allows exactly that origin, at a private address, too. Texts of
errors are for marketers. They never contain a URL's query, because a signed URL has its signature there.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from chalicelib import settings
from chalicelib.errors import BridgeError, ConfigurationError

_MAX_URL = 4096
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")
_DEFAULT_PORTS = {"http": 80, "https": 443}

# Addresses that are not on the public internet (IANA's special-purpose registries). 100.64.0.0/10 includes
# Alibaba's metadata service; 168.63.129.16 is Azure's.
_NOT_PUBLIC_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
            *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
            "168.63.129.16/32",
        ),
    )
)
# Global unicast, and the parts of it that are not public hosts: Teredo and other protocols, documentation, 6to4.
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class FetchError(BridgeError):
    """A file can't be fetched. The text explains it to a marketer."""


@dataclass(frozen=True, slots=True)
class AllowedUrl:
    """A URL that may be fetched, in its parts.

    `target` is its path and query. `private` says that its host may have a private address.
    """

    scheme: str
    host: str
    port: int
    target: str
    private: bool


def check_url(url: str) -> None:
    """Check a URL as far as possible without the network. Raises FetchError if it may not be fetched."""
    parse(url)


def parse(url: str) -> AllowedUrl:
    """Parse a URL and check that it may be fetched. Raises FetchError.

    This is the only place that parses it, so that the URL that is checked is the one that is fetched.
    """
    if len(url) > _MAX_URL or _UNPRINTABLE.search(url):
        raise FetchError(f"文件地址不能超过 {_MAX_URL} 个字符, 也不能包含空格, 反斜杠或控制字符")
    try:
        parts = urlsplit(url)
        port = parts.port if parts.port is not None else _DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        raise FetchError("文件地址格式错误, 请提供完整的 https 地址") from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise FetchError("文件地址必须是以 https:// 开头的完整地址")
    if "@" in parts.netloc:
        raise FetchError("文件地址不能包含用户名或密码")
    host = _host(parts.hostname)
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~?")
    for entry in settings.load().oss_allowed_hosts:
        if "://" in entry:
            if _origin(entry) == (parts.scheme, host, port):
                return AllowedUrl(parts.scheme, host, port, target, private=True)
        elif _allows(entry, host):
            if (parts.scheme, port) != ("https", 443):
                raise FetchError("文件地址必须使用 https 和默认端口 443")
            return AllowedUrl(parts.scheme, host, port, target, private=False)
    raise FetchError(f"不允许从 {host} 读取文件, 请使用阿里云 OSS 的地址或联系管理员添加该域名")


def _host(name: str) -> str:
    """Return the canonical form of a host. Raises FetchError for a wrong name.

    An IP address matches only entries that are origins.
    """
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        host = name.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError:
        host = ""
    labels = host.split(".")
    # Like browsers: a host whose last label is a number is an IPv4 address in some notation.
    number = re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1])
    if number or len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise FetchError("文件地址的域名不正确")
    return host


def _allows(entry: str, host: str) -> bool:
    """Return whether an entry allows a host: `.a.com` allows the names below a.com, `a.com` also a.com itself."""
    suffix = entry.lower().removeprefix("*").rstrip(".")
    return host.endswith("." + suffix.removeprefix(".")) or host == suffix


def _origin(entry: str) -> tuple[str, str, int]:
    """Return an entry's scheme, host and port. Raises ConfigurationError if it is no origin."""
    try:
        parts = urlsplit(entry)
        port = parts.port if parts.port is not None else _DEFAULT_PORTS[parts.scheme]
        return parts.scheme, _host(parts.hostname or ""), port
    except (ValueError, KeyError, FetchError):
        raise ConfigurationError(
            f"OSS_ALLOWED_HOSTS: {entry} is neither a host suffix (.aliyuncs.com) nor an origin "
            "(http://127.0.0.1:9000)"
        ) from None


def _is_public(address: str) -> bool:
    """Return whether an address is on the public internet. An IPv4 address may be written as an IPv6 one."""
    if "%" in address:
        return False
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        elif ip in _NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        else:
            return ip in _GLOBAL_6 and not any(ip in network for network in _NOT_PUBLIC_6)
    return not any(ip in network for network in _NOT_PUBLIC_4)


def resolve(host: str, port: int, *, private: bool) -> list[str]:
    """Return a host's addresses, in the resolver's order.

    Raises FetchError if there are none or if, without `private`, any of them is not public.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchError(f"找不到域名 {host}") from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not private and not all(map(_is_public, addresses)):
        raise FetchError(f"域名 {host} 指向内网地址, 不能读取, 请使用 OSS 的外网地址")
    return addresses
