"""The switches that act on a boto3 client's calls.

They stand where AWS stands: below botocore's retries, so that an error that is raised here is one that remained
after them. A call passes the switches from top to bottom:

    chain ─▶ handles ─▶ partial ─▶ conflicts ─▶ throttle ─▶ weak-reads ─▶ secrets ─▶ the emulator
"""

from collections.abc import Callable
from typing import Any

from .calls import Call, Layer, Make
from .chain import Chain
from .draws import Draws
from .parameter_calls import Secrets
from .queue_calls import Handles, Partial
from .switches import Switch, Switches
from .table_calls import Conflicts, Throttle
from .weak_reads import WeakReads

# How often in a row a part of a call fails. A client that tries three times gets over the first.
_PATIENT, _HARD = 2, 4


class Hooks:
    """The layers of one process.

    `purpose` names the process: another purpose draws otherwise. With `lenient`, nothing fails that a client which
    tries again three times would see, and nothing takes time: for tests that are not about failures.
    """

    def __init__(self, switches: Switches, purpose: str = "", *, lenient: bool = False) -> None:
        self.chain = Chain()

        def draws(switch: Switch) -> Draws:
            return switches.draws(switch, purpose, _PATIENT if lenient else _HARD)

        self.handles = Handles(draws(Switch.HANDLES))
        self.weak_reads = WeakReads(draws(Switch.WEAK_READS))
        layers: dict[Switch, Layer] = {
            Switch.CHAIN: _Stamp(self.chain),
            Switch.HANDLES: self.handles,
            Switch.PARTIAL: Partial(draws(Switch.PARTIAL), whole=not lenient),
            Switch.CONFLICTS: Conflicts(draws(Switch.CONFLICTS)),
            Switch.THROTTLE: Throttle(draws(Switch.THROTTLE), singly=not lenient),
            Switch.WEAK_READS: self.weak_reads,
            Switch.SECRETS: Secrets(draws(Switch.SECRETS), lenient=lenient),
        }
        self._layers = [layer for switch, layer in layers.items() if switch in switches]

    def make(self, client: Any, operation: str, params: dict[str, Any], original: Make) -> Any:
        """Make a call through all layers. `original` is botocore's `BaseClient._make_api_call`."""
        if not self._layers:
            return original(client, operation, params)
        return self._make(Call(client, operation, params, original), self._layers)

    def _make(self, call: Call, layers: list[Layer]) -> Any:
        if not layers:
            return call.make()
        first, *rest = layers
        return first(call, lambda changed: self._make(changed, rest))


class _Stamp(Layer):
    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def __call__(self, call: Call, go_on: Callable[[Call], Any]) -> Any:
        """Return the call's answer, or raise its error."""
        if call.service != "sqs":
            return go_on(call)
        return go_on(call.with_params(self._chain.stamp(call.operation, call.params)))


def install(hooks: Hooks) -> Callable[[], None]:
    """Have every boto3 client of this process pass the layers; return a function that undoes it."""
    from botocore.client import BaseClient  # noqa: PLC0415 -- takes time, and only hooks need it

    original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def make_api_call(client: Any, operation: str, params: dict[str, Any]) -> Any:
        return hooks.make(client, operation, params, original)

    BaseClient._make_api_call = make_api_call  # type: ignore[attr-defined]

    def undo() -> None:
        BaseClient._make_api_call = original  # type: ignore[attr-defined]

    return undo
