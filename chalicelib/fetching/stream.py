"""Fetch a file by URL: check the URL, connect, and read, with limits on bytes and time.

Texts of errors are for marketers. They never contain the URL's query, because a signed URL has its signature there.
"""

import http.client
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from urllib3.response import HTTPResponse

from chalicelib.fetching import addresses, connection
from chalicelib.fetching.addresses import FetchError
from chalicelib.fetching.connection import Deadline

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class Body(Iterator[bytes]):
    """Iterates over a file's bytes, in parts of any size.

    `version` is a text that changes when the file does; `size` is the size of the whole file, None if the server
    does not say it.
    """

    def __init__(
        self, response: HTTPResponse, deadline: "Deadline", start: int, max_bytes: int
    ) -> None:
        self.version = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        self.size = _size(response)
        self._response = response
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._seen = 0 if response.status == http.client.OK else start
        self._skip = start - self._seen
        self._ended = response.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE
        if self.size is not None and self.size > max_bytes:
            raise _too_big(max_bytes)

    def __next__(self) -> bytes:
        while not self._ended:
            part = self._read()
            self._seen += len(part)
            if self._seen > self._max_bytes:
                raise _too_big(self._max_bytes)
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
            return self._response.read1(connection.PART, decode_content=False)


@contextmanager
def open_stream(url: str, *, max_bytes: int, seconds: float, start: int = 0) -> Iterator[Body]:
    """Open a file from byte `start` on. If the server supports no ranges, the bytes before it are skipped.

    Raises FetchError, here or while reading, if the URL is not allowed, the file does not exist or changes its
    length, it is larger than `max_bytes`, or more than `seconds` pass before the context is left.
    """
    allowed = addresses.parse(url)
    with ExitStack() as stack:
        deadline = stack.enter_context(Deadline(allowed.host, seconds))
        connected = connection.connect(allowed, deadline)
        stack.callback(connected.close)
        headers = {"Accept-Encoding": "identity", "User-Agent": "qa-sms-bridge"}
        if start:
            headers["Range"] = f"bytes={start}-"
        with deadline.watching():
            connected.request(
                "GET", allowed.target, headers=headers, preload_content=False, decode_content=False
            )
            response = connected.getresponse()
        stack.callback(response.close)
        _check_response(response, start)
        yield Body(response, deadline, start, max_bytes)


def read_all(url: str, *, max_bytes: int, seconds: float) -> bytes:
    """Return a whole file. Raises FetchError as `open_stream` does."""
    with open_stream(url, max_bytes=max_bytes, seconds=seconds) as parts:
        return b"".join(parts)


def _check_response(response: HTTPResponse, start: int) -> None:
    """Raise FetchError unless the response has the file, complete or from byte `start` on."""
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
        # Without a length, the end of the file looks like a broken connection.
        raise FetchError("文件服务器没有说明文件长度")


def _size(response: HTTPResponse) -> int | None:
    """Return the size of the whole file; None if the response does not say it."""
    whole = response.headers.get("Content-Range", "").rpartition("/")[2]
    if whole.isdecimal():
        return int(whole)
    return response.length_remaining if response.status == http.client.OK else None


def _too_big(max_bytes: int) -> FetchError:
    return FetchError(f"文件超过 {max_bytes / 1_000_000:g} MB 的上限")
