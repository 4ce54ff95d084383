"""An AWS account in memory. Its calls can be counted, and its caller killed at any of them."""

import copy
import os
from typing import Any, Literal

import pytest
from botocore import xform_name
from botocore.client import BaseClient
from botocore.validate import validate_parameters

from tests.support.deployment.fake_aws.errors import ServiceError, raised
from tests.support.deployment.fake_aws.functions import Lambda
from tests.support.deployment.fake_aws.gateway import Gateway
from tests.support.deployment.fake_aws.roles_rules_logs import Events, Iam, Logs

REGION = "us-east-1"


class Killed(BaseException):
    """The process that called AWS is killed."""


class Account:
    """One account and region. `looks` is how many looks each change takes to be done."""

    def __init__(self, number: str, *, looks: int = 0) -> None:
        self.functions = Lambda(f"arn:aws:lambda:{REGION}:{number}", looks)
        self.gateway = Gateway()
        self.iam = Iam(f"arn:aws:iam::{number}")
        self.events = Events(f"arn:aws:events:{REGION}:{number}")
        self.logs = Logs()
        self.calls: list[str] = []
        """`<service> <Operation>` of each call."""
        self.killed_at: tuple[int, Literal["before", "after"]] | None = None
        """At which call the caller is killed: before it has an effect, or after, without an answer."""
        self._services = {
            "lambda": self.functions,
            "apigateway": self.gateway,
            "iam": self.iam,
            "events": self.events,
            "logs": self.logs,
        }

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Handle the calls to these services. Calls to other services are unchanged."""
        others: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

        def make_api_call(client: Any, operation: str, params: dict[str, Any]) -> Any:
            service = client.meta.service_model.service_name
            if service not in self._services:
                return others(client, operation, params)
            return self._call(client, service, operation, params)

        monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)

    def _call(self, client: Any, service: str, operation: str, params: dict[str, Any]) -> Any:
        model = client.meta.service_model.operation_model(operation)
        if model.input_shape:
            validate_parameters(params, model.input_shape)
        self.calls.append(f"{service} {operation}")
        dies, when = self.killed_at or (0, "")
        if len(self.calls) == dies and when == "before":
            raise Killed
        handler = getattr(self._services[service], xform_name(operation))
        try:
            answer = copy.deepcopy(handler(**copy.deepcopy(params)))
        except ServiceError as error:
            raise raised(client, operation, error) from error
        if len(self.calls) == dies:
            raise Killed
        if service == "iam" and "PolicyDocument" in answer:
            answer["PolicyDocument"] = _decoded(answer["PolicyDocument"])
        elif model.output_shape:
            validate_parameters(answer, model.output_shape)
        return answer


def _decoded(document: str) -> Any:
    """Return a policy's document as boto3 returns it."""
    from json import loads
    from urllib.parse import unquote

    return loads(unquote(document))


def of_this_process(*, looks: int = 0) -> Account:
    """Return an account with the number that the emulated AWS gives to this process."""
    return Account(os.environ["AWS_ACCESS_KEY_ID"], looks=looks)
