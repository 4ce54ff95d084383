"""The refusal of a call of API 3.0."""

from enum import Enum

from local.tencent.api3.codes import message_of


class Level(Enum):
    """What an error concerns. This decides whether it is the call's Error, or the Code of each row."""

    CALL = "call"
    """The call as a whole: always its Error."""
    ACCOUNT = "account"
    """The account or application: its Error, or by the switch ``account_errors`` each row's."""
    CONTENT = "content"
    """The content of messages: each row's Code, or by the switch ``content_errors`` the Error."""


class ApiError(Exception):
    """A call that Tencent answers with an error code."""

    def __init__(self, code: str, message: str | None = None, level: Level = Level.CALL) -> None:
        self.code = code
        self.message = message_of(code) if message is None else message
        self.level = level
        super().__init__(f"{code} {self.message}")


def missing(name: str) -> ApiError:
    """Return the refusal of a request without a required header or field."""
    text = f"The request is missing a required parameter `{name}`."
    return ApiError("MissingParameter", text)


def wrong_type(name: str) -> ApiError:
    """Return the refusal of a field of another JSON type."""
    return ApiError("InvalidParameter", f"The value type of parameter `{name}` is not valid.")


def unrecognized(name: str) -> ApiError:
    """Return the refusal of a field that the call does not have."""
    return ApiError("UnknownParameter", f"The parameter `{name}` is not recognized.")


def content(code: str) -> ApiError:
    """Return the refusal of a message's content."""
    return ApiError(code, level=Level.CONTENT)


def account(code: str) -> ApiError:
    """Return a refusal that concerns the account or application."""
    return ApiError(code, level=Level.ACCOUNT)
