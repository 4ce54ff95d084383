"""Reading a file of §5 step by step, by a function that holds the file meanwhile."""

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib import settings
from chalicelib.domain import parameters, phones, recipient_file
from chalicelib.domain.destinations import Destinations, NotSendableError
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
from chalicelib.queues.receiving import DONE, Result, later
from chalicelib.store import chunks, files, submissions, templates, waiting
from chalicelib.store.files import File

# The largest file that is read. The set of recipients seen so far takes 256 MB of the function's memory for
# MAX_LINES lines, and 16 MB for a million.
MAX_BYTES = 200_000_000
MAX_LINES = 10_000_000
# Lines of a step. More lines mean more work to repeat after a crash, fewer lines mean more writes per line.
STEP = 5000
# Bad lines that are stored with their numbers.
MAX_BAD = 100
# Consecutive tries, over 7.5 minutes, at a file that can't be fetched or makes no progress; then its request has
# failed.
TRIES = 5
_FIRST_PAUSE = 30
# A step begins with at least this much time left.
SECONDS_FOR_A_STEP = 30
# How long each checkpoint holds the file for its reader. If another function takes the file too early, it only
# repeats the same work.
HELD_SECONDS = 180


def allow_repetition(file: File) -> None:
    """Let a repetition of the request count as a new request, if this one failed before anything was sent.

    So the marketer can repair the file and repeat the request.
    """
    if file.state == "failed" and (file.over or not file.position):
        submissions.withdraw(file.digest, file.biz_id)


@dataclass(slots=True)
class _Step:
    """The lines of one step, counted, and the recipients in them."""

    lines: int = 0
    recipients: Recipients = field(default_factory=Recipients)
    repeated: int = 0
    unreadable: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Recipient:
    """The recipient on a line, or the reason why nothing is sent to it.

    `original_form` is the number as the line has it, "" if none can be read. `bad` says that the line itself is wrong.
    """

    original_form: str
    phone: str = ""
    params: tuple[str, ...] = ()
    failure: Failure | None = None
    bad: bool = False

    @property
    def key(self) -> str:
        """Return a text that is equal for two lines if the second only repeats the first."""
        return f"!{self.original_form}" if self.failure else "\0".join((self.phone, *self.params))


