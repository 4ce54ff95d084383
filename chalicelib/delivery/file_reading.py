"""One function's way through a file of §5, which it holds meanwhile."""

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain import parameters, recipient_file
from chalicelib.domain.digest_set import DigestSet
from chalicelib.domain.periods import CLOSED_AFTER_SECONDS
from chalicelib.domain.planning import Failure, Recipients
from chalicelib.domain.recipient_file import BadLine, Line
from chalicelib.domain.send_request import SendRequest
from chalicelib.fetching import stream
from chalicelib.fetching.addresses import FetchError
from chalicelib.fetching.stream import Body
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.queues.bodies import FileBody, SendBody
from chalicelib.store import chunks, files, submissions, templates
from chalicelib.store.files import File

# The largest file. The set of recipients seen takes 256 MB of the function's memory for this number of lines,
# 16 MB for a million.
MAX_BYTES = 200_000_000
MAX_LINES = 10_000_000
# Lines of a step: what a crash repeats, against writes per line.
STEP = 5000
# Bad lines that are kept with their number.
MAX_BAD = 100
# Tries at a file that can't be had or doesn't advance, over 7.5 minutes; then its request has failed.
TRIES = 5
_FIRST_PAUSE = 30
# A step begins with at least this much time left.
SECONDS_FOR_A_STEP = 30
# How long a file is held, from each checkpoint on. A function that takes it too early repeats the same work.
HELD_SECONDS = 180


def allow_again(file: File) -> None:
    """Let the same request be a new one if this one failed before anybody was sent to.

    The marketer repairs the file and repeats the request.
    """
    if file.state == "failed" and (file.over or not file.position):
        submissions.withdraw(file.digest, file.biz_id)


@dataclass(slots=True)
class _Step:
    """What some lines come to."""

    lines: int = 0
    recipients: Recipients = field(default_factory=Recipients)
    repeated: int = 0
    unreadable: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    """Whom a line names and what with; or why there is nothing for them."""

    given: str
    phone: str = ""
    params: tuple[str, ...] = ()
    failure: Failure | None = None
    bad: bool = False

    @property
    def key(self) -> str:
        """Equal where a recipient is named again."""
        return f"!{self.given}" if self.failure else "\0".join((self.phone, *self.params))


