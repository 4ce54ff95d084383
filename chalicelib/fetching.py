"""Fetching what a caller names by URL, without being led where the caller must not reach.

    check_url ─▶ resolve ─▶ every address is public ─▶ connect to one of those ─▶ read, counted and timed

Only hosts of `OSS_ALLOWED_HOSTS` are asked, by https on port 443; an entry with its own scheme
(`http://127.0.0.1:9000`) allows exactly that origin, its private address included. There is one name
lookup, and the connection goes to an address that it gave: a second answer can't lead elsewhere. No
redirect, proxy, cookie or credential is followed, used or kept.

Texts of errors are for marketers and hold no query: that is where a signed URL has its signature.
"""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from certifi import where
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from chalicelib import settings
from chalicelib.errors import BridgeError, ConfigurationError

# Seconds of silence after which the other side counts as gone.
_SILENCE = 15
_PART = 64 * 1024
_MOST_URL = 4096
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_DEFAULT_PORTS = {"http": 80, "https": 443}

# What is no host on the public internet (IANA's special-purpose registries), 100.64.0.0/10 with
# Alibaba's metadata service among them; 168.63.129.16 is Azure's.
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
# Global unicast, and what in it leads elsewhere: Teredo and other protocols' own, documentation, 6to4.
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class FetchError(BridgeError):
    """A file that can't be had. The text says why, to a marketer."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a URL leads, once that is allowed."""

    scheme: str
    host: str
    port: int
    target: str
    private: bool


class Body(Iterator[bytes]):
    """The bytes as they come, each part as large as it happened to arrive.

    `version` is another text once the file is another one; `size` is that of the whole file, None
    where the server doesn't say.
    """

    def __init__(
        self, response: HTTPResponse, deadline: "_Deadline", start: int, most_bytes: int
    ) -> None:
        self.version = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        self.size = _size(response)
        self._response = response
        self._deadline = deadline
        self._most_bytes = most_bytes
        self._seen = 0 if response.status == http.client.OK else start
        self._skip = start - self._seen
        self._ended = response.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE
        if self.size is not None and self.size > most_bytes:
            raise _too_big(most_bytes)

    def __next__(self) -> bytes:
        while not self._ended:
            part = self._read()
            self._seen += len(part)
            if self._seen > self._most_bytes:
                raise _too_big(self._most_bytes)
            self._ended = not part
            kept = part[self._skip :]
            self._skip -= len(part) - len(kept)
            if kept:
                return kept
        if self._skip:
            raise FetchError("文件在读取过程中变短了")
        raise StopIteration

    def _read(self) -> bytes:
        with self._deadline.watching():
            return self._response.read1(_PART, decode_content=False)


@contextmanager
def stream(url: str, *, most_bytes: int, seconds: float, start: int = 0) -> Iterator[Body]:
    """Open a file, from byte `start` on: by Range where the server does it, else by skipping.

    Raises FetchError, here or while reading: for what is not allowed, not there, changed its length,
    is larger than `most_bytes` in all, or takes longer than `seconds` until the context is left.
    """
    place = _place(url)
    with ExitStack() as held:
        deadline = held.enter_context(_Deadline(place.host, seconds))
        connection = _connection(place, deadline)
        held.callback(connection.close)
        headers = {"Accept-Encoding": "identity", "User-Agent": "qa-sms-bridge"}
        if start:
            headers["Range"] = f"bytes={start}-"
        with deadline.watching():
            connection.request(
                "GET", place.target, headers=headers, preload_content=False, decode_content=False
            )
            response = connection.getresponse()
        held.callback(response.close)
        _check_answer(response, start)
        yield Body(response, deadline, start, most_bytes)


def read(url: str, *, most_bytes: int, seconds: float) -> bytes:
    """A whole file. Raises FetchError as `stream` does."""
    with stream(url, most_bytes=most_bytes, seconds=seconds) as parts:
        return b"".join(parts)


def check_url(url: str) -> None:
    """Refuse what can be refused without the network. Raises FetchError."""
    _place(url)


# --- where to -----------------------------------------------------------------------------------


def _place(url: str) -> _Place:
    """Read a URL once; nothing reads it a second time in another way."""
    if len(url) > _MOST_URL or _UNPRINTABLE.search(url):
        raise FetchError(f"文件地址不能超过 {_MOST_URL} 个字符, 也不能包含空格, 反斜杠或控制字符")
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
                return _Place(parts.scheme, host, port, target, private=True)
        elif _below(host, entry):
            if (parts.scheme, port) != ("https", 443):
                raise FetchError("文件地址必须使用 https 和默认端口 443")
            return _Place(parts.scheme, host, port, target, private=False)
    raise FetchError(f"不允许从 {host} 读取文件, 请使用阿里云 OSS 的地址或联系管理员添加该域名")


