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
from tests.support.deployment.fake_aws.gateway import Domains, Gateway
from tests.support.deployment.fake_aws.roles_rules_logs import Events, Iam, Logs

REGION = "us-east-1"


class Killed(BaseException):
    """The process that called AWS is killed."""


class Account:
    """One account and region. `looks` is how many looks each change takes to be done."""

    def __init__(self, number: str, *, looks: int = 0) -> None:
        self.number = number
        self.functions = Lambda(f"arn:aws:lambda:{REGION}:{number}", looks)
        self.gateway = Gateway()
        self.domains = Domains(self.gateway)
        self.iam = Iam(f"arn:aws:iam::{number}")
        self.events = Events(f"arn:aws:events:{REGION}:{number}")
        self.logs = Logs()
        self.calls: list[str] = []
        """`<service> <Operation>` of each call."""
        self.killed_at: tuple[int, Literal["before", "after"]] | None = None
        """At which call the caller is killed: before it has an effect, or after, without an answer."""

    @property
    def _services(self) -> dict[str, Any]:
        return {
            "lambda": self.functions,
            "apigateway": self.gateway,
            "apigatewayv2": self.domains,
            "iam": self.iam,
            "events": self.events,
            "logs": self.logs,
        }

    def snapshot(self) -> Any:
        """Return everything that the account has, to restore it later."""
        kept = ("functions", "gateway", "domains", "iam", "events", "logs")
        return copy.deepcopy({name: getattr(self, name) for name in kept})

    def restore(self, snapshot: Any) -> None:
        """Make the account what it was at a snapshot."""
        for name, value in copy.deepcopy(snapshot).items():
            setattr(self, name, value)

    def state(self) -> dict[str, Any]:
        """Return what the account has, without the ids that differ from one deployment to the next."""
        mappings = [
            {name: value for name, value in one.properties.items() if name != "UUID"}
            for one in self.functions.mappings.values()
        ]
        return {
            "functions": {name: one.state() for name, one in self.functions.functions.items()},
            "mappings": sorted(mappings, key=lambda one: str(one["EventSourceArn"])),
            "apis": [
                (one.document, one.properties, one.stages) for one in self.gateway.apis.values()
            ],
            "roles": self.iam.roles,
            "rules": self.events.rules,
            "logs": self.logs.groups,
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
        number, when = self.killed_at or (0, "")
        killed = len(self.calls) == number
        if killed and when == "before":
            raise Killed
        handler = getattr(self._services[service], xform_name(operation))
        try:
            answer = copy.deepcopy(handler(**copy.deepcopy(params)))
        except ServiceError as error:
            if killed:
                raise Killed from error
            raise raised(client, operation, error) from error
        if killed:
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
