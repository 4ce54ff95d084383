from typing import Any

import pytest
import time_machine
from requests.adapters import HTTPAdapter

from chalicelib.connections import new_session
from chalicelib.quickaudience import client
from chalicelib.tencent import exchange

START = 1_600_000_000.0
MAX_IDLE = 80
schemes = pytest.mark.parametrize("scheme", ["http", "https"])


class Connection:
    """A connection that the server has not closed."""

    is_connected = True

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def pool(scheme: str, parallel: int = 2) -> Any:
    address = f"{scheme}://yun.tim.qq.com/"
    adapter = new_session(parallel, max_idle_seconds=MAX_IDLE).get_adapter(address)
    assert isinstance(adapter, HTTPAdapter)
    pooled = adapter.poolmanager.connection_from_url(address)
    # A pool is full of placeholders for connections; one of them makes room for the connection of the test.
    pooled._get_conn()
    return pooled


@schemes
@pytest.mark.parametrize(
    ("idle", "closed"),
    [(0, 0), (1, 0), (MAX_IDLE - 1, 0), (MAX_IDLE + 1, 1), (3600, 1), (10**8, 1), (-5, 0)],
)
def test_a_connection_that_was_idle_too_long_is_closed_before_it_is_used(
    scheme: str, idle: float, closed: int
) -> None:
    pooled, connection = pool(scheme), Connection()
    with time_machine.travel(START, tick=False) as clock:
        pooled._put_conn(connection)
        clock.shift(idle)
        assert pooled._get_conn() is connection
    assert connection.closed == closed


@schemes
def test_use_resets_the_idle_time_of_a_connection(scheme: str) -> None:
    pooled, connection = pool(scheme), Connection()
    with time_machine.travel(START, tick=False) as clock:
        pooled._put_conn(connection)
        for _ in range(5):
            clock.shift(MAX_IDLE - 1)
            assert pooled._get_conn() is connection
            pooled._put_conn(connection)
    assert connection.closed == 0


@schemes
def test_time_in_use_is_not_idle_time(scheme: str) -> None:
    pooled, connection = pool(scheme), Connection()
    with time_machine.travel(START, tick=False) as clock:
        pooled._put_conn(connection)
        pooled._get_conn()
        clock.shift(MAX_IDLE * 2)
        pooled._put_conn(connection)
        assert pooled._get_conn() is connection
    assert connection.closed == 0


@schemes
def test_a_new_connection_is_not_closed(scheme: str) -> None:
    pooled = pool(scheme)
    connection = pooled._get_conn()
    assert not hasattr(connection, "idle_since")
    pooled._put_conn(None)


def test_idle_connections_are_closed_well_before_tencent_asks_for_it() -> None:
    assert 0 < exchange.MAX_IDLE_SECONDS < 90


def test_quick_audiences_connections_are_closed_before_its_shortest_known_timeout() -> None:
    # Alibaba's load balancers close idle connections after 15 seconds by default.
    assert 0 < client.MAX_IDLE_SECONDS < 15


def test_sessions_have_limits_of_their_own() -> None:
    for seconds in (10, 80):
        adapter = new_session(1, max_idle_seconds=seconds).get_adapter("https://a.test/")
        assert isinstance(adapter, HTTPAdapter)
        assert (
            adapter.poolmanager.connection_from_url("https://a.test/").max_idle_seconds == seconds
        )


@schemes
def test_a_session_keeps_as_many_connections_as_calls_at_once(scheme: str) -> None:
    pooled = pool(scheme, parallel=16)
    assert pooled.pool.maxsize == 16


@schemes
def test_a_session_retries_no_request(scheme: str) -> None:
    adapter = new_session(1, max_idle_seconds=MAX_IDLE).get_adapter(f"{scheme}://yun.tim.qq.com/")
    assert isinstance(adapter, HTTPAdapter)
    assert adapter.max_retries.total == 0


def test_a_session_ignores_the_environment() -> None:
    assert not new_session(1, max_idle_seconds=MAX_IDLE).trust_env


def test_a_session_checks_certificates() -> None:
    assert new_session(1, max_idle_seconds=MAX_IDLE).verify is True