def _host(name: str) -> str:
    """A host's one spelling. An IP address in a spelling of its own matches no entry but an origin's."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        host = name.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError:
        host = ""
    labels = host.split(".")
    # As browsers have it: what ends in a number is an IPv4 address in some notation.
    number = re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1])
    if number or len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise FetchError("文件地址的域名不正确")
    return host


def _below(host: str, entry: str) -> bool:
    """Whether an entry allows a host: `.a.com` what is below a.com, `a.com` that and a.com itself."""
    suffix = entry.lower().removeprefix("*").rstrip(".")
    return host.endswith("." + suffix.removeprefix(".")) or host == suffix


def _origin(entry: str) -> tuple[str, str, int]:
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
    """Whether an address is one on the public internet, whatever IPv6 form an IPv4 address has."""
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


def _addresses(host: str, port: int, *, private: bool) -> list[str]:
    """The addresses behind a name, in the resolver's order. One that is not public spoils them all."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchError(f"找不到域名 {host}") from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not private and not all(map(_is_public, addresses)):
        raise FetchError(f"域名 {host} 指向内网地址, 不能读取, 请使用 OSS 的外网地址")
    return addresses


# --- the connection -----------------------------------------------------------------------------


class _Deadline:
    """The end of all patience, even with a server that sends a byte now and then.

    A timer shuts the connection down: no reading or shaking of hands outlives that. It holds a second
    handle on the socket, because TLS takes the first one away.
    """

    def __init__(self, host: str, seconds: float) -> None:
        self._host = host
        self._seconds = seconds
        self._expired = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(max(0.0, seconds), self._expire)
        self._timer.daemon = True

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._socket:
                self._socket.close()
                self._socket = None

    def watch(self, connected: socket.socket) -> None:
        """Take a connection under watch."""
        with self._lock:
            self._socket = connected.dup()
            if self._expired:
                _shut(self._socket)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Turn what goes wrong on the connection into FetchError; time that ran out, too."""
        try:
            yield
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            if not self._expired:
                raise FetchError(
                    f"读取 {self._host} 的文件失败: 网络错误 {type(error).__name__}"
                ) from error
        if self._expired:
            raise FetchError(f"读取 {self._host} 的文件超过 {self._seconds:.0f} 秒")

    def _expire(self) -> None:
        with self._lock:
            self._expired = True
            if self._socket:
                _shut(self._socket)


def _shut(connected: socket.socket) -> None:
    # It may have ended by itself.
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


class _CheckedMixin:
    """Connects to an address that was checked, in place of looking the name up once more."""

    place: _Place
    deadline: _Deadline

    def _new_conn(self) -> socket.socket:
        last: OSError | None = None
        for address in _addresses(self.place.host, self.place.port, private=self.place.private):
            try:
                connected = socket.create_connection((address, self.place.port), _SILENCE)
            except OSError as error:
                last = error
                continue
            self.deadline.watch(connected)
            return connected
        raise last or OSError("no address")


class _CheckedHTTP(_CheckedMixin, HTTPConnection):
    pass


class _CheckedHTTPS(_CheckedMixin, HTTPSConnection):
    pass


def _connection(place: _Place, deadline: _Deadline) -> HTTPConnection:
    connection: Any
    if place.scheme == "https":
        connection = _CheckedHTTPS(
            place.host, place.port, timeout=_SILENCE, ssl_context=_tls(), blocksize=_PART
        )
    else:
        connection = _CheckedHTTP(place.host, place.port, timeout=_SILENCE, blocksize=_PART)
    connection.place, connection.deadline = place, deadline
    made: HTTPConnection = connection
    return made


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=where())


# --- the answer ---------------------------------------------------------------------------------


def _check_answer(response: HTTPResponse, start: int) -> None:
    status = response.status
    if 300 <= status < 400:
        raise FetchError(f"文件地址会跳转到其他地址 (HTTP {status}), 请提供文件的最终地址")
    if status == http.client.NOT_FOUND:
        raise FetchError("文件不存在 (HTTP 404)")
    if status == http.client.FORBIDDEN:
        raise FetchError("没有权限读取文件, 链接可能已过期 (HTTP 403)")
    expected = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if status == http.client.PARTIAL_CONTENT and start and expected and int(expected[1]) == start:
        pass
    elif status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and start:
        if response.headers.get("Content-Range") != f"bytes */{start}":
            raise FetchError("文件在读取过程中变短了 (HTTP 416)")
    elif status != http.client.OK:
        raise FetchError(f"文件服务器返回 HTTP {status}")
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise FetchError("不支持压缩传输的文件 (Content-Encoding)")
    if response.length_remaining is None and not response.chunked:
        # Its end could not be told from a broken connection's.
        raise FetchError("文件服务器没有说明文件长度")


def _size(response: HTTPResponse) -> int | None:
    whole = response.headers.get("Content-Range", "").rpartition("/")[2]
    if whole.isdecimal():
        return int(whole)
    return response.length_remaining if response.status == http.client.OK else None


def _too_big(most_bytes: int) -> FetchError:
    return FetchError(f"文件超过 {most_bytes / 1_000_000:g} MB 的上限")
