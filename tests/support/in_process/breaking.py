"""One invocation of a function, broken at each of its calls in turn, always from the same state."""

from collections.abc import Callable, Iterable, Iterator

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
            assert self._bridge.pump.watch(self._function, at, self._how)[at] == name
            yield name, f"call {at}, {name}, {self._how}"
