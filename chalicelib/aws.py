"""The AWS clients. Each is created when it is first used and kept for the life of the process.

Addresses and credentials come from the environment (`AWS_ENDPOINT_URL` points to the local stand-in). Within a
request that has a deadline, clients give up sooner, and after the deadline none is to be had.
"""

import functools
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from chalicelib import deadline

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sqs import SQSClient


@functools.cache
def _client(service: str, max_attempts: int, *, hurried: bool) -> Any:
    """Return a client. A hurried one ends a call within 6 s, whatever happens to it."""
    config = Config(
        connect_timeout=1 if hurried else 3,
        read_timeout=2 if hurried else 10,
        retries={"mode": "standard", "total_max_attempts": min(max_attempts, 2 if hurried else 5)},
        max_pool_connections=32,
        # AWS validates every request anyway; validating it here as well takes an eighth of the time of a write.
        parameter_validation=False,
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]


def dynamodb() -> "DynamoDBClient":
    """Return the client of the table. Raises OutOfTimeError after the request's deadline."""
    client: DynamoDBClient = _client("dynamodb", 5, hurried=deadline.check())
    return client


def dynamodb_once() -> "DynamoDBClient":
    """Return a client of the table that never retries, for writes that must not be repeated blindly.

    Raises OutOfTimeError after the request's deadline.
    """
    client: DynamoDBClient = _client("dynamodb", 1, hurried=deadline.check())
    return client


def sqs() -> "SQSClient":
    """Return the client of the queues. Raises OutOfTimeError after the request's deadline."""
    client: SQSClient = _client("sqs", 5, hurried=deadline.check())
    return client
