"""The functions of the app as Lambda sees them: what triggers them, their limits, a call.

Triggers come from the app's own registrations and limits from `.chalice/config.json`, the two
places that a deployment reads, so nothing is said again here.
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
"""Names the variable with other time-outs than `.chalice/config.json` has, for tests that have to wait
for them: `deliver=61,settle=5`, in seconds."""

_STAGE = "local"


def log(level: str, message: str, **fields: object) -> None:
    """Write one line of JSON to standard error, as the bridge's own log lines are."""
    entry = {
        "level": level,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "message": message,
        **fields,
    }
    print(json.dumps(entry, ensure_ascii=False, default=str), file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Context:
    """What Lambda hands to a function beside the event."""

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
        """The log group that Lambda would write to."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """The log stream that Lambda would write to; here one per process."""
        return f"{datetime.now(UTC):%Y/%m/%d}/[{self.function_version}]{os.getpid()}"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is killed."""
        return max(0, int((self.started + self.timeout - time.monotonic()) * 1000))


@dataclass(frozen=True)
class Function:
    """A function of the app with the limits that it is deployed with."""

    name: str
    handler: Callable[[dict[str, Any], Context], object]
    timeout: float
    memory: int
    deployed_name: str
    region: str

    def __call__(self, event: dict[str, Any]) -> bool:
        """Call it as Lambda does; whether it returned. An exception is logged, not raised.

        A call that takes longer than the function's time-out ends this process on the spot, like
        an execution environment: whatever it was doing stays half done.
        """
        context = Context(
            function_name=self.deployed_name,
            invoked_function_arn=(
                f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:{self.deployed_name}"
            ),
            memory_limit_in_mb=str(self.memory),
            timeout=self.timeout,
        )
        watch = Timer(self.timeout, self._overrun, [context.aws_request_id])
        watch.daemon = True
        watch.start()
        try:
            with faults.invocation(faults.label(self.name, event)):
                self.handler(event, context)
        except Exception as error:
            log(
                "ERROR",
                str(error),
                function=self.name,
                requestId=context.aws_request_id,
                errorType=type(error).__name__,
                stackTrace=traceback.format_exception(error),
            )
            return False
        finally:
            watch.cancel()
        return True

    def _overrun(self, request_id: str) -> None:
        log(
            "ERROR",
            f"Task timed out after {self.timeout:.2f} seconds",
            function=self.name,
            requestId=request_id,
        )
        os.kill(os.getpid(), signal.SIGKILL)


class App:
    """A Chalice app by the name of its module; `environ` may have other time-outs for its functions."""

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
        """Chalice's own view of the configuration of one function."""
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
        """The function of that name; LookupError if there is none."""
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
        """The functions that a queue feeds, by name."""
        return {e.name: e for e in self.chalice.event_sources if isinstance(e, SQSEventConfig)}

    @property
    def schedules(self) -> dict[str, ScheduledEventConfig]:
        """The functions that run on a schedule, by name."""
        sources = self.chalice.event_sources
        return {e.name: e for e in sources if isinstance(e, ScheduledEventConfig)}


def _timeouts(text: str) -> dict[str, int]:
    """Read what BRIDGE_TIMEOUTS holds. Raises ValueError."""
    pairs = [pair.partition("=") for pair in text.split(",") if pair]
    return {name.strip(): int(seconds) for name, _, seconds in pairs}
