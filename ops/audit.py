"""The audit log: who changed what, when, and with what result.

Functions that change something are wrapped by `recorded`, or contain `action`. The entry is written before the change,
so that a command that is killed leaves one, too. If it can't be written, nothing is changed.
"""

import getpass
import inspect
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, is_dataclass, replace
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import dates
from chalicelib.errors import BridgeError, ConfigurationError, Refused
from chalicelib.logs import mask, mask_numbers
from chalicelib.store import audit_log
from chalicelib.store.audit_log import AuditEntry
from ops import errors, stages
from ops.cloud import clients
from ops.errors import OperatorError

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_DAYS = 30
"""The days that a list goes back, today included, unless it is given its first day."""

_PHONES = ("phone", "phoneNum")
_NO_TABLE = "ResourceNotFoundException"


@dataclass(slots=True)
class Action:
    """A change that is being made. `outcome` is stored in its entry at the end, as `_plain` returns it."""

    outcome: Any = None


@contextmanager
def action(command: str, *, needs_table: bool = True, **arguments: Any) -> Iterator[Action]:
    """Record the change that the block makes, with the command's arguments by their JSON keys.

    Arguments that are empty are left out. Without `needs_table`, the stage may have no table yet, or none any more:
    then there is no entry. Raises ClientError, before anything is changed, if the entry can't be written.
    """
    begun = AuditEntry(
        at=int(time.time()),
        id=uuid.uuid4().hex,
        who=_caller(),
        command=command,
        arguments={
            name: _plain(value, name)
            for name, value in arguments.items()
            if value not in (None, "", False)
        },
    )
    _put(begun, needs_table=needs_table)
    current = Action()
    try:
        yield current
    except BaseException as error:
        with suppress(BotoCoreError, ClientError):
            failed = replace(begun, result="failed", outcome=_describe(error))
            _put(failed, needs_table=needs_table)
        raise
    try:
        done = replace(begun, result="done", outcome=_plain(current.outcome))
        _put(done, needs_table=needs_table)
    except (BotoCoreError, ClientError) as error:
        raise OperatorError(
            f"{command} was done, but the end of its entry in the audit log could not be written, so that "
            f"`ops audit list` shows it as begun: {errors.describe(error)}"
        ) from error


def recorded(
    command: str, *names: str, unless: str = "", needs_table: bool = True
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Wrap a function whose calls are to be recorded under this command.

    `names` are the arguments to store: `out_id`, or an attribute of one, `sign.name`. A call is not recorded if its
    argument `unless` is true. `needs_table` is that of `action`.
    """

    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(function)

        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            if unless and bound.arguments[unless]:
                return function(*args, **kwargs)
            stored = {_key(name): _argument(bound.arguments, name) for name in names}
            with action(command, needs_table=needs_table, **stored) as current:
                result = function(*args, **kwargs)
                current.outcome = result
            return result

        return run

    return wrap


def entries(first: str = "", last: str = "") -> list[dict[str, Any]]:
    """Return the entries of two days and of those between them, newest first. Days are `yyyy-MM-dd`, Beijing time.

    Without `last`, until today; without `first`, DEFAULT_DAYS. Raises OperatorError if a text is no day.
    """
    end = _day(last) if last else datetime.now(dates.BEIJING).date()
    start = _day(first) if first else end - timedelta(days=DEFAULT_DAYS - 1)
    if start > end:
        raise OperatorError(f"the first day, {start}, is after the last, {end}")
    return [_row(entry) for entry in audit_log.between(start.isoformat(), end.isoformat())]


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": dates.to_beijing(entry.at),
        "who": entry.who,
        "command": entry.command,
        "arguments": dict(entry.arguments),
        "result": entry.result,
        "outcome": entry.outcome,
    }


def _day(text: str) -> date:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise OperatorError(f"{text} is not a day of the form yyyy-MM-dd")


def _caller() -> str:
    """Return the ARN of the caller's identity; on an emulated AWS, which has no identities, this machine's user."""
    if not stages.emulator():
        return str(clients.of("sts").get_caller_identity()["Arn"])
    try:
        return f"local:{getpass.getuser()}"
    except (OSError, KeyError, ImportError):
        # A container may have no name for its user.
        return "local:unknown"


def _put(entry: AuditEntry, *, needs_table: bool) -> None:
    try:
        audit_log.put(entry)
    except ConfigurationError:
        # Secrets are set before the settings are complete.
        if needs_table:
            raise
    except ClientError as error:
        if needs_table or error.response["Error"]["Code"] != _NO_TABLE:
            raise


def _describe(error: BaseException) -> str:
    match error:
        case Refused():
            text = error.message
        case BridgeError() | OperatorError():
            text = str(error)
        case BotoCoreError() | ClientError():
            text = errors.describe(error)
        case KeyboardInterrupt():
            text = "interrupted"
        case _:
            text = f"{type(error).__name__}: {error}"
    return mask_numbers(text)


def _key(name: str) -> str:
    """Return an argument's name as JSON keys are written."""
    first, *others = name.rpartition(".")[2].split("_")
    return first + "".join(part.capitalize() for part in others)


def _argument(arguments: Mapping[str, Any], name: str) -> Any:
    first, *attributes = name.split(".")
    value = arguments[first]
    for attribute in attributes:
        value = getattr(value, attribute)
    return value


def _plain(value: Any, name: str = "") -> Any:
    """Return a value as JSON. Of phone numbers, the last four digits are left."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, name) for one in value]
    if isinstance(value, str):
        return mask(value) if name in _PHONES else str(value)
    return value if value is None or isinstance(value, int) else str(value)
