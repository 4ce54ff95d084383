"""Reading a file of §5 step by step, by a function that holds the file meanwhile."""

import time
from dataclasses import replace
from typing import Any

from chalicelib import settings
from chalicelib.delivery import file_ends
from chalicelib.delivery.file_recipients import FileRecipient, LineReader, Outlook
from chalicelib.delivery.file_source import SECONDS_FOR_A_STEP, FileSource
from chalicelib.delivery.file_steps import Step, with_news
from chalicelib.domain import retries
from chalicelib.domain.destinations import Destinations
from chalicelib.domain.digest_set import DigestSet
from chalicelib.domain.file_lines import Line
from chalicelib.domain.periods import CLOSED_AFTER_SECONDS
from chalicelib.domain.planning import Failure
from chalicelib.domain.send_request import SendRequest
from chalicelib.logs import log
from chalicelib.queues import sending
from chalicelib.queues.bodies import FileBody, SendBody
from chalicelib.queues.receiving import DEAD_LETTER, Result, later
from chalicelib.store import chunks, daily_counts, files, templates, waiting
from chalicelib.store.files import File

# The set of recipients seen so far takes 256 MB of the function's memory for this many lines, and 16 MB for a million.
# An `Outlook` takes up to three times as much.
MAX_LINES = 10_000_000
# Lines of a step. More lines mean more work to repeat after a crash, fewer lines mean more writes per line.
STEP = 5000
# Bad lines that are stored with their numbers.
MAX_BAD = 100
# How long each checkpoint holds the file for its reader. If another function takes the file too early, it only
# repeats the same work.
HELD_SECONDS = 180


