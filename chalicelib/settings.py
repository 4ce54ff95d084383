"""The settings: every environment variable that the bridge reads, with its format and its default.

`load()` reads them once per process. Wrong settings raise ConfigurationError, which lists all of them at once,
each with the expected format. Its text never contains the value of a secret.

`Settings` is a plain dataclass because every function needs its settings before its first answer, and a
library for models would take longer to import than all of chalicelib. See docs/cold-start.md.
"""

import functools
import os
from dataclasses import dataclass
from typing import Literal

from chalicelib.setting_fields import Environment, read_all, required_if, setting
from chalicelib.setting_formats import (
    WAITABLE,
    at_least,
    country_codes,
    failure_alarm,
    hours_of_day,
    matching,
    names,
    networks,
    not_blank,
    one_of,
    price,
    url,
    wait_codes,
    whole_number,
)

_V5_URL = "https://yun.tim.qq.com/v5/tlssmssvr"
_API3_URL = "https://sms.tencentcloudapi.com"


def _authenticates(environment: Environment) -> bool:
    return environment.get("QA_AUTH") != "off"


def _calls_api3(environment: Environment) -> bool:
    return environment.get("TENCENT_API") == "3.0"


def _calls_v5(environment: Environment) -> bool:
    return not _calls_api3(environment)


def _url_of_the_api(environment: Environment) -> str:
    return _API3_URL if _calls_api3(environment) else _V5_URL


def _refuse_address_of_v5(address: str, environment: Environment) -> None:
    # A stage that called v5 before may still name its address.
    if _calls_api3(environment) and address.rstrip("/").endswith("/tlssmssvr"):
        raise ValueError("is the address of v5")


def _refuse_names_of_codes(codes: frozenset[int | str], environment: Environment) -> None:
    if _calls_v5(environment) and any(isinstance(code, str) for code in codes):
        raise ValueError("has names of codes, which v5 does not know")


