"""REST APIs in API Gateway, and their custom domains."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.loaders import create_loader
from botocore.regions import EndpointResolver

from ops import stages
from ops.cloud import clients
from ops.cloud.identity import Identity

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Domain:
    """A custom domain, with Chalice's names of its parts, and the paths at which it serves an API."""

    domain_name: str
    hosted_zone_id: str
    alias_domain_name: str
    certificate_arn: str
    security_policy: str
    paths: list[str]


def client() -> Any:
    """Return boto3's client."""
    return clients.of("apigateway")


def exists(api: str) -> bool:
    """Return whether there is a REST API with this id."""
    gateway = client()
    try:
        gateway.get_rest_api(restApiId=api)
    except gateway.exceptions.NotFoundException:
        return False
    return True


def of_function(name: str, function: str) -> list[str]:
    """Return the ids of the REST APIs of this name that call a function, by its deployed name.

    All stages of an account share the API's name, so only its integrations distinguish them.
    """
    pages = client().get_paginator("get_rest_apis").paginate(limit=_PAGE)
    found = [api["id"] for page in pages for api in page["items"] if api["name"] == name]
    return [api for api in found if _calls(api, function)]


def _calls(api: str, function: str) -> bool:
    invocation = f":function:{function}/invocations"
    return any(uri.endswith(invocation) for uri in _integrations(api))


def _integrations(api: str) -> Iterator[str]:
    pages = (
        client()
        .get_paginator("get_resources")
        .paginate(restApiId=api, embed=["methods"], limit=_PAGE)
    )
    for page in pages:
        for resource in page["items"]:
            for method in resource.get("resourceMethods", {}).values():
                yield method.get("methodIntegration", {}).get("uri", "")


def has_stage(api: str, stage: str) -> bool:
    """Return whether a REST API is deployed to a stage, so that it has an address."""
    gateway = client()
    try:
        gateway.get_stage(restApiId=api, stageName=stage)
    except gateway.exceptions.NotFoundException:
        return False
    return True


def url(identity: Identity, api: str, stage: str) -> str:
    """Return the address of a REST API's stage, as Chalice writes it."""
    resolver = EndpointResolver(create_loader().load_data("endpoints"))
    suffix = resolver.get_partition_dns_suffix(identity.partition)
    return f"https://{api}.execute-api.{identity.region}.{suffix}/{stage}/"


def address(identity: Identity, api: str, stage: str) -> str:
    """Return the address under which a REST API's stage is called, without a slash at the end."""
    if endpoint := stages.emulator():
        return emulated_address(endpoint, api, stage)
    return url(identity, api, stage).rstrip("/")


def emulated_address(endpoint: str, api: str, stage: str) -> str:
    """Return the address of a REST API's stage in an emulated AWS, without a slash at the end."""
    return f"{endpoint}/restapis/{api}/{stage}/_user_request_"


def domain(name: str, api: str) -> Domain | None:
    """Return a custom domain with the paths at which it serves an API; None if it does not exist."""
    gateway = client()
    try:
        found = gateway.get_domain_name(domainName=name)
    except gateway.exceptions.NotFoundException:
        return None
    pages = gateway.get_paginator("get_base_path_mappings").paginate(domainName=name, limit=_PAGE)
    mappings = [one for page in pages for one in page.get("items", [])]
    return Domain(
        domain_name=name,
        # An EDGE domain has the latter names.
        hosted_zone_id=found.get("regionalHostedZoneId")
        or found.get("distributionHostedZoneId", ""),
        alias_domain_name=found.get("regionalDomainName")
        or found.get("distributionDomainName", ""),
        certificate_arn=found.get("regionalCertificateArn") or found.get("certificateArn", ""),
        security_policy=found.get("securityPolicy", ""),
        paths=[one["basePath"] for one in mappings if one["restApiId"] == api],
    )


def throttle(api: str, stage: str) -> tuple[float, int] | None:
    """Return the rate and the burst that a stage accepts on all its methods; None if nobody set that."""
    found = client().get_stage(restApiId=api, stageName=stage)
    settings = found.get("methodSettings", {}).get("*/*", {})
    if "throttlingRateLimit" not in settings:
        return None
    return float(settings["throttlingRateLimit"]), int(settings.get("throttlingBurstLimit", 0))


def set_throttle(api: str, stage: str, rate: int, burst: int) -> bool:
    """Limit the requests to all methods of a stage; return whether that changed it."""
    if throttle(api, stage) == (rate, burst):
        return False
    operations = [
        {"op": "replace", "path": f"/*/*/throttling/{name}", "value": str(value)}
        for name, value in (("rateLimit", rate), ("burstLimit", burst))
    ]
    client().update_stage(restApiId=api, stageName=stage, patchOperations=operations)
    return True
