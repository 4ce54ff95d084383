"""The pooled HTTP session for calls to Tencent, whose connections are not used after a long idle time.

Tencent asks clients to pool keep-alive connections, and to close those that were idle for 90 s (its FAQ on
60008). On a connection that the server has just closed, a request fails after it was sent, and the send is of
unknown outcome. So an idle connection is closed well before that.
"""

import time
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from urllib3 import PoolManager

# Below Tencent's 90 s. The margin covers a clock that stood still while Lambda froze the function.
IDLE_SECONDS = 80


class _FreshMixin:
    """Closes a connection that was idle too long; urllib3 then opens it again.

    It uses the wall clock on purpose: a monotonic clock may stop while Lambda freezes the function.
    """

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        if time.time() - getattr(connection, "idle_since", time.time()) > IDLE_SECONDS:
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
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _FreshHTTP, "https": _FreshHTTPS}


def new_session(parallel: int) -> requests.Session:
    """Return a session that pools `parallel` connections and ignores the environment's proxies and passwords."""
    session = requests.Session()
    session.trust_env = False
    adapter = _FreshAdapter(pool_maxsize=parallel)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
