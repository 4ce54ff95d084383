"""Errors of AWS and of the bridge as banners that name what helps."""

import pytest
import requests
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)

from chalicelib.errors import ConfigurationError, Refused
from chalicelib.tencent.interface import CallRefusedError
from ops.console import problems
from ops.console.dictionary import WORDS
from ops.errors import OperatorError


def refused(code: str, message: str = "x") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Query")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused("ExpiredTokenException"), "credentials"),
        (refused("UnrecognizedClientException"), "credentials"),
        (NoCredentialsError(), "credentials"),
        (NoRegionError(), "region"),
        (refused("AccessDeniedException"), "rights"),
        (refused("AccessDenied"), "rights"),
        (refused("ThrottlingException"), "busy"),
        (refused("ProvisionedThroughputExceededException"), "busy"),
        (TimeoutError("x"), "busy"),
        (GetParameterError("x"), "secrets"),
        (requests.ConnectionError("x"), "silent"),
        (CallRefusedError(1001, "sig"), "refused"),
        (refused("ResourceNotFoundException"), "missing"),
        (refused("AWS.SimpleQueueService.NonExistentQueue"), "missing"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "silent"),
        (ConfigurationError("QA_KEY is missing"), "settings"),
        (Refused("isv.X", "不可以"), "refused"),
        (OperatorError("no"), "refused"),
        (refused("ValidationException"), "aws"),
        (BotoCoreError(), "aws"),
    ],
)
def test_an_error_has_a_banner_in_words(error: Exception, kind: str) -> None:
    assert isinstance(error, problems.EXPECTED)
    found = problems.of(error, "prod")
    assert found.kind == kind
    assert {f"problem.{kind}", f"problem.{kind}.help"} <= WORDS.keys()


def test_a_missing_right_is_named() -> None:
    said = "User: arn:aws:iam::1:user/x is not authorized to perform: dynamodb:Query on resource: arn:aws:…"
    assert problems.of(refused("AccessDeniedException", said), "prod").detail == "dynamodb:Query"
    assert problems.of(refused("AccessDenied", "no"), "prod").detail == "Query"


@pytest.mark.parametrize(
    ("error", "stage", "command"),
    [
        (refused("ResourceNotFoundException"), "prod", "make deploy STAGE=prod"),
        (refused("ResourceNotFoundException"), "local", "make up"),
        (refused("ExpiredToken"), "prod", "aws sso login"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "local", "make up"),
        (ConfigurationError("x"), "prod", "python -m ops doctor --stage prod"),
    ],
)
def test_the_command_that_helps_is_named(error: Exception, stage: str, command: str) -> None:
    assert problems.of(error, stage).command == command
