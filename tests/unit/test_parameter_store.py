"""A parameter store that fails: the last value is used for hours, and the store is asked once a minute."""

import functools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.constants import DEFAULT_PROVIDERS
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from chalicelib import parameter_store, settings

NAME = "/qa-sms-bridge/prod/qa-key"
HOUR = 3600.0


class Store:
    """A parameter store that can be made to fail. It counts the requests."""

    def __init__(self) -> None:
        self.value = "first"
        self.error: Exception | None = None
        self.requests = 0

    def get_parameter(self, **_: Any) -> dict[str, Any]:
        self.requests += 1
        if self.error:
            raise self.error
        return {"Parameter": {"Value": self.value}}


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetParameter")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store behind Powertools' own client and cache."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    _forget()
    made = Store()
    provider = DEFAULT_PROVIDERS["ssm"] = _provider()
    provider.client = made
    provider.clear_cache()
    yield made
    _forget()


@functools.cache
def _provider() -> Any:
    """Return the provider that the bridge makes. Its client, which takes long to make, is replaced."""
    parameter_store._limit_time()
    return DEFAULT_PROVIDERS["ssm"]


def _forget() -> None:
    parameters.clear_caches()  # type: ignore[no-untyped-call]
    parameter_store._kept.cache_clear()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 3, 2, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def test_a_new_value_is_used_within_five_minutes(
    store: Store, clock: time_machine.Traveller
) -> None:
    assert parameter_store.get(NAME) == "first"
    store.value = "second"
    clock.shift(299)
    assert parameter_store.get(NAME) == "first"
    assert store.requests == 1
    clock.shift(2)
    assert parameter_store.get(NAME) == "second"


@pytest.mark.parametrize(
    "error",
    [
        refused("ThrottlingException"),
        ConnectTimeoutError(endpoint_url="https://ssm"),
        # botocore's errors of a request that was sent have a response that is None.
        ReadTimeoutError(endpoint_url="https://ssm"),
        ConnectionClosedError(endpoint_url="https://ssm"),
        EndpointConnectionError(endpoint_url="https://ssm"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_while_the_store_fails_the_last_value_is_used_and_asked_for_once_a_minute(
    store: Store, clock: time_machine.Traveller, error: Exception
) -> None:
    assert parameter_store.get(NAME) == "first"
    store.error = error
    clock.shift(301)
    for _ in range(10 * 60):
        assert parameter_store.get(NAME) == "first"
        clock.shift(1)
    assert store.requests == 1 + 10
    store.error, store.value = None, "second"
    clock.shift(60)
    assert parameter_store.get(NAME) == "second"


def test_the_last_value_is_used_for_hours_not_for_ever(
    store: Store, clock: time_machine.Traveller
) -> None:
    parameter_store.get(NAME)
    store.error = refused("ThrottlingException")
    clock.shift(11 * HOUR)
    assert parameter_store.get(NAME) == "first"
    clock.shift(2 * HOUR)
    with pytest.raises(parameters.GetParameterError):
        parameter_store.get(NAME)


def test_a_value_that_was_never_read_can_not_be_used(store: Store) -> None:
    store.error = refused("ThrottlingException")
    with pytest.raises(parameters.GetParameterError):
        parameter_store.get(NAME)
    store.error = None
    assert parameter_store.get(NAME) == "first"


def test_a_deleted_parameter_is_not_used_any_longer(
    store: Store, clock: time_machine.Traveller
) -> None:
    parameter_store.get(NAME)
    store.error = refused("ParameterNotFound")
    clock.shift(301)
    with pytest.raises(parameters.GetParameterError):
        parameter_store.get(NAME)


def test_the_warning_names_the_parameter_and_no_value(
    store: Store, clock: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    parameter_store.get(NAME)
    store.error = refused("ThrottlingException")
    clock.shift(301)
    parameter_store.get(NAME)
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert vars(record)["parameter"] == NAME
    assert "first" not in str(vars(record))


def test_asking_takes_seconds_at_most(store: Store) -> None:
    _forget()
    parameter_store._limit_time()
    config: Any = DEFAULT_PROVIDERS["ssm"].client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (2, 2)
    assert config.retries["total_max_attempts"] == 2


def test_settings_read_secrets_through_it(store: Store, clock: time_machine.Traveller) -> None:
    environment = {
        "QA_PLATFORM_NAME": "bridge",
        "QA_KEY": f"ssm:{NAME}",
        "TENCENT_SDK_APP_ID": "1400000001",
        "TENCENT_APP_KEY": "key",
        "TENCENT_CALLBACK_TOKENS": "token",
    }
    configured = settings.from_environment(environment)
    assert configured.qa_key == "first"
    store.error = refused("ThrottlingException")
    clock.shift(HOUR)
    assert configured.qa_key == "first"
