"""The recipients on the lines of a file of §5, and what the whole file says about each of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chalicelib.domain import parameters, phones, recipient_file
from chalicelib.domain.destinations import Destinations, NotSendableError
from chalicelib.domain.digest_set import DigestSet
from chalicelib.domain.file_lines import Line, encoding_of_lines
from chalicelib.domain.planning import Failure
from chalicelib.domain.recipient_file import BadLine
from chalicelib.fetching.addresses import FetchError

# The further spellings of numbers that are remembered of one file.
_MAX_SPELLINGS = 50_000


@dataclass(frozen=True, slots=True)
class FileRecipient:
    """A recipient on a line, or the reason why nothing is sent to it.

    `original_form` is the number as the line has it, "" if none can be read. `phone` is its stored form, "" if it
    has none. `bad` says that the line itself is wrong.
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


@dataclass(frozen=True, slots=True)
class LineReader:
    """Reads lines for a template with these variables.

    `refusal` is the reason why all recipients are refused, if they are.
    """

    names: tuple[str, ...]
    destinations: Destinations
    encoding: str
    refusal: Failure | None = None

    def read(self, line: Line) -> list[FileRecipient]:
        """Return the recipients on a line: none if it is blank, several only if it is bad."""
        entry = recipient_file.parse(line.raw, encoding_of_lines(self.encoding))
        if entry is None:
            return []
        if isinstance(entry, BadLine):
            forms = (entry.original_form, *entry.others)
            return [FileRecipient(form, failure=entry.failure, bad=True) for form in forms]
        phone = entry.phone
        if not (self.destinations.all_mainland and phones.is_mainland(phone)):
            try:
                phone = self.destinations.resolve(entry.original_form)
            except NotSendableError as error:
                return [FileRecipient(entry.original_form, failure=error.failure, bad=True)]
        params = parameters.values(entry.params, self.names)
        if isinstance(params, Failure):
            return [FileRecipient(entry.original_form, phone, failure=params, bad=True)]
        if self.refusal:
            return [FileRecipient(entry.original_form, failure=self.refusal)]
        return [FileRecipient(entry.original_form, phone, params)]


class Outlook:
    """What the lines of a whole file say about its recipients, before any of them is planned.

    A step of reading knows only the lines before it. But of one number in several spellings, each gets the receipts
    of one message; and a number that is refused on one line and sent to by another is only sent to.
    """

    def __init__(self, lines: Iterable[Line], reader: LineReader, capacity: int) -> None:
        keys = DigestSet(capacity)
        spelled = DigestSet(capacity)
        self._sent = DigestSet(capacity) if reader.names else keys
        self._spellings: dict[str, list[str]] = {}
        refused: dict[str, list[str]] = {}
        self.accepted = 0
        for recipient in _recipients(lines, reader):
            key = recipient.key
            if recipient.failure:
                if recipient.phone and len(refused) < _MAX_SPELLINGS:
                    refused.setdefault(recipient.phone, []).append(recipient.original_form)
                continue
            new = add(keys, key)
            self.accepted += new
            if reader.names:
                add(self._sent, recipient.phone)
            unknown = add(spelled, f"{key}\0{recipient.original_form}")
            if unknown and not new and len(self._spellings) < _MAX_SPELLINGS:
                self._spellings.setdefault(key, []).append(recipient.original_form)
        self._refused = {phone: forms for phone, forms in refused.items() if self.is_sent(phone)}

    def is_sent(self, phone: str) -> bool:
        """Return whether a message is sent to a phone."""
        return phone in self._sent

    def take_spellings(self, recipient: FileRecipient) -> list[str]:
        """Return the other spellings of a recipient, when it occurs first in the file."""
        others = self._refused.pop(recipient.phone, []) if self._refused else []
        return self._spellings.get(recipient.key, []) + others


def add(seen: DigestSet, text: str) -> bool:
    """Add a text to a set; return whether it is new.

    Raises FetchError if the file has more lines now than when they were counted.
    """
    try:
        return seen.add(text)
    except OverflowError:
        raise FetchError("文件在读取过程中被修改") from None


def _recipients(lines: Iterable[Line], reader: LineReader) -> Iterator[FileRecipient]:
    for line in lines:
        yield from reader.read(line)
