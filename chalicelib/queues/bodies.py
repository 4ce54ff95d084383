"""The bodies of the four queues' messages, as dataclasses. Nothing else reads or writes a body as a dict.

Each body carries its form number. A change of a form keeps every field that the previous release reads, so that
messages on the queues survive an upgrade and a rollback by one release (docs/operations.md, "Upgrade"). Decoding
ignores unknown fields; a body without a form number has form 1.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from chalicelib.compact_json import COMPACT_JSON
from chalicelib.domain.chunks import ChunkKey
from chalicelib.domain.push_batches import Entry, PushKind
from chalicelib.errors import BridgeError
from chalicelib.queues.outcome_inquiry import OutcomeInquiry

Event = dict[str, Any]
"""A status or a reply, as Tencent sent it."""

# Errors of decoding a text that is no body: Infinity raises OverflowError, deep nesting raises RecursionError.
_UNREADABLE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)


class UnreadableBodyError(BridgeError):
    """A queue's message that no release of the bridge can have written."""


class Body:
    """Base of the four bodies: encoding to JSON and decoding from it."""

    FORM: ClassVar[int] = 1

    def encode(self) -> str:
        """Return the message's text. SQS accepts XML's characters only, so two others are written as escapes."""
        return _text({"form": self.FORM, **self.to_dict()})

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read a message's text. Raises UnreadableBodyError."""
        try:
            fields = json.loads(text)
            return cls.from_dict(fields)
        except _UNREADABLE as error:
            raise UnreadableBodyError(
                f"not a {cls.__name__} of form {cls.FORM} or older: {type(error).__name__}: {error}"
            ) from error

    def to_dict(self) -> dict[str, Any]:
        """Return its fields as JSON values."""
        raise NotImplementedError

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Read its fields."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class SendBody(Body):
    """Queue `sends`: an attempt at one chunk.

    `since` is the epoch at which its request was accepted, or resumed, or since which its hours have begun; messages
    of the first release lack it.
    """

    chunk: ChunkKey
    attempt: int = 0
    since: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return `{"outId", "bizId", "start", "attempt"}`, and `since` if that is known."""
        fields = {
            "outId": self.chunk.out_id,
            "bizId": self.chunk.biz_id,
            "start": self.chunk.start,
            "attempt": self.attempt,
        }
        return fields | ({"since": self.since} if self.since is not None else {})

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Read what `to_dict` returns."""
        chunk = ChunkKey(str(fields["outId"]), str(fields["bizId"]), int(fields["start"]))
        since = fields.get("since")
        return cls(chunk, int(fields["attempt"]), None if since is None else int(since))


