"""boto3 clients whose calls pass the switches of AWS at its worst and end at a fake service."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.hostile.hooks import Hooks
from local.hostile.switches import Switches

SCHEMA = {"Table": {"KeySchema": [{"AttributeName": "pk"}, {"AttributeName": "sk"}]}}
Service = Callable[[str, dict[str, Any]], Any]


class Calls:
    """Makes calls of one service through the switches. `made` are those that reached the service."""

    def __init__(
        self,
        service: str,
        answer: Service,
        switches: str,
        *,
        seed: str = "1",
        lenient: bool = False,
    ) -> None:
        self.made: list[tuple[str, dict[str, Any]]] = []
        self.hooks = Hooks(Switches.parse(switches, seed), lenient=lenient)
        self._answer = answer
        make: Any = boto3.client
        self._client = make(
            service,
            region_name="ap-southeast-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )

    def __call__(self, operation: str, **params: Any) -> Any:
        return self.hooks.make(self._client, operation, params, self._original)

    def result(self, operation: str, **params: Any) -> Any:
        """Return an answer, the code of an error of AWS, or an error of the connection."""
        try:
            return self(operation, **params)
        except ClientError as error:
            return error.response["Error"]["Code"]
        except BotoCoreError as error:
            return error

    def _original(self, _: Any, operation: str, params: dict[str, Any]) -> Any:
        if operation == "DescribeTable":
            return SCHEMA
        self.made.append((operation, params))
        return self._answer(operation, params)
