"""The functions of the app as Lambda sees them: their triggers, their limits, and how they are called.

The triggers come from the app's registrations, and the limits from `.chalice/config.json`. A
deployment reads the same two places, so nothing is repeated here.
"""

import importlib
import json
import os
import signal
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

from chalice.app import Chalice, ScheduledEventConfig, SQSEventConfig
from chalice.config import Config
from chalice.constants import DEFAULT_LAMBDA_MEMORY_SIZE, DEFAULT_LAMBDA_TIMEOUT

from local import faults

if TYPE_CHECKING:
    from types import ModuleType

ACCOUNT = "000000000000"
TIMEOUTS = "BRIDGE_TIMEOUTS"
"""Name of the variable that overrides time-outs of `.chalice/config.json`, for tests that have to wait for
them: `deliver=61,settle=5`, in seconds."""

_STAGE = "local"


def log(level: str, message: str, **fields: object) -> None:
    """Write a line of JSON to standard error, in the format of the bridge's log."""
    entry = {
        "level": level,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "message": message,
        **fields,
    }
    print(json.dumps(entry, ensure_ascii=False, default=str), file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Context:
    """The context object that Lambda passes to a function with each event."""

    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    timeout: float
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_version: str = "$LATEST"
    identity: None = None
    client_context: None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def log_group_name(self) -> str:
        """Name of the log group that Lambda would write to."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """Name of the log stream that Lambda would write to. Here each process has one."""
        return f"{datetime.now(UTC):%Y/%m/%d}/[{self.function_version}]{os.getpid()}"

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the function is killed."""
        return max(0, int((self.started + self.timeout - time.monotonic()) * 1000))


@dataclass(frozen=True)
class Invocation:
    """How a call of a function ended."""

    returned: bool
    """Whether the function returned; otherwise it raised an exception."""
    value: object = None
    """What it returned."""


@dataclass(frozen=True)
class Function:
    """A function of the app, with the limits of its deployment."""

    name: str
    handler: Callable[[dict[str, Any], Context], object]
    timeout: float
    memory: int
    deployed_name: str
    region: str

    def __call__(self, event: dict[str, Any]) -> bool:
        """Call it as Lambda does, and return whether it returned."""
        return self.invoke(event).returned

    def invoke(self, event: dict[str, Any]) -> Invocation:
        """Call it as Lambda does. An exception is logged, not raised.

        A call that exceeds the function's time-out kills this process at once, as Lambda kills an
        execution environment: its work stays half done.
        """
        context = Context(
            function_name=self.deployed_name,
            invoked_function_arn=(
                f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:{self.deployed_name}"
            ),
            memory_limit_in_mb=str(self.memory),
            timeout=self.timeout,
        )
        timer = Timer(self.timeout, self._time_out, [context.aws_request_id])
        timer.daemon = True
        timer.start()
        try:
            with faults.invocation(faults.label(self.name, event)):
                value = self.handler(event, context)
        except Exception as error:
            log(
                "ERROR",
                str(error),
                function=self.name,
                requestId=context.aws_request_id,
                errorType=type(error).__name__,
                stackTrace=traceback.format_exception(error),
            )
            return Invocation(returned=False)
        finally:
            timer.cancel()
        return Invocation(returned=True, value=value)

    def _time_out(self, request_id: str) -> None:
        log(
            "ERROR",
            f"Task timed out after {self.timeout:.2f} seconds",
            function=self.name,
            requestId=request_id,
        )
        os.kill(os.getpid(), signal.SIGKILL)


class App:
    """A Chalice app, by the name of its module. `environ` may override its functions' time-outs."""

    def __init__(self, module: str = "app", environ: Mapping[str, str] = os.environ) -> None:
        self._timeouts = _timeouts(environ.get(TIMEOUTS, ""))
        self._module: ModuleType = importlib.import_module(module)
        app = self._module.app
        if not isinstance(app, Chalice):
            raise TypeError(f"{module}.app is not a Chalice app")
        self.chalice = app
        self._config = self._read_config()

    def _read_config(self) -> dict[str, Any]:
        assert self._module.__file__ is not None  # noqa: S101 - for the type checker
        path = Path(self._module.__file__).parent / ".chalice" / "config.json"
        config: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return config

    def config(self, function: str) -> Config:
        """Return one function's configuration, as Chalice reads it."""
        return Config(
            chalice_stage=_STAGE,
            function_name=function,
            user_provided_params={"chalice_app": self.chalice},
            config_from_disk=self._config,
            default_params={
                "lambda_timeout": DEFAULT_LAMBDA_TIMEOUT,
                "lambda_memory_size": DEFAULT_LAMBDA_MEMORY_SIZE,
            },
        )

    def function(self, name: str) -> Function:
        """Return the function of that name. Raise LookupError if there is none."""
        handler = getattr(self._module, name, None)
        if handler is None:
            raise LookupError(f"{self._module.__name__} has no function {name!r}")
        config = self.config(name)
        return Function(
            name=name,
            handler=handler,
            timeout=self._timeouts.get(name, config.lambda_timeout),
            memory=config.lambda_memory_size,
            deployed_name=f"{self.chalice.app_name}-{_STAGE}-{name}",
            region=os.environ.get("AWS_REGION", "us-east-1"),
        )

    @property
    def queues(self) -> dict[str, SQSEventConfig]:
        """The functions that a queue triggers, by name."""
        return {e.name: e for e in self.chalice.event_sources if isinstance(e, SQSEventConfig)}

    @property
    def schedules(self) -> dict[str, ScheduledEventConfig]:
        """The functions that run on a schedule, by name."""
        sources = self.chalice.event_sources
        return {e.name: e for e in sources if isinstance(e, ScheduledEventConfig)}


def _timeouts(text: str) -> dict[str, int]:
    """Parse the value of BRIDGE_TIMEOUTS. Raise ValueError if it is malformed."""
    pairs = [pair.partition("=") for pair in text.split(",") if pair]
    return {name.strip(): int(seconds) for name, _, seconds in pairs}