@dataclass(frozen=True, slots=True)
class FileBody(Body):
    """Queue `files`: a request whose recipients are listed in a file."""

    out_id: str
    biz_id: str

    def to_dict(self) -> dict[str, Any]:
        """Return `{"outId", "bizId"}`."""
        return {"outId": self.out_id, "bizId": self.biz_id}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Read what `to_dict` returns."""
        return cls(str(fields["outId"]), str(fields["bizId"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackBody(Body):
    """Queue `callbacks`: Tencent's statuses or replies, or an inquiry about sends that got no answer.

    `id` is the same however often SQS delivers the message, even after a replay from the dead letters: a receipt
    stores it in `by`, as the name of the work that learned it. `looks` counts how often the events' messages were
    looked up before. `since` is the epoch at which the events arrived, or at which the inquiry is due; None means when
    SQS got the message.
    """

    statuses: list[Event] = field(default_factory=list)
    replies: list[Event] = field(default_factory=list)
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:16])
    looks: int = 0
    since: int | None = None
    inquiry: OutcomeInquiry | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return `{"id"}`, and those of `{"statuses", "replies", "looks", "since", "inquiry"}` that are not empty.

        Release 1.0 does not know `inquiry`: to it, the body holds no events, so that it deletes the message.
        """
        fields: dict[str, Any] = {"id": self.id}
        fields |= {"statuses": self.statuses} if self.statuses else {}
        fields |= {"replies": self.replies} if self.replies else {}
        fields |= {"looks": self.looks} if self.looks else {}
        fields |= {"inquiry": self.inquiry.to_dict()} if self.inquiry else {}
        return fields | ({"since": self.since} if self.since is not None else {})

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Read what `to_dict` returns."""
        since, inquiry = fields.get("since"), fields.get("inquiry")
        for event in [*fields.get("statuses", []), *fields.get("replies", [])]:
            if not isinstance(event, dict):
                raise TypeError("an event that is no object")
        return cls(
            statuses=list(fields.get("statuses", [])),
            replies=list(fields.get("replies", [])),
            id=str(fields["id"]),
            looks=int(fields.get("looks", 0)),
            since=None if since is None else int(since),
            inquiry=OutcomeInquiry.from_dict(inquiry) if inquiry else None,
        )

    @staticmethod
    def may_inquire(text: str) -> bool:
        """Return whether a message may hold an inquiry, without decoding it."""
        return '"inquiry"' in text


@dataclass(frozen=True, slots=True)
class EarlierTries:
    """What is known of a push from before its message was queued again.

    `tries` counts the tries until then. `name` is the name under which the failed push is recorded
    (`store/refused_pushes.py`); it is empty if nothing is recorded.
    """

    tries: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptBody(Body):
    """Queue `receipts`: entries of one outId for one call of §13 or §14.

    `earlier` says what came before, if the message was queued again after a push that failed.
    """

    kind: PushKind
    out_id: str
    entries: Sequence[Entry]
    earlier: EarlierTries | None = None

    @property
    def earlier_tries(self) -> int:
        """Return the number of tries before the message was queued again."""
        return self.earlier.tries if self.earlier else 0

    def to_dict(self) -> dict[str, Any]:
        """Return `{"kind", "outId", "entries"}`, and those of `{"failedPhones", "earlier"}` that are not empty.

        `failedPhones` are by the entries' indexes.

        An entry has its documented fields, and `at` if that is known. It has nothing else, because the first release
        pushes every other field to Quick Audience.
        """
        entries = [
            {**entry.fields, "at": list(entry.at)} if entry.at else entry.fields
            for entry in self.entries
        ]
        failed = {
            str(index): entry.failed_phone
            for index, entry in enumerate(self.entries)
            if entry.failed_phone
        }
        fields: dict[str, Any] = {"kind": self.kind, "outId": self.out_id, "entries": entries}
        fields |= {"failedPhones": failed} if failed else {}
        return fields | ({"earlier": _of_earlier(self.earlier)} if self.earlier else {})

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Read what `to_dict` returns."""
        if fields["kind"] not in ("details", "reply"):
            raise ValueError(f"kind {fields['kind']!r}")
        failed = dict(fields.get("failedPhones") or {})
        entries = [
            _entry(one, str(failed.get(str(index), "")))
            for index, one in enumerate(fields["entries"])
        ]
        if not entries:
            raise ValueError("no entries")
        earlier = fields.get("earlier")
        return cls(
            fields["kind"],
            str(fields["outId"]),
            entries,
            EarlierTries(int(earlier["tries"]), str(earlier["name"])) if earlier else None,
        )

    @staticmethod
    def after(text: str, earlier: EarlierTries) -> str:
        """Return a message's text with its earlier tries. Fields that this release does not know stay."""
        return _text(json.loads(text) | {"earlier": _of_earlier(earlier)})


def _text(fields: dict[str, Any]) -> str:
    """Return the fields of a body as SQS accepts them."""
    text = COMPACT_JSON.encode(fields)
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def _of_earlier(earlier: EarlierTries) -> dict[str, Any]:
    return {"tries": earlier.tries, "name": earlier.name}


def _entry(item: dict[str, Any], failed_phone: str) -> Entry:
    fields = {name: value for name, value in item.items() if name != "at"}
    if "outId" not in fields or "phoneNum" not in fields:
        raise ValueError("an entry without outId or phoneNum")
    if "at" not in item:
        return Entry(fields, failed_phone=failed_phone)
    biz_id, position = item["at"]
    return Entry(fields, (str(biz_id), int(position)), failed_phone)


def since_of(text: str) -> int | None:
    """Return the epoch since which a message's work waits, as its text says; None if it doesn't."""
    try:
        since = json.loads(text).get("since")
        return None if since is None else int(since)
    except _UNREADABLE:
        return None
