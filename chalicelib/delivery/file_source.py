"""Where a file of §5 is fetched from, as often as its reader needs it."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from chalicelib.domain import file_lines, file_survey
from chalicelib.domain.file_lines import Line
from chalicelib.domain.file_survey import Survey
from chalicelib.fetching import stream
from chalicelib.fetching.addresses import FetchError
from chalicelib.fetching.stream import Body
from chalicelib.store.files import File

# The largest file that is read.
MAX_BYTES = 200_000_000
# A step begins with at least this much time left.
SECONDS_FOR_A_STEP = 30


class FileSource:
    """A file's address, and the time until which it may be read. Every method raises FetchError."""

    def __init__(self, url: str, deadline: float) -> None:
        self._url = url
        self._deadline = deadline

    def survey(self) -> tuple[Survey, str]:
        """Count the file's lines and find out its encoding; return that, and the file's version."""
        with self._open() as body:
            survey = file_survey.survey(body)
            version = _version(body)
        if survey.other_ends:
            # The lines of this encoding have ends of their own.
            with self._open() as body:
                survey = file_survey.survey(body, survey.encoding)
                version = _version(body)
        return survey, version

    @contextmanager
    def lines(self, file: File) -> Iterator[Iterator[Line]]:
        """Open the file and yield its lines. Raises FetchError if it is no longer the version that was counted."""
        with self._open() as body:
            if _version(body) != file.version:
                raise FetchError("文件在读取过程中被修改")
            yield file_lines.split(body, file.encoding)

    def _open(self) -> AbstractContextManager[Body]:
        seconds = self._deadline - time.time() - SECONDS_FOR_A_STEP / 2
        return stream.open_stream(self._url, max_bytes=MAX_BYTES, seconds=seconds)


def _version(body: Body) -> str:
    return f"{body.version} {body.size}"