def _refuse_pause_without_a_rate(pause: str, environment: Environment) -> None:
    if pause == "on" and (environment.get("FAILURE_ALARM") or "").strip() == "off":
        raise ValueError("is on, but FAILURE_ALARM=off sets no failure rate")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one stage: one Tencent application and one Quick Audience platform."""

    platform_name: str = setting("QA_PLATFORM_NAME", "API name entered in Quick Audience")
    qa_auth: Literal["on", "off"] = setting(
        "QA_AUTH", "on or off", one_of("on", "off"), default="on"
    )
    qa_key_source: str = setting(
        "QA_KEY",
        "key shared with Quick Audience, or new,old while it is being changed, or ssm:/name of it",
        not_blank,
        default="",
        unset=required_if(_authenticates, "is required unless QA_AUTH=off"),
        secret=True,
    )
    qa_base_url: str = setting(
        "QA_BASE_URL",
        "http(s) address without a path",
        url,
        default="https://quicka.aliyun.com",
    )
    qa_receipts: Literal["push", "poll"] = setting(
        "QA_RECEIPTS", "push or poll", one_of("push", "poll"), default="push"
    )
    qa_clock_skew_seconds: int = setting(
        "QA_CLOCK_SKEW_SECONDS",
        "whole seconds, 0 turns the check off",
        whole_number,
        default=900,
    )
    qa_source_addresses: frozenset[str] = setting(
        "QA_SOURCE_ADDRESSES",
        "comma-separated addresses or networks, such as 203.0.113.7,198.51.100.0/24",
        networks,
        default=frozenset(),
    )
    tencent_api: Literal["v5", "3.0"] = setting(
        "TENCENT_API", "v5 or 3.0: the API that is called", one_of("v5", "3.0"), default="v5"
    )
    tencent_sdk_app_id: str = setting(
        "TENCENT_SDK_APP_ID",
        "digits: SDKAppID of the Tencent SMS application",
        matching("[0-9]+"),
    )
    tencent_app_key_source: str = setting(
        "TENCENT_APP_KEY",
        "App Key of that application, or ssm:/name of it",
        not_blank,
        default="",
        unset=required_if(_calls_v5, "is not set"),
        secret=True,
    )
    tencent_secret_id_source: str = setting(
        "TENCENT_SECRET_ID",
        "SecretId of an API key of the Tencent Cloud account, or ssm:/name of it",
        not_blank,
        default="",
        unset=required_if(_calls_api3, "is required with TENCENT_API=3.0"),
        secret=True,
    )
    tencent_secret_key_source: str = setting(
        "TENCENT_SECRET_KEY",
        "SecretKey of that API key, or ssm:/name of it",
        not_blank,
        default="",
        unset=required_if(_calls_api3, "is required with TENCENT_API=3.0"),
        secret=True,
    )
    tencent_region: str = setting(
        "TENCENT_REGION",
        "region of API 3.0, such as ap-guangzhou",
        matching("[a-z]+(-[a-z0-9]+)+"),
        default="ap-guangzhou",
    )
    tencent_base_url: str = setting(
        "TENCENT_BASE_URL",
        "root of the API",
        url,
        default=_V5_URL,
        unset=_url_of_the_api,
        check=_refuse_address_of_v5,
    )
    tencent_callback_tokens_source: str = setting(
        "TENCENT_CALLBACK_TOKENS",
        "comma-separated secrets of the callback URL, or ssm:/name of them",
        not_blank,
        secret=True,
    )
    tencent_receipts: Literal["callback", "pull"] = setting(
        "TENCENT_RECEIPTS", "callback or pull", one_of("callback", "pull"), default="callback"
    )
    tencent_calls_per_second: int = setting(
        "TENCENT_CALLS_PER_SECOND",
        "sending calls per second, over all invocations together: a whole number, at least 1",
        at_least(1),
        default=1000,
    )
    tencent_parallel_calls: int = setting(
        "TENCENT_PARALLEL_CALLS",
        "sending calls in flight, over all 4 parallel invocations: a whole number, at least 4",
        at_least(4),
        default=64,
    )
    tencent_wait_codes: frozenset[int | str] = setting(
        "TENCENT_WAIT_CODES",
        "comma-separated codes of Tencent's refusals that are waited for, from "
        + ", ".join(map(str, WAITABLE))
        + "; with TENCENT_API=3.0 also their names",
        wait_codes,
        default=frozenset(),
        check=_refuse_names_of_codes,
    )
    allowed_countries: frozenset[str] = setting(
        "ALLOWED_COUNTRIES",
        "comma-separated country codes that may be sent to, such as 86,852,853,886",
        country_codes,
        default=frozenset(),
    )
    daily_limit: int = setting(
        "DAILY_LIMIT",
        "recipients accepted per day, Beijing time, by all campaigns together: a whole number, at least 1",
        at_least(1),
        default=0,
    )
    segment_price: tuple[str, str] | None = setting(
        "SEGMENT_PRICE",
        "price of one billed piece with its currency, such as 0.045 CNY",
        price,
        default=None,
    )
    failure_alarm: str = setting(
        "FAILURE_ALARM",
        "failure rate that raises the alarm, and of how many final states at least, such as 20% of 100; or off",
        failure_alarm,
        default="20% of 100",
    )
    pause_on_failures: Literal["on", "off"] = setting(
        "PAUSE_ON_FAILURES",
        "on or off: pause a campaign at the failure rate of FAILURE_ALARM",
        one_of("on", "off"),
        default="off",
        check=_refuse_pause_without_a_rate,
    )
    send_hours: tuple[int, int] | None = setting(
        "SEND_HOURS",
        "hours of the day, Beijing time, in which promotional templates are sent, such as 08:00-22:00",
        hours_of_day,
        default=None,
    )
    oss_allowed_hosts: tuple[str, ...] = setting(
        "OSS_ALLOWED_HOSTS", "comma-separated host suffixes", names, default=(".aliyuncs.com",)
    )
    public_base_url: str = setting(
        "PUBLIC_BASE_URL",
        "public http(s) address under which message pages are linked",
        url,
        default="",
    )
    partial_batches: Literal["on", "off"] = setting(
        "BRIDGE_PARTIAL_BATCHES",
        "on or off: set by the deployment once every event source mapping reports partial batches",
        one_of("on", "off"),
        default="off",
    )
    # For this many seconds after a status arrived, the function that made its own send may still be running and store
    # the message. Only afterwards may the status be assigned to an earlier send of unknown outcome.
    adopt_after: int = setting(
        "BRIDGE_ADOPT_AFTER",
        "seconds, at least the timeout of the function `deliver`",
        at_least(1),
        default=300,
    )
    table: str = setting(
        "BRIDGE_TABLE", "name of the DynamoDB table", default="qa-sms-bridge-local"
    )
    queue_prefix: str = setting(
        "BRIDGE_QUEUE_PREFIX", "prefix of the queues' names", default="qa-sms-bridge-local-"
    )

    @property
    def failure_threshold(self) -> tuple[int, int] | None:
        """Return the failure rate of the alarm, in percent, and of how many final states at least; None without one."""
        if self.failure_alarm == "off":
            return None
        percent, _, minimum = self.failure_alarm.partition("% of ")
        return int(percent), int(minimum)

    @property
    def qa_keys(self) -> tuple[str, ...]:
        """Return the keys shared with Quick Audience: two of them while one is being replaced.

        A request may be signed with any of them. A single key keeps the white space around it; in a list, white
        space around the commas is dropped. A blank key counts as none.
        """
        text = _reveal(self.qa_key_source)
        keys = names(text)
        return (text,) if len(keys) == 1 and "," not in text else keys

    @property
    def qa_key(self) -> str:
        """Return the key that signs pushes, the first one; "" if authentication is off and no key is set."""
        return next(iter(self.qa_keys), "")

    @property
    def tencent_app_key(self) -> str:
        """Return the App Key, stripped: a space that was copied with it is the commonest cause of error 1001."""
        return _reveal(self.tencent_app_key_source).strip()

    @property
    def tencent_secret_id(self) -> str:
        """Return the SecretId of API 3.0, stripped."""
        return _reveal(self.tencent_secret_id_source).strip()

    @property
    def tencent_secret_key(self) -> str:
        """Return the SecretKey of API 3.0, stripped."""
        return _reveal(self.tencent_secret_key_source).strip()

    @property
    def tencent_keys(self) -> dict[str, str]:
        """Return the keys of the API that is called, by the names of their variables."""
        if self.tencent_api == "3.0":
            return {
                "TENCENT_SECRET_ID": self.tencent_secret_id,
                "TENCENT_SECRET_KEY": self.tencent_secret_key,
            }
        return {"TENCENT_APP_KEY": self.tencent_app_key}

    @property
    def tencent_callback_tokens(self) -> list[str]:
        """Return the secrets that open the callback URL: two of them while one is being replaced."""
        return list(names(_reveal(self.tencent_callback_tokens_source)))


def _reveal(source: str) -> str:
    if not source.startswith("ssm:"):
        return source
    # Imported only where a secret is in the parameter store.
    from chalicelib import parameter_store  # noqa: PLC0415

    return parameter_store.get(source.removeprefix("ssm:"))


def from_environment(environment: Environment) -> Settings:
    """Read the settings. Raises ConfigurationError, which names every wrong one."""
    return read_all(Settings, environment)


@functools.cache
def load() -> Settings:
    """Return the settings of this process."""
    return from_environment(os.environ)
