"""API Gateway: REST APIs that are imported, and their stages."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.deployment.fake_aws.errors import ServiceError

FIRST_ID = "abc123"
_METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}


@dataclass
class RestApi:
    """A REST API."""

    id: str
    document: dict[str, Any]
    properties: dict[str, Any]
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)


class Gateway:
    """API Gateway of one account and region."""

    def __init__(self) -> None:
        self.apis: dict[str, RestApi] = {}
        self.domains: dict[str, dict[str, Any]] = {}
        self._ids = itertools.count(0)

    def import_rest_api(self, body: bytes, parameters: dict[str, str]) -> Any:
        number = next(self._ids)
        found = FIRST_ID if number == 0 else f"{FIRST_ID}x{number}"
        kind = parameters["endpointConfigurationTypes"]
        properties = {"endpointConfiguration": {"types": [kind]}}
        self.apis[found] = RestApi(found, json.loads(body), properties)
        return self.get_rest_api(found)

    def put_rest_api(self, restApiId: str, mode: str, body: bytes) -> Any:
        assert mode == "overwrite"
        self._get(restApiId).document = json.loads(body)
        return self.get_rest_api(restApiId)

    def get_rest_api(self, restApiId: str) -> Any:
        api = self._get(restApiId)
        return {"id": api.id, "name": api.document["info"]["title"], **api.properties}

    def get_rest_apis(self, **_: Any) -> Any:
        return {"items": [self.get_rest_api(one) for one in self.apis]}

    def get_resources(self, restApiId: str, **_: Any) -> Any:
        items = []
        for number, (path, methods) in enumerate(self._get(restApiId).document["paths"].items()):
            integrations = {
                name.upper(): {"methodIntegration": _integration(method)}
                for name, method in methods.items()
                if name in _METHODS
            }
            items.append({"id": str(number), "path": path, "resourceMethods": integrations})
        return {"items": items}

    def update_rest_api(self, restApiId: str, patchOperations: list[dict[str, str]]) -> Any:
        for one in patchOperations:
            if one["path"] == "/minimumCompressionSize":
                self._get(restApiId).properties["minimumCompressionSize"] = int(one["value"])
        return self.get_rest_api(restApiId)

    def delete_rest_api(self, restApiId: str) -> Any:
        self._get(restApiId)
        del self.apis[restApiId]
        return {}

    def create_deployment(self, restApiId: str, stageName: str, **_: Any) -> Any:
        self._get(restApiId).stages.setdefault(stageName, {"methodSettings": {}})
        return {"id": "deployment"}

    def get_stage(self, restApiId: str, stageName: str) -> Any:
        stages = self._get(restApiId).stages
        if stageName not in stages:
            raise ServiceError("NotFoundException", "Invalid stage identifier specified")
        return {"stageName": stageName, **stages[stageName]}

    def update_stage(
        self, restApiId: str, stageName: str, patchOperations: list[dict[str, str]]
    ) -> Any:
        self.get_stage(restApiId, stageName)
        settings = self._get(restApiId).stages[stageName]["methodSettings"].setdefault("*/*", {})
        for one in patchOperations:
            assert one["op"] == "replace"
            match one["path"]:
                case "/*/*/throttling/rateLimit":
                    settings["throttlingRateLimit"] = float(one["value"])
                case "/*/*/throttling/burstLimit":
                    settings["throttlingBurstLimit"] = int(one["value"])
                case path:
                    raise ServiceError("BadRequestException", f"Invalid patch path {path}")
        return self.get_stage(restApiId, stageName)

    # --- custom domains ---

    def create_domain_name(self, domainName: str, **given: Any) -> Any:
        kept = {name: given[name] for name in ("regionalCertificateArn", "securityPolicy")}
        names = {"regionalDomainName": f"d-1.{domainName}", "regionalHostedZoneId": "Z1"}
        kinds = {"endpointConfiguration": given["endpointConfiguration"]}
        found = {"domainName": domainName, "mappings": {}, **kept, **names, **kinds}
        self.domains[domainName] = found
        return self.get_domain_name(domainName)

    def update_domain_name(self, domainName: str, patchOperations: list[dict[str, str]]) -> Any:
        return self.get_domain_name(domainName)

    def get_domain_name(self, domainName: str) -> Any:
        found = self._domain(domainName)
        return {name: value for name, value in found.items() if name != "mappings"}

    def create_base_path_mapping(self, domainName: str, basePath: str, **given: str) -> Any:
        mappings = self._domain(domainName)["mappings"]
        if basePath in mappings:
            raise ServiceError("ConflictException", "Base path already exists for this domain name")
        mappings[basePath] = {"basePath": basePath, **given}
        return mappings[basePath]

    def get_base_path_mapping(self, domainName: str, basePath: str) -> Any:
        mappings = self._domain(domainName)["mappings"]
        if basePath not in mappings:
            raise ServiceError(
                "NotFoundException", "Invalid base path mapping identifier specified"
            )
        return mappings[basePath]

    def get_base_path_mappings(self, domainName: str, **_: Any) -> Any:
        return {"items": list(self._domain(domainName)["mappings"].values())}

    def _domain(self, name: str) -> dict[str, Any]:
        if name not in self.domains:
            raise ServiceError("NotFoundException", "Invalid domain name identifier specified")
        return self.domains[name]

    def get_account(self) -> Any:
        return {"throttleSettings": {"rateLimit": 10_000.0, "burstLimit": 5000}}

    def _get(self, api: str) -> RestApi:
        if api not in self.apis:
            raise ServiceError("NotFoundException", "Invalid API identifier specified")
        return self.apis[api]


def _integration(method: dict[str, Any]) -> dict[str, Any]:
    found = method["x-amazon-apigateway-integration"]
    return {"uri": found["uri"], "type": "AWS_PROXY"} if "uri" in found else {"type": "MOCK"}


class Domains:
    """The second version of API Gateway's interface, which Chalice uses for custom domains."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def get_api_mappings(self, DomainName: str) -> Any:
        mappings = self._gateway.get_base_path_mappings(DomainName)["items"]
        items = [
            {
                "ApiMappingKey": one["basePath"].removeprefix("(none)"),
                "ApiId": one["restApiId"],
                "Stage": one["stage"],
            }
            for one in mappings
        ]
        return {"Items": items}

    def delete_domain_name(self, DomainName: str) -> Any:
        self._gateway.get_domain_name(DomainName)
        del self._gateway.domains[DomainName]
        return {}
