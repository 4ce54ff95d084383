"""Lambda's detection of recursive loops: how often in a row a message's chain has called functions.

Real Lambda counts in the X-Ray header, which SQS stores with a message as `AWSTraceHeader`:

    Root=1-…;Parent=…;Sampled=0;Lineage=1:a1b2c3d4:7

Emulators keep the attribute and count nothing. Therefore `Chain` adds it to what a function sends, and the caller of
a function asks `stops` first.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

MAX_HOPS = 16
"""Invocations of one chain that run; AWS says "approximately"."""
SETTING_VARIABLE = "HOSTILE_RECURSION"
"""Environment variable: `Allow` or `Terminate` for all functions, or `deliver=Allow,settle=Terminate`. Where it says
nothing of a function, the Lambda API is asked."""

_ATTRIBUTE = "AWSTraceHeader"
_LINEAGE = re.compile(r"Lineage=([^;]+)")
_ASK_AGAIN = 60.0


def hops(headers: Iterable[str | None]) -> int:
    """Return the number of invocations behind a batch of messages: that of its longest chain."""
    counts = [0]
    for header in headers:
        if found := _LINEAGE.search(header or ""):
            # The newest form has one part; older ones list several, with `|` between them.
            counts += [int(part) for part in re.findall(r":(\d+)(?:\||$)", found[1])]
    return max(counts)


def of_records(records: Iterable[Mapping[str, Any]]) -> list[str | None]:
    """Return the headers of the records of an SQS event."""
    return [record.get("attributes", {}).get(_ATTRIBUTE) for record in records]


class Chain:
    """The chain that the function in this process is part of. Everything that it sends is one hop further.

    What is sent while no function works on a message (by an HTTP request, by a schedule) begins a chain.
    """

    def __init__(self) -> None:
        self._hops = 0

    @contextmanager
    def running(self, headers: Iterable[str | None]) -> Iterator[None]:
        """Work on messages with these headers inside the block, in any number of threads."""
        before, self._hops = self._hops, hops(headers)
        try:
            yield
        finally:
            self._hops = before

    def header(self) -> str:
        """Return the header of what is sent now."""
        root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
        parent = secrets.token_hex(8)
        return f"Root={root};Parent={parent};Sampled=0;Lineage=1:{parent[:8]}:{self._hops + 1}"

    def stamp(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters of a call of SQS, with the header on each message that it sends."""
        if operation == "SendMessage":
            return self._stamped(params)
        if operation == "SendMessageBatch":
            return params | {"Entries": [self._stamped(entry) for entry in params["Entries"]]}
        return params

    def _stamped(self, message: dict[str, Any]) -> dict[str, Any]:
        value = {"StringValue": self.header(), "DataType": "String"}
        given = message.get("MessageSystemAttributes", {})
        return message | {"MessageSystemAttributes": {_ATTRIBUTE: value} | given}


class Recursion:
    """Each function's setting `RecursiveLoop`.

    `setting` is the value of HOSTILE_RECURSION. `ask` returns the Lambda API's answer about a function, and raises
    botocore's errors; without it, and where it fails, functions have AWS's default, Terminate.
    """

    def __init__(self, setting: str = "", ask: Callable[[str], str] | None = None) -> None:
        self._all = setting if setting in ("Allow", "Terminate") else ""
        pairs = (pair.partition("=") for pair in setting.split(",") if "=" in pair)
        self._by_function = {name.strip(): value.strip() for name, _, value in pairs}
        self._ask = ask
        self._asked: dict[str, tuple[float, str]] = {}

    def allows(self, function: str, deployed_name: str = "") -> bool:
        """Return whether a function may be called by a chain of any length."""
        return (self._by_function.get(function) or self._all or self._of(deployed_name)) == "Allow"

    def _of(self, name: str) -> str:
        if not name or self._ask is None:
            return "Terminate"
        at, answer = self._asked.get(name, (-_ASK_AGAIN, ""))
        if time.monotonic() - at >= _ASK_AGAIN:
            try:
                answer = self._ask(name)
            except (BotoCoreError, ClientError):
                answer = "Terminate"
            self._asked[name] = time.monotonic(), answer
        return answer


def stops(headers: Iterable[str | None], *, allowed: bool) -> bool:
    """Return whether Lambda refuses to call a function with messages that have these headers."""
    return not allowed and hops(headers) >= MAX_HOPS


def ask_lambda(client: Any) -> Callable[[str], str]:
    """Return a function for `Recursion` that asks Lambda's API by this boto3 client."""
    return lambda name: str(
        client.get_function_recursion_config(FunctionName=name)["RecursiveLoop"]
    )
