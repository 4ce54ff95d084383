"""Errors of AWS and of the bridge, as a banner: what is wrong, and the command that helps."""

import re
from dataclasses import dataclass

import requests
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ReadTimeoutError,
    SSOError,
    TokenRetrievalError,
)

from chalicelib.errors import BridgeError, ConfigurationError, Refused
from ops import stages
from ops.console.threads import TooSlowError
from ops.errors import OperatorError, is_missing_queue

_EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_THROTTLED = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_DENIED = ("AccessDenied", "UnauthorizedOperation", "AuthorizationError")
_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)")
_MISSING = "ResourceNotFoundException"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something could not be read or done.

    `kind` is the last part of a key of the words (`problem.…`). `detail` is what the error says, or the action that
    is missing. `command` helps; it may be empty.
    """

    kind: str
    detail: str = ""
    command: str = ""

    @property
    def status(self) -> int:
        """Return the HTTP status: 400 if what was asked for can't be done or does not exist, otherwise 503."""
        return 400 if self.kind == "refused" else 503


EXPECTED = (
    BotoCoreError,
    ClientError,
    BridgeError,
    OperatorError,
    requests.RequestException,
    GetParameterError,
    TimeoutError,
    TooSlowError,
)
"""The errors that a banner explains. Others are errors of the console."""


def of(error: Exception, stage: str) -> Problem:
    """Return an expected error as a problem."""
    if isinstance(error, ClientError):
        return _of_client(error, stage)
    if isinstance(error, BotoCoreError):
        return _of_connection(error, stage)
    match error:
        case ConfigurationError():
            return Problem("settings", str(error), f"python -m ops doctor --stage {stage}")
        case Refused():
            return Problem("refused", error.message)
        case GetParameterError():
            return Problem("secrets", str(error), f"python -m ops doctor --stage {stage}")
        case requests.RequestException() | TooSlowError():
            return Problem("silent", str(error))
        case TimeoutError():
            return Problem("busy", str(error))
        case _:
            return Problem("refused", str(error))


def _of_connection(error: BotoCoreError, stage: str) -> Problem:
    match error:
        case NoCredentialsError() | PartialCredentialsError() | SSOError() | TokenRetrievalError():
            return Problem("credentials", str(error), "aws sso login")
        case NoRegionError():
            return Problem("region", str(error), "export AWS_DEFAULT_REGION=…")
        case EndpointConnectionError() | ConnectTimeoutError() | ReadTimeoutError():
            return Problem("silent", str(error), "make up" if stage == stages.LOCAL else "")
        case _:
            return Problem("aws", str(error))


def _of_client(error: ClientError, stage: str) -> Problem:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _EXPIRED:
        return Problem("credentials", code, "aws sso login")
    if code.startswith(_DENIED):
        found = _ACTION.search(str(error))
        return Problem("rights", found[1] if found else error.operation_name)
    if code in _THROTTLED:
        return Problem("busy", code)
    if code == _MISSING or is_missing_queue(error):
        command = "make up" if stage == stages.LOCAL else f"make deploy STAGE={stage}"
        return Problem("missing", code, command)
    return Problem("aws", str(error))
