"""Secrets from AWS's parameter store (SSM), which may fail or throttle without stopping the bridge.

The store's limit of 40 reads a second is one for the whole account. A value is read again after five minutes, so a
replaced secret takes effect without a new deployment. Where that fails, the last value is used for hours, with a
warning, and the store is asked again after a minute.
"""

import functools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

# Seconds until a value is read again.
_MAX_AGE = 300
# After a failure: seconds until the store is asked again, and seconds for which the last value is used.
_PAUSE = 60
_MAX_STALE = 12 * 3600
# Seconds of a connection and of an answer, and tries. boto3's own are a minute and five tries, which is more than
# an HTTP request has.
_TIMEOUT = 2
_TRIES = 2


@dataclass(slots=True)
class _Kept:
    """The last value of a parameter. Times are epochs."""

    value: str
    read_at: float
    ask_at: float = 0


def get(name: str) -> str:
    """Return the decrypted value of a parameter.

    Raises GetParameterError if it can't be read and was not read within the last hours, or if it does not exist any
    more.
    """
    # Imported only where a secret is in the store.
    from aws_lambda_powertools.utilities import parameters  # noqa: PLC0415

    now = time.time()
    kept = _kept().get(name)
    if kept and now < kept.ask_at:
        return kept.value
    _limit_time()
    try:
        value = parameters.get_parameter(name, decrypt=True, max_age=_MAX_AGE)
    except parameters.GetParameterError as error:
        if kept is None or now - kept.read_at > _MAX_STALE or _is_missing(error):
            raise
        # Imported here because `logs` is not needed to read the settings.
        from chalicelib.logs import log  # noqa: PLC0415

        log.warning(
            "the parameter store can't be read: the last value is used",
            extra={"parameter": name, "age": int(now - kept.read_at), "why": str(error)},
        )
        kept.ask_at = now + _PAUSE
        return kept.value
    _kept()[name] = _Kept(value, now)
    return value


@functools.cache
def _kept() -> dict[str, _Kept]:
    """Return the last values of this process, by name."""
    return {}


def _limit_time() -> None:
    """Give the library a client that does not wait for longer than a request may."""
    from aws_lambda_powertools.utilities.parameters import SSMProvider  # noqa: PLC0415
    from aws_lambda_powertools.utilities.parameters.constants import (  # noqa: PLC0415
        DEFAULT_PROVIDERS,
    )
    from botocore.config import Config  # noqa: PLC0415

    if "ssm" not in DEFAULT_PROVIDERS:
        DEFAULT_PROVIDERS["ssm"] = SSMProvider(
            boto_config=Config(
                connect_timeout=_TIMEOUT,
                read_timeout=_TIMEOUT,
                retries={"mode": "standard", "total_max_attempts": _TRIES},
            )
        )


def _is_missing(error: "GetParameterError") -> bool:
    """Return whether the store answered that there is no such parameter: then somebody deleted the secret."""
    # An error of the connection may have a response that is None.
    response = getattr(error.__context__, "response", None) or {}
    return bool(response.get("Error", {}).get("Code") == "ParameterNotFound")
