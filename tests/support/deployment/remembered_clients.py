"""botocore's clients, session and descriptions of AWS, each made once for a process.

Making one takes longer than most calls of a deployment.
"""

import functools
import os
from typing import Any

import botocore.loaders
import botocore.session
import chalice.awsclient
import pytest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.session import Session

from ops.cloud import rest_apis

_create_client: Any = Session.create_client
_get_session: Any = botocore.session.get_session
_made: dict[Any, Any] = {}


class _FromEnvironment(Credentials):
    """The credentials in the environment at the moment of a call: each test has an account of its own."""

    def __init__(self) -> None:
        super().__init__("unused", "unused")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return ReadOnlyCredentials(
            os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], None
        )


@functools.wraps(_create_client)
def _create(self: Any, service_name: str, region_name: str | None = None, **options: Any) -> Any:
    """Return the client that was made for the same service, region, endpoint and configuration."""
    if "AWS_ACCESS_KEY_ID" not in os.environ:
        # The session of an earlier test remembers credentials.
        return _create_client(_get_session(), service_name, region_name, **options)
    given = {name: value for name, value in options.items() if value is not None}
    if given.keys() - {"config", "use_ssl"}:
        return _create_client(self, service_name, region_name, **options)
    config = given.get("config", self.get_default_client_config())
    key = (
        service_name,
        region_name or self.get_config_variable("region"),
        os.environ["AWS_ENDPOINT_URL"],
        repr(sorted(config._user_provided_options.items())) if config else "",
    )
    if key not in _made:
        _made[key] = _create_client(self, service_name, region_name, **options)
        _made[key]._request_signer._credentials = _FromEnvironment()
    return _made[key]


@functools.cache
def _session() -> Any:
    """Return the session that boto3 uses: it reads the region from the environment whenever it is asked."""
    return _get_session()


_loader = functools.cache(botocore.loaders.create_loader)
"""Return what reads botocore's files: it keeps what it has read."""


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make each client once. When a test changes the environment's credentials, they call with the new ones."""
    monkeypatch.setattr(Session, "create_client", _create)
    monkeypatch.setattr(botocore.session, "get_session", _session)
    for module in (botocore.session, chalice.awsclient, rest_apis):
        monkeypatch.setattr(module, "create_loader", _loader)