class FileReading:
    """One function's way through a file that it holds."""

    def __init__(self, request: SendRequest, file: File, deadline: float) -> None:
        self._request = request
        self._file = file
        self._deadline = deadline
        self._names: tuple[str, ...] = ()
        self._moved = False

    def go_on(self) -> None:
        """Count the file if nobody has, and read on. Raises FetchError where it can't be had."""
        if time.time() > self._request.accepted_at + CLOSED_AFTER_SECONDS:
            # Put back from the dead letters, perhaps: the sweep has been there, and nobody would hear more.
            self._fail("受理已超过72小时, 不再发送")
            return
        revision = templates.get(self._request.template_code, self._request.revision)
        if revision is None:
            self._fail(f"模板 {self._request.template_code} 已不存在")
            return
        self._names = revision.names
        if not self._file.version:
            self._count()
        if self._file.ended:
            return
        if not self._read():
            self.keep(until=0)
            sending.send("files", [FileBody(self._file.out_id, self._file.biz_id)])
            log.info("time is short, another function reads on", extra=self._shown())
        elif self._file.over:
            self._fail(self._file.over)
        else:
            self.keep(state="done", reason="", until=0)
            log.info("file read", extra=self._shown())

    def put_off(self, why: str) -> int | None:
        """Answer when to try again, or fail when it was tried often enough without coming on."""
        failures = 1 if self._moved else self._file.failures + 1
        log.warning("file not read", extra={"why": why, "failures": failures, **self._shown()})
        if failures >= TRIES:
            self._fail(why)
            return None
        self.keep(failures=failures, reason=why, until=0)
        return int(_FIRST_PAUSE << (failures - 1))

    def keep(self, **changes: Any) -> None:
        """Keep how far it came, in order to hold it on unless `until` is among the changes."""
        held = {"until": int(time.time()) + HELD_SECONDS}
        file = replace(self._file, **held | changes)
        files.save(file)
        self._file = file

    def _fail(self, why: str) -> None:
        self.keep(state="failed", reason=why, until=0)
        log.error("file failed for good", extra={"why": why, **self._shown()})
        allow_again(self._file)

    def _count(self) -> None:
        with self._open() as body:
            survey = recipient_file.survey(body)
            version = _version(body)
        if not survey.encoding:
            self._fail("文件编码不是 UTF-8 或 GBK")
        elif not survey.lines:
            self._fail("文件中没有手机号")
        elif survey.lines > MAX_LINES:
            self._fail(f"文件有 {survey.lines} 行, 超过 {MAX_LINES} 行的上限")
        else:
            limit = self._file.limit
            over = ""
            if limit and survey.lines > limit:
                over = f"文件有 {survey.lines} 行, 超过 limit 允许的 {limit} 个: 请减少手机号或调大 limit"
            self.keep(
                state="reading",
                version=version,
                lines=survey.lines,
                encoding=survey.encoding,
                over=over,
            )

    def _read(self) -> bool:
        """Make steps until the file ends, or the time; answers whether it is read to its end."""
        seen = DigestSet(self._file.lines)
        with self._open() as body:
            if _version(body) != self._file.version:
                raise FetchError("文件在读取过程中被修改")
            step = _Step()
            line = Line(self._file.line, self._file.offset, b"")
            for line in recipient_file.split(body):
                found = self._look(line)
                new = found is None or _add(seen, found)
                if line.end <= self._file.offset:
                    continue
                self._take(step, line, found, new=new)
                if step.lines == STEP:
                    self._plan(step, line)
                    step = _Step()
                    if self._deadline - time.time() < SECONDS_FOR_A_STEP:
                        return False
            if step.lines:
                self._plan(step, line)
        return True

    def _open(self) -> AbstractContextManager[Body]:
        seconds = self._deadline - time.time() - SECONDS_FOR_A_STEP / 2
        return stream.open_stream(self._file.url, max_bytes=MAX_BYTES, seconds=seconds)

    def _look(self, line: Line) -> _Found | None:
        entry = recipient_file.parse(line.raw, self._file.encoding)
        if entry is None:
            return None
        if isinstance(entry, BadLine):
            return _Found(entry.original_form, failure=entry.failure, bad=True)
        params = parameters.values(entry.params, self._names)
        if isinstance(params, Failure):
            return _Found(entry.original_form, failure=params, bad=True)
        if self._file.over:
            failure = Failure("isv.MOBILE_COUNT_OVER_LIMIT", self._file.over)
            return _Found(entry.original_form, failure=failure)
        return _Found(entry.original_form, entry.phone, params)

    def _take(self, step: _Step, line: Line, found: _Found | None, *, new: bool) -> None:
        step.lines += 1
        if found is None:
            return
        if found.bad and found.failure:
            step.bad.append((line.number, found.failure.message))
        if not found.given:
            step.unreadable += 1
        elif not new:
            step.repeated += 1
        elif found.failure:
            step.recipients.refuse(found.given, found.failure)
        else:
            step.recipients.add(found.phone, found.params, found.given)

    def _plan(self, step: _Step, last: Line) -> None:
        """Plan a step's recipients, queue their chunks, and only then keep that it is done."""
        file = self._file
        planned = list(step.recipients.chunks(file.position))
        keys = chunks.record_plan(self._request, planned)
        sending.send("sends", map(SendBody, keys))
        self.keep(
            offset=last.end,
            line=last.number,
            position=file.position + step.recipients.total,
            repeated=file.repeated + step.repeated,
            unreadable=file.unreadable + step.unreadable,
            bad=(*file.bad, *step.bad)[:MAX_BAD],
            failures=0,
            reason="",
        )
        self._moved = True

    def _shown(self) -> dict[str, Any]:
        return {"bizId": self._file.biz_id, "line": self._file.line, "lines": self._file.lines}


def _add(seen: DigestSet, found: _Found) -> bool:
    try:
        return not found.given or seen.add(found.key)
    except OverflowError:
        raise FetchError("文件在读取过程中被修改") from None


def _version(body: Body) -> str:
    return f"{body.version} {body.size}"
