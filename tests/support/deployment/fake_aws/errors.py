"""Errors as a service raises them."""

from typing import Any


class ServiceError(Exception):
    """An error of AWS: the stand-in raises it with the class that the client knows."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def not_found(what: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", f"{what} does not exist")


def raised(client: Any, operation: str, error: ServiceError) -> Exception:
    """Return the exception of a client for an error of its service."""
    kind = client.exceptions.from_code(error.code)
    made: Exception = kind({"Error": {"Code": error.code, "Message": error.message}}, operation)
    return made
