"""A step of reading a file of §5: the lines that are planned, queued and checkpointed together."""

from dataclasses import dataclass, field

from chalicelib.delivery.file_recipients import FileRecipient, add
from chalicelib.domain.digest_set import DigestSet
from chalicelib.domain.file_lines import Line
from chalicelib.domain.recipients import Recipients


@dataclass(slots=True)
class Step:
    """The lines of one step, counted, and the recipients in them."""

    lines: int = 0
    recipients: Recipients = field(default_factory=Recipients)
    repeated: int = 0
    unreadable: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)

    def add(
        self, line: Line, found: list[tuple[FileRecipient, bool]], spellings: list[str]
    ) -> None:
        """Add a line's recipients, each with whether this line decides about it; if not, it counts as repeated.

        `spellings` are other spellings of the recipient.
        """
        self.lines += 1
        for recipient, new in found:
            if not recipient.original_form:
                self.unreadable += 1
            elif not new:
                self.repeated += 1
            elif recipient.failure:
                self.recipients.refuse(recipient.original_form, recipient.failure)
            else:
                for form in (recipient.original_form, *spellings):
                    self.recipients.add(recipient.phone, recipient.params, form)
        if found and found[0][0].bad and (failure := found[0][0].failure):
            self.bad.append((line.number, failure.message))


def with_news(recipients: list[FileRecipient], seen: DigestSet) -> list[tuple[FileRecipient, bool]]:
    """Return the recipients of a line, each with whether no line before it has the same one.

    The set has room for one recipient of each line. Those of a bad line with several numbers always count as new.
    """
    if len(recipients) == 1 and recipients[0].original_form:
        return [(recipients[0], add(seen, recipients[0].key))]
    return [(recipient, True) for recipient in recipients]
