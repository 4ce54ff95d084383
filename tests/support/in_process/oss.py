"""A fake of OSS, which holds Quick Audience's files, in place of `fetching.stream`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from chalicelib.fetching import stream
from chalicelib.fetching.addresses import FetchError
from tests.support.in_process.outside import Outside

BUCKET = "https://qa-files.oss-cn-hangzhou.aliyuncs.com"


class Opened(Iterator[bytes]):
    """A file that is read in small parts."""

    def __init__(self, oss: "FakeOss", data: bytes, version: str) -> None:
        self.version = version
        self.size = len(data)
        self._oss = oss
        self._parts = iter([data[n : n + oss.part] for n in range(0, len(data), oss.part)])

    def __next__(self) -> bytes:
        part = next(self._parts)
        self._oss.on_part()
        return part


class FakeOss:
    """The files by their URLs without a query."""

    def __init__(self, outside: Outside) -> None:
        self.files: dict[str, bytes] = {}
        self.opened: list[str] = []
        self.part = 50
        self.broken: list[FetchError] = []
        """The errors of the next attempts to open a file."""
        self.on_part: Callable[[], object] = lambda: None
        self._outside = outside

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stream, "open_stream", self._stream)

    def put(self, text: str | bytes, name: str = "numbers.txt") -> str:
        """Store a file and return its signed URL."""
        url = f"{BUCKET}/{name}"
        self.files[url] = text.encode() if isinstance(text, str) else text
        return f"{url}?Expires=1&Signature={len(self.files)}"

    @contextmanager
    def _stream(
        self, url: str, *, max_bytes: int, seconds: float, start: int = 0
    ) -> Iterator[Opened]:
        assert (seconds > 0, start) == (True, 0)

        def open_() -> bytes:
            self.opened.append(url)
            if self.broken:
                raise self.broken.pop(0)
            place = url.partition("?")[0]
            if place not in self.files:
                raise FetchError("文件不存在 (HTTP 404)")
            return self.files[place]

        lost = FetchError("读取文件失败: 网络错误")
        data = self._outside.call("oss GET", open_, lost, lost)
        if len(data) > max_bytes:
            raise FetchError("文件超过上限")
        yield Opened(self, data, f'"{hash(data)}"')
