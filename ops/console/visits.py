"""A visit: one request of a page, with the console that serves it and the session that it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from ops.cloud.identity import Identity
from ops.console.safety import Safety
from ops.console.sessions import Session
from ops.console.threads import Threads
from ops.console.words import Words
from ops.queue_ages import QueueAges


@dataclass(slots=True)
class Console:
    """A running console: the stage that it shows, and what it has learned of it.

    `identity` is None until AWS has said whose credentials these are. While one thread asks, it holds `identity_asked`.
    """

    stage: str
    safety: Safety
    read_only: bool = False
    identity: Identity | None = None
    identity_asked: Lock = field(default_factory=Lock)
    threads: Threads = field(default_factory=Threads)
    ages: QueueAges = field(default_factory=QueueAges)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. `query` is that of its address, `form` what was posted."""

    console: Console
    session: Session
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> Words:
        """Return the words of the session's language."""
        return Words(self.session.language)

    def given(self, name: str) -> str:
        """Return a value from the form, or else from the address; "" without one."""
        return self.form.get(name) or self.query.get(name) or ""


Values = Mapping[str, Any]
"""What a template shows."""
