"""Pooled HTTP sessions for calls to Tencent and Quick Audience, whose connections are not used after an idle time.

A server closes connections that are idle, and a network forgets them. A Lambda function does not notice either while
it is frozen between two invocations. The next request on such a connection fails after it was sent, and may have been
carried out. So an idle connection is closed well before the server does so, and the request opens a new one.
"""

import time
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from urllib3 import PoolManager


class _FreshMixin:
    """Closes a connection that was idle for too long; urllib3 then opens it again.

    It uses the wall clock on purpose: a monotonic clock may stop while Lambda freezes the function.
    """

    max_idle_seconds: float

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        now = time.time()
        if now - getattr(connection, "idle_since", now) > self.max_idle_seconds:
            connection.close()
        return connection

    def _put_conn(self, connection: Any) -> None:
        if connection is not None:
            connection.idle_since = time.time()
        super()._put_conn(connection)  # type: ignore[misc]


class _FreshHTTP(_FreshMixin, HTTPConnectionPool):
    pass


class _FreshHTTPS(_FreshMixin, HTTPSConnectionPool):
    pass


class _FreshAdapter(HTTPAdapter):
    def __init__(self, parallel: int, max_idle_seconds: float) -> None:
        self._max_idle_seconds = max_idle_seconds
        super().__init__(pool_maxsize=parallel)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        limit = {"max_idle_seconds": self._max_idle_seconds}
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {
            "http": type("_HTTP", (_FreshHTTP,), limit),
            "https": type("_HTTPS", (_FreshHTTPS,), limit),
        }


def new_session(parallel: int, *, max_idle_seconds: float) -> requests.Session:
    """Return a session that pools `parallel` connections and ignores the environment's proxies and passwords.

    A connection that was idle for longer than `max_idle_seconds` is not used again.
    """
    session = requests.Session()
    session.trust_env = False
    adapter = _FreshAdapter(parallel, max_idle_seconds)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
