"""The environment of a local stack: its defaults, its own values, and the part that others may read."""

import math
from collections.abc import Mapping
from pathlib import Path

from local import aws

TENCENT_API = "/v5/tlssmssvr"
"""Path of Tencent's v5 API, on Tencent's own host and on the simulator."""


def tencent_root(environment: Mapping[str, str], simulator: str) -> str:
    """Return the TENCENT_BASE_URL of a simulator: with API 3.0 its own address, with v5 a path of it."""
    return simulator if environment.get("TENCENT_API") == "3.0" else simulator + TENCENT_API


DEFAULTS = {
    "QA_PLATFORM_NAME": "qa-sms-bridge",
    "QA_KEY": "local-qa-key",
    "TENCENT_SDK_APP_ID": "1400000001",
    "TENCENT_APP_KEY": "local-app-key",
    "TENCENT_SECRET_ID": "AKIDlocalsecretid",
    "TENCENT_SECRET_KEY": "local-secret-key",
    "TENCENT_CALLBACK_TOKENS": "local-callback-token",
    "BRIDGE_TABLE": "qa-sms-bridge-local",
    "BRIDGE_QUEUE_PREFIX": "qa-sms-bridge-local-",
}
"""Settings of the bridge that apply where the environment has none."""

# Variables, or prefixes of variables, that a process needs to act as one of the bridge's functions.
_PUBLISHED = (
    *("AWS_", "BRIDGE_", "OSS_", "PUBLIC_", "QA_", "TENCENT_"),
    *("ALLOWED_COUNTRIES", "DAILY_LIMIT", "FAILURE_ALARM", "PAUSE_ON_FAILURES"),
    *("SEGMENT_PRICE", "SEND_HOURS"),
    *("NO_PROXY", "no_proxy"),
)


def configure(
    inherited: Mapping[str, str],
    *,
    endpoint: str,
    prefix: str,
    port: int,
    state: Path,
    deliver_timeout: float,
) -> dict[str, str]:
    """Return the environment of the stack's processes.

    `inherited` wins over the defaults; its empty values count as unset, and everything in it that
    concerns AWS is replaced. `endpoint` is the address of ministack and `prefix` that of the HTTP front.
    """
    given = {name: value for name, value in inherited.items() if value}
    return {
        "PUBLIC_BASE_URL": prefix,
        **DEFAULTS,
        "BRIDGE_ADOPT_AFTER": str(math.ceil(deliver_timeout)),
        **aws.environment(endpoint, given),
        "BRIDGE_PORT": str(port),
        "BRIDGE_STATE": str(state),
    }


def published(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what `stack.json` holds: all that a process needs to act as one of the bridge's functions."""
    return {name: value for name, value in environment.items() if name.startswith(_PUBLISHED)}
