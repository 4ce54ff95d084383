"""Pages and their parts. A part is read, refreshed, and fails by itself."""

from collections.abc import Callable
from dataclasses import dataclass

from ops.console.threads import Kind
from ops.console.visits import Values, Visit


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a page: `load` reads it in a thread, and `parts/<name>.html` shows it.

    It is read again every `seconds`; with 0, when the operator reloads the page. A part that is `asked` for is read
    on a click only, because reading it is expensive or holds something.
    """

    name: str
    load: Callable[[Visit], Values]
    seconds: int = 0
    asked: bool = False

    @property
    def kind(self) -> Kind:
        """Return in which threads it is read."""
        return "asked" if self.asked else "polled" if self.seconds else "page"


@dataclass(frozen=True, slots=True)
class Page:
    """A page at `/<name>`. Its title is the word `page.<name>`.

    `keys` are the names in its address that its parts are read with. `section` is the page that the navigation marks.
    """

    name: str
    parts: tuple[Part, ...]
    keys: tuple[str, ...] = ()
    section: str = ""

    def part(self, name: str) -> Part | None:
        """Return a part by its name."""
        return next((one for one in self.parts if one.name == name), None)