class FileReading:
    """One function's work on a file that it holds."""

    def __init__(self, request: SendRequest, file: File, deadline: float) -> None:
        self._request = request
        self._file = file
        self._deadline = deadline
        self._names: tuple[str, ...] = ()
        self._destinations = Destinations()
        self._advanced = False

    def proceed(self) -> None:
        """Count the file's lines unless that is done, and read it from the checkpoint on.

        Raises FetchError if the file can't be fetched.
        """
        if time.time() > self._request.accepted_at + CLOSED_AFTER_SECONDS:
            # Perhaps the message was replayed from the dead letters. The sweep has closed the request's chunks, so
            # the outcome of a new one would never be reported.
            self._fail("受理已超过72小时, 不再发送")
            return
        revision = templates.get(self._request.template_code, self._request.revision)
        if revision is None:
            self._fail(f"模板 {self._request.template_code} 已不存在")
            return
        self._names = revision.names
        self._destinations = Destinations.of_template(
            revision.kind, settings.load().allowed_countries, anywhere=revision.anywhere
        )
        if not self._file.version:
            self._count_lines()
        if self._file.ended:
            return
        if not self._read():
            self.save(until=0)
            # Through the table: for Lambda's detection of loops, the next function begins a new chain.
            again = FileBody(self._file.out_id, self._file.biz_id)
            waiting.put_until(int(time.time()), "files", [again.encode()])
            log.info("time is used up, another function continues", extra=self._log_fields())
        elif self._file.over:
            self._fail(self._file.over)
        else:
            self.save(state="done", reason="", until=0)
            log.info("file read", extra=self._log_fields())

    def retry_or_fail(self, why: str) -> Result:
        """Return the result of a message whose file can't be read now: it comes again later.

        After TRIES tries without progress, the request fails, and the message is done.
        """
        failures = 1 if self._advanced else self._file.failures + 1
        log.warning("file not read", extra={"why": why, "failures": failures, **self._log_fields()})
        if failures >= TRIES:
            self._fail(why)
            return DONE
        self.save(failures=failures, reason=why, until=0)
        return later(_FIRST_PAUSE << (failures - 1))

    def save(self, **changes: Any) -> None:
        """Store changes of the file's progress. The file stays held, unless `until` is among the changes."""
        held = {"until": int(time.time()) + HELD_SECONDS}
        file = replace(self._file, **held | changes)
        files.save(file)
        self._file = file

    def _fail(self, why: str) -> None:
        """End the request: its file is not read any further."""
        self.save(state="failed", reason=why, until=0)
        log.error("file failed for good", extra={"why": why, **self._log_fields()})
        allow_repetition(self._file)

    def _count_lines(self) -> None:
        """Count the file's lines and find out its encoding; refuse a file that can't be read or is too long."""
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
            self.save(
                state="reading",
                version=version,
                lines=survey.lines,
                encoding=survey.encoding,
                over=over,
            )

    def _read(self) -> bool:
        """Make steps until the file ends or the time is used up; return whether the file's end was reached."""
        seen = DigestSet(self._file.lines)
        with self._open() as body:
            if _version(body) != self._file.version:
                raise FetchError("文件在读取过程中被修改")
            step = _Step()
            line = Line(self._file.line, self._file.offset, b"")
            for line in recipient_file.split(body):
                recipient = self._parse(line)
                new = recipient is None or _is_new(seen, recipient)
                if line.end <= self._file.offset:
                    # A step before the checkpoint has planned it.
                    continue
                self._add(step, line, recipient, new=new)
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

    def _parse(self, line: Line) -> _Recipient | None:
        """Return the recipient on a line; None if the line is blank."""
        entry = recipient_file.parse(line.raw, self._file.encoding)
        if entry is None:
            return None
        if isinstance(entry, BadLine):
            return _Recipient(entry.original_form, failure=entry.failure, bad=True)
        phone = entry.phone
        if not (self._destinations.all_mainland and phones.is_mainland(phone)):
            try:
                phone = self._destinations.resolve(entry.original_form)
            except NotSendableError as error:
                return _Recipient(entry.original_form, failure=error.failure, bad=True)
        params = parameters.values(entry.params, self._names)
        if isinstance(params, Failure):
            return _Recipient(entry.original_form, phone, failure=params, bad=True)
        if self._file.over:
            failure = Failure("isv.MOBILE_COUNT_OVER_LIMIT", self._file.over)
            return _Recipient(entry.original_form, failure=failure)
        return _Recipient(entry.original_form, phone, params)

    def _add(self, step: _Step, line: Line, recipient: _Recipient | None, *, new: bool) -> None:
        """Add a line to a step. `new` says that no line before it has the same recipient."""
        step.lines += 1
        if recipient is None:
            return
        if recipient.bad and recipient.failure:
            step.bad.append((line.number, recipient.failure.message))
        if not recipient.original_form:
            step.unreadable += 1
        elif not new:
            step.repeated += 1
        elif recipient.failure:
            step.recipients.refuse(recipient.original_form, recipient.failure, recipient.phone)
        else:
            step.recipients.add(recipient.phone, recipient.params, recipient.original_form)

    def _plan(self, step: _Step, last: Line) -> None:
        """Plan a step's recipients, queue their chunks, and only then store the checkpoint after it."""
        file = self._file
        planned = list(step.recipients.chunks(file.position))
        keys = chunks.record_plan(self._request, planned)
        sending.send("sends", map(SendBody, keys))
        self.save(
            offset=last.end,
            line=last.number,
            position=file.position + step.recipients.total,
            repeated=file.repeated + step.repeated,
            unreadable=file.unreadable + step.unreadable,
            bad=(*file.bad, *step.bad)[:MAX_BAD],
            failures=0,
            reason="",
        )
        self._advanced = True

    def _log_fields(self) -> dict[str, Any]:
        return {"bizId": self._file.biz_id, "line": self._file.line, "lines": self._file.lines}


def _is_new(seen: DigestSet, recipient: _Recipient) -> bool:
    """Add a recipient to those seen; return whether it was not among them. One that can't be read counts as new.

    Raises FetchError if the file has more lines now than when they were counted.
    """
    try:
        return not recipient.original_form or seen.add(recipient.key)
    except OverflowError:
        raise FetchError("文件在读取过程中被修改") from None


def _version(body: Body) -> str:
    return f"{body.version} {body.size}"
