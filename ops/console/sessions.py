"""Sessions: what the console knows of one browser."""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from ops.console.words import Language

# Phone numbers whose handles are kept for one browser.
_MAX_HANDLES = 20_000


@dataclass(slots=True)
class Session:
    """One browser. `csrf` is in every form; `language` is the one that was chosen."""

    expires: float
    language: Language = "zh"
    id: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _phones: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def handle(self, phone: str) -> str:
        """Return a handle that stands for a phone number in this session's pages and addresses.

        Numbers must not be in addresses: browsers keep those.
        """
        made = hmac.new(self._key, phone.encode(), hashlib.sha256).hexdigest()[:24]
        self._phones[made] = phone
        self._phones.move_to_end(made)
        while len(self._phones) > _MAX_HANDLES:
            self._phones.popitem(last=False)
        return made

    def phone(self, handle: str) -> str | None:
        """Return the number that a handle stands for; None if the session has no such handle."""
        return self._phones.get(handle)
