"""One invocation of a function, broken at each of its calls in turn, always from the same state."""

from collections.abc import Callable, Iterable, Iterator

from tests.support.in_process import hostile
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.outside import Fault, points
from tests.support.in_process.snapshot import snapshot


class BrokenInvocations:
    """The invocations of a function in the present state, with a fault at each of the calls that `pick` chooses.

    Iterating breaks one invocation after the other, and yields the call's name and a text for assertions.
    """

    def __init__(
        self,
        bridge: Bridge,
        function: str,
        how: Fault,
        pick: Callable[[Iterable[str]], Iterable[tuple[int, str]]] = points,
    ) -> None:
        self._bridge = bridge
        self._function = function
        self._how = how
        self._pick = pick
        self._restore = snapshot(bridge)
        self.calls = bridge.pump.watch(function)
        """The names of the calls of an invocation without a fault."""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for at, name in self._pick(self.calls):
            self._restore()
            called = reached(self._bridge.pump.watch(self._function, at, self._how), at, name)
            yield called, f"call {at}, {called}, {self._how}"


def reached(names: list[str], at: int, name: str) -> str:
    """Return the name of the call at which a function broke: the call that was meant.

    With HOSTILE, the calls of a repetition may be others, and fewer: then the function may not have broken at all.
    """
    if hostile.current.switches:
        return names[at] if at < len(names) else f"{name} (not reached)"
    assert names[at] == name
    return name
