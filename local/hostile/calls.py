"""A call of a boto3 client, and the layers that it passes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

Make = Callable[[Any, str, dict[str, Any]], Any]
"""botocore's `BaseClient._make_api_call`."""


@dataclass(frozen=True)
class Call:
    """A call: its client, its operation as the API names it, and its parameters."""

    client: Any
    operation: str
    params: dict[str, Any]
    _original: Make

    @property
    def service(self) -> str:
        """Return the service's name, such as `sqs`."""
        return str(self.client.meta.service_model.service_name)

    def with_params(self, params: dict[str, Any]) -> Self:
        """Return the same call with other parameters."""
        return replace(self, params=params)

    def make(self) -> Any:
        """Make the call."""
        return self._original(self.client, self.operation, self.params)

    def ask(self, operation: str, **params: Any) -> Any:
        """Make another call of the same client, past all layers."""
        return self._original(self.client, operation, params)

    def error(self, code: str, message: str, status: int = 400, **more: Any) -> Exception:
        """Return the error of this call that a client raises for an error of AWS."""
        response = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0},
            **more,
        }
        kind = self.client.exceptions.from_code(code)
        error: Exception = kind(response, self.operation)
        return error


class Layer(Protocol):
    """Something that may change a call, its answer, or both."""

    def __call__(self, call: Call, go_on: Callable[[Call], Any], /) -> Any:
        """Return the call's answer, or raise its error. `go_on` makes a call through the layers below."""
