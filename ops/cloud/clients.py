"""boto3's clients for the services that this package calls, one for each service."""

import functools
from typing import Any

import boto3


@functools.cache
def of(service: str) -> Any:
    """Return the client of a service. Making one takes longer than most calls."""
    return boto3.client(service)  # type: ignore[call-overload]
