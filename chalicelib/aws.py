"""The AWS clients. Each is created when it is first used and kept for the life of the process.

Addresses and credentials come from the environment (`AWS_ENDPOINT_URL` points to the local stand-in).
"""

import functools
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sqs import SQSClient


def _config(max_attempts: int) -> Config:
    return Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": max_attempts},
        max_pool_connections=32,
        # AWS validates every request anyway; validating it here as well takes an eighth of the time of a write.
        parameter_validation=False,
    )


@functools.cache
def dynamodb() -> "DynamoDBClient":
    """Return the client of the table."""
    return boto3.client("dynamodb", config=_config(5))


@functools.cache
def dynamodb_once() -> "DynamoDBClient":
    """Return a client of the table that never retries, for writes that must not be repeated blindly."""
    return boto3.client("dynamodb", config=_config(1))


@functools.cache
def sqs() -> "SQSClient":
    """Return the client of the queues."""
    return boto3.client("sqs", config=_config(5))
