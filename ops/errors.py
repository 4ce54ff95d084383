"""The error that the functions of `ops` raise, and AWS's errors in words."""

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError


class OperatorError(Exception):
    """An expected failure. The text says what is wrong, and what to do about it."""


def is_missing_queue(error: BotoCoreError | ClientError) -> bool:
    """Return whether SQS says that there is no such queue."""
    code = _code(error)
    return "NonExistentQueue" in code or "QueueDoesNotExist" in code


def describe(error: BotoCoreError | ClientError) -> str:
    """Return an error of AWS as a sentence; the usual ones say what to do."""
    if is_missing_queue(error):
        return (
            "the stage's queues do not exist: it is not deployed, or it was destroyed. "
            "`make deploy STAGE=…` creates them"
        )
    if isinstance(error, EndpointConnectionError):
        return f"AWS does not answer: {error}"
    return f"AWS: {error}"


def _code(error: BotoCoreError | ClientError) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""
