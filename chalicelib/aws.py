"""The AWS clients, made when first used and kept for the life of the process.

Addresses and credentials come from the environment (`AWS_ENDPOINT_URL` for the local stand-in).
"""

import functools
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sqs import SQSClient


def _config(attempts: int) -> Config:
    return Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=32,
        # AWS checks every request itself; to check it here, too, is an eighth of what writing costs.
        parameter_validation=False,
    )


@functools.cache
def dynamodb() -> "DynamoDBClient":
    """The table's client."""
    return boto3.client("dynamodb", config=_config(5))


@functools.cache
def dynamodb_once() -> "DynamoDBClient":
    """The table's client without retries, for writes that must not be repeated blindly."""
    return boto3.client("dynamodb", config=_config(1))


@functools.cache
def sqs() -> "SQSClient":
    """The queues' client."""
    return boto3.client("sqs", config=_config(5))
