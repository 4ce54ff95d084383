"""The parameter store: throttled, or silent."""

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ReadTimeoutError

from .calls import Call, Layer
from .draws import Draws

# Shares of reads that fail: of values that were read before, and of others. And of failures that are silence.
_KNOWN, _NEW = 0.5, 0.05
_SILENT = 0.2
_DEFAULT_SECONDS = 60.0


class Secrets(Layer):
    """The switch `secrets`.

    With `lenient`, only values that this process read before fail, and silence takes no time.
    """

    def __init__(self, draws: Draws, *, lenient: bool) -> None:
        self._draws = draws
        self._lenient = lenient
        self._read: set[str] = set()

    def __call__(self, call: Call, go_on: Callable[[Call], Any]) -> Any:
        """Return the call's answer, or raise its error."""
        if (call.service, call.operation) != ("ssm", "GetParameter"):
            return go_on(call)
        name = call.params["Name"]
        share = _KNOWN if name in self._read else 0 if self._lenient else _NEW
        if self._draws.fails(name, share):
            if self._draws.chance(_SILENT):
                self._hang(call)
            raise call.error("ThrottlingException", "Rate exceeded")
        answer = go_on(call)
        self._read.add(name)
        return answer

    def _hang(self, call: Call) -> None:
        """Be silent until the client gives up."""
        config = call.client.meta.config
        tries = (config.retries or {}).get("total_max_attempts", 5)
        if not self._lenient:
            time.sleep(float(config.read_timeout or _DEFAULT_SECONDS) * tries)
        raise ReadTimeoutError(endpoint_url=call.client.meta.endpoint_url)