class FileReading:
    """One function's work on a file that it holds."""

    def __init__(self, request: SendRequest, file: File, deadline: float) -> None:
        self._request = request
        self._file = file
        self._deadline = deadline
        self._source = FileSource(file.url, deadline)
        self._names: tuple[str, ...] = ()
        self._destinations = Destinations()
        self._outlook: Outlook | None = None
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
        elif self._file.accepted == 0:
            self._fail(f"文件中没有可以发送的手机号{self._first_problem()}")
        else:
            self.save(state="done", reason="", until=0)
            log.info("file read", extra=self._log_fields())

    def retry_or_fail(self, why: str) -> Result:
        """Return the result of a message whose file can't be read now: it comes again later.

        After hours without progress (`retries.FETCH`), the request fails, and the message becomes a dead letter,
        which an operator can replay.
        """
        now = int(time.time())
        failures = 1 if self._advanced else self._file.failures + 1
        since = now if self._advanced else self._file.failing_since or now
        log.warning("file not read", extra={"why": why, "failures": failures, **self._log_fields()})
        pause = retries.FETCH.pause(failures, now - since)
        if pause is None:
            self._fail(why, replayable=True)
            return DEAD_LETTER
        self.save(failures=failures, failing_since=since, reason=why, until=0)
        return later(pause)

    def save(self, **changes: Any) -> None:
        """Store changes of the file's progress. The file stays held, unless `until` is among the changes."""
        held = {"until": int(time.time()) + HELD_SECONDS}
        file = replace(self._file, **held | changes)
        files.save(file)
        self._file = file

    def _fail(self, why: str, *, replayable: bool = False) -> None:
        """End the request: its file is not read any further."""
        now = int(time.time())
        self.save(state="failed", reason=why, until=0, replayable=replayable, failed_at=now)
        file_ends.failed(self._file, why)

    def _first_problem(self) -> str:
        return f": 第 {self._file.bad[0][0]} 行 {self._file.bad[0][1]}" if self._file.bad else ""

    def _count_lines(self) -> None:
        """Count the file's lines and find out its encoding; refuse a file that can't be read or is too long."""
        survey, version = self._source.survey()
        if survey.problem:
            self._fail(survey.problem)
        elif not survey.lines:
            self._fail("文件中没有手机号")
        elif survey.lines > MAX_LINES:
            self._fail(f"文件有 {survey.lines} 行, 超过 {MAX_LINES} 行的上限")
        else:
            self._file = replace(
                self._file,
                version=version,
                lines=survey.lines,
                encoding=survey.encoding,
                unusual=survey.unusual,
            )
            over = self._refusal()
            self.save(
                state="reading",
                **({"over": over.message, "over_code": over.code} if over else {}),
            )

    def _refusal(self) -> Failure | None:
        """Return why all of the file's recipients are refused; None if they aren't."""
        limit, lines = self._file.limit, self._file.lines
        if limit and lines > limit:
            return Failure(
                "isv.MOBILE_COUNT_OVER_LIMIT",
                f"文件有 {lines} 行, 超过 limit 允许的 {limit} 个: 请减少手机号或调大 limit",
            )
        day = settings.load().daily_limit
        if day:
            accepted = self._look_ahead().accepted
            if not daily_counts.count(self._request, accepted, day, int(time.time())):
                return Failure(
                    "isv.DAY_LIMIT_CONTROL",
                    f"今日受理的收件人数将超过上限 {day}(DAILY_LIMIT), 文件中的 {accepted} 个都不会发送",
                )
        return None

    def _look_ahead(self) -> Outlook:
        """Return what the whole file says about its recipients. It is read once more for that."""
        if self._outlook is None:
            with self._source.lines(self._file) as lines:
                self._outlook = Outlook(lines, self._reader(), self._file.lines)
        return self._outlook

    def _read(self) -> bool:
        """Make steps until the file ends or the time is used up; return whether the file's end was reached."""
        if self._file.unusual > 0 and not self._file.over:
            self._look_ahead()
        reader = self._reader()
        seen = DigestSet(self._file.lines)
        with self._source.lines(self._file) as lines:
            step = Step()
            line = Line(self._file.line, self._file.offset, b"")
            for line in lines:
                found = with_news(reader.read(line), seen)
                spellings = self._spellings(found)
                if line.end <= self._file.offset:
                    # A step before the checkpoint has planned it.
                    continue
                step.add(line, self._decided(found), spellings)
                if step.lines == STEP:
                    self._plan(step, line)
                    step = Step()
                    if self._deadline - time.time() < SECONDS_FOR_A_STEP:
                        return False
            if step.lines:
                self._plan(step, line)
        return True

    def _reader(self) -> LineReader:
        over = Failure(self._file.over_code, self._file.over) if self._file.over else None
        return LineReader(self._names, self._destinations, self._file.encoding, over)

    def _spellings(self, found: list[tuple[FileRecipient, bool]]) -> list[str]:
        """Return the other spellings of a recipient that occurs first here."""
        if self._outlook and len(found) == 1:
            [(recipient, new)] = found
            if new and not recipient.failure:
                return self._outlook.take_spellings(recipient)
        return []

    def _decided(self, found: list[tuple[FileRecipient, bool]]) -> list[tuple[FileRecipient, bool]]:
        """Return a line's recipients; of two lines, one that is refused and one that is sent to, the second decides."""
        if not found or not found[0][0].failure or self._file.unusual < 0 or self._file.over:
            return found
        return [(recipient, new and not self._is_sent(recipient.phone)) for recipient, new in found]

    def _is_sent(self, phone: str) -> bool:
        return bool(phone) and self._look_ahead().is_sent(phone)

    def _plan(self, step: Step, last: Line) -> None:
        """Plan a step's recipients, queue their chunks, and only then store the checkpoint after it."""
        file = self._file
        planned = list(step.recipients.chunks(file.position))
        keys = chunks.record_plan(self._request, planned)
        since = self._request.accepted_at
        sending.send("sends", (SendBody(key, since=since) for key in keys))
        known = file.accepted >= 0
        self.save(
            offset=last.end,
            line=last.number,
            position=file.position + step.recipients.total,
            accepted=file.accepted + step.recipients.accepted if known else -1,
            repeated=file.repeated + step.repeated,
            unreadable=file.unreadable + step.unreadable,
            bad=(*file.bad, *step.bad)[:MAX_BAD],
            failures=0,
            failing_since=0,
            reason="",
        )
        self._advanced = True

    def _log_fields(self) -> dict[str, Any]:
        return {"bizId": self._file.biz_id, "line": self._file.line, "lines": self._file.lines}
