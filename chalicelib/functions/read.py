"""From a file of §5 to chunks on the `sends` queue, without ever holding the file whole.

    count every line (once) ─▶ step ─▶ step ─▶ … ─▶ done
                                │
         some thousand lines ─▶ plans ─▶ chunks queued ─▶ checkpoint

A step depends on nothing but the file and the checkpoint before it. Made again after a crash, or by
two functions at once, it makes the same chunks under the same names, and each chunk is claimed once.
To know who was planned before, the part before the checkpoint is read again.

Counting comes first, so that a file that can't be read, or has more lines than `limit`, is found out
before anybody is sent to.
"""

import json
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib import fetching
from chalicelib.campaigns import lines, parameters
from chalicelib.campaigns.lines import Bad, Line
from chalicelib.campaigns.planning import Failure, Recipients
from chalicelib.campaigns.seen import Seen
from chalicelib.errors import ConfigurationError
from chalicelib.fetching import Body, FetchError
from chalicelib.functions import attempt
from chalicelib.logs import log
from chalicelib.queues import receiving, sending
from chalicelib.store import campaigns, files, templates
from chalicelib.store.campaigns import Request
from chalicelib.store.files import File, LostError

# The largest file. The table of those seen takes 256 MB of the function's memory for so many lines,
# 16 MB for a million.
MOST_BYTES = 200_000_000
MOST_LINES = 10_000_000
# Lines of a step: what a crash makes anew, against writes per line.
STEP = 5000
# Of the bad lines, so many are kept with their number.
MOST_BAD = 100
# Tries at a file that can't be had or doesn't come on, over 7.5 minutes; then its request has failed.
TRIES = 5
_FIRST_PAUSE = 30

# An invocation begins with this much time left, a step with this much.
LEAST_SECONDS = 60
SECONDS_FOR_A_STEP = 30
# How long a file is held, from each checkpoint on. Who takes it too early does the same work twice.
HELD_SECONDS = 180


def handle(event: Mapping[str, Any], seconds_left: float) -> None:
    """Work through an SQS event of the `files` queue. `seconds_left` until Lambda ends the function."""
    if seconds_left < LEAST_SECONDS:
        raise ConfigurationError(
            f"read has {seconds_left:.0f} s: set its lambda_timeout in .chalice/config.json to at least "
            f"{LEAST_SECONDS + 1} s, better 900"
        )
    deadline = time.time() + seconds_left
    later = {}
    records = receiving.records(event)
    for record in records:
        try:
            seconds = _bring_on(json.loads(record.body), deadline)
        except Exception:
            log.exception("file failed", extra={"file": record.body, "tries": record.tries})
            seconds = 60
        if seconds is not None:
            later[record] = seconds
    receiving.finish("files", [record for record in records if record not in later], later)


def _bring_on(body: Mapping[str, Any], deadline: float) -> int | None:
    """Read a file as far as the time allows; answers in how many seconds to look at it again, or None."""
    request = campaigns.request_of(body["outId"], body["bizId"])
    file = files.get(request.out_id, request.biz_id)
    if file is None:
        raise LookupError(f"request {request.biz_id} was queued before its file was recorded")
    if file.ended:
        _allow_again(file)
        return None
    if (held := file.until - time.time()) > 0:
        return int(held) + 1
    taken = files.take(file, int(time.time()) + HELD_SECONDS)
    if taken is None:
        return HELD_SECONDS
    reading = _Reading(request, taken, deadline)
    try:
        reading.go_on()
    except FetchError as error:
        return reading.put_off(str(error))
    except LostError:
        log.warning("the file is read by another function", extra=dict(body))
        return HELD_SECONDS
    except Exception:
        reading.keep(until=0)
        raise
    return None


def _allow_again(file: File) -> None:
    """Where nobody was sent to, let the same request be a new one: the marketer will mend it and repeat it."""
    if file.state == "failed" and (file.over or not file.position):
        campaigns.withdraw(file.digest, file.biz_id)


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


class _Reading:
    """One function's way through a file that it holds."""

    def __init__(self, request: Request, file: File, deadline: float) -> None:
        self._request = request
        self._file = file
        self._deadline = deadline
        self._names: tuple[str, ...] = ()
        self._moved = False

    def go_on(self) -> None:
        """Count the file if nobody has, and read on. Raises FetchError where it can't be had."""
        if time.time() > self._request.accepted_at + campaigns.CLOSED_AFTER_SECONDS:
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
            sending.send("files", [{"outId": self._file.out_id, "bizId": self._file.biz_id}])
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
        files.keep(file)
        self._file = file

    def _fail(self, why: str) -> None:
        self.keep(state="failed", reason=why, until=0)
        log.error("file failed for good", extra={"why": why, **self._shown()})
        _allow_again(self._file)

    def _count(self) -> None:
        with self._open() as body:
            survey = lines.survey(body)
            version = _version(body)
        if not survey.encoding:
            self._fail("文件编码不是 UTF-8 或 GBK")
        elif not survey.lines:
            self._fail("文件中没有手机号")
        elif survey.lines > MOST_LINES:
            self._fail(f"文件有 {survey.lines} 行, 超过 {MOST_LINES} 行的上限")
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
        seen = Seen(self._file.lines)
        with self._open() as body:
            if _version(body) != self._file.version:
                raise FetchError("文件在读取过程中被修改")
            step = _Step()
            line = Line(self._file.line, self._file.offset, b"")
            for line in lines.split(body):
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
        return fetching.stream(self._file.url, most_bytes=MOST_BYTES, seconds=seconds)

    def _look(self, line: Line) -> _Found | None:
        entry = lines.parse(line.raw, self._file.encoding)
        if entry is None:
            return None
        if isinstance(entry, Bad):
            return _Found(entry.given, failure=entry.failure, bad=True)
        params = parameters.values(entry.params, self._names)
        if isinstance(params, Failure):
            return _Found(entry.given, failure=params, bad=True)
        if self._file.over:
            failure = Failure("isv.MOBILE_COUNT_OVER_LIMIT", self._file.over)
            return _Found(entry.given, failure=failure)
        return _Found(entry.given, entry.phone, params)

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
        chunks = list(step.recipients.chunks(file.position))
        pointers = campaigns.record_plan(self._request, chunks)
        sending.send("sends", (attempt.body(pointer, 0) for pointer in pointers))
        self.keep(
            offset=last.end,
            line=last.number,
            position=file.position + step.recipients.total,
            repeated=file.repeated + step.repeated,
            unreadable=file.unreadable + step.unreadable,
            bad=(*file.bad, *step.bad)[:MOST_BAD],
            failures=0,
            reason="",
        )
        self._moved = True

    def _shown(self) -> dict[str, Any]:
        return {"bizId": self._file.biz_id, "line": self._file.line, "lines": self._file.lines}


def _add(seen: Seen, found: _Found) -> bool:
    try:
        return not found.given or seen.add(found.key)
    except OverflowError:
        raise FetchError("文件在读取过程中被修改") from None


def _version(body: Body) -> str:
    return f"{body.version} {body.size}"
