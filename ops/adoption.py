"""Chalice's record of a deployed stage, compared with what AWS has.

Chalice keeps what it deployed in `.chalice/deployed/<stage>.json`, and writes that file only at the end. A
deployment that was interrupted leaves functions, mappings and an API that the file does not name: the next one
would create the mappings again, which AWS refuses, or a second API at another address; and `chalice delete` would
leave them. So the record is brought in line with AWS before each run of Chalice. That also replaces a lost file.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ops import policies, stages
from ops.cloud import event_sources, identity, lambdas, rest_apis, roles_and_rules
from ops.cloud.identity import Identity
from ops.errors import OperatorError
from ops.resources.queues import QUEUES

Resource = dict[str, Any]

_DOMAIN = "api_gateway_custom_domain"


def path(stage: str) -> Path:
    """Return the file in which Chalice records a stage."""
    return stages.FOLDER / "deployed" / f"{stage}.json"


def reconcile(config: dict[str, Any], stage: str) -> list[str]:
    """Write Chalice's record of a stage from what AWS has; return the names of the resources that changed in it.

    Resources of functions that this release does not have any more stay recorded, so that Chalice deletes them.
    Raises OperatorError if AWS has several APIs of the stage.
    """
    recorded = read(stage)
    found = {one["name"]: one for one in resources(config, stage, recorded)}
    ours = {*_names(config, stage)}
    kept = [one for name, one in recorded.items() if name not in ours]
    written = {one["name"]: one for one in [*found.values(), *kept]}
    changed = [name for name in {**recorded, **written} if recorded.get(name) != written.get(name)]
    if changed or not path(stage).exists():
        path(stage).parent.mkdir(exist_ok=True)
        content = {"resources": [*written.values()], "schema_version": "2.0", "backend": "api"}
        path(stage).write_text(json.dumps(content, indent=2) + "\n")
    return changed


def require(stage: str) -> None:
    """Require Chalice's record of a stage whose functions exist. Raises OperatorError.

    Without it, this checkout has not deployed the stage, and perhaps holds another configuration.
    """
    name = stages.function_name(stage, stages.HTTP_FUNCTION)
    if path(stage).exists() or lambdas.configuration(name) is None:
        return
    raise OperatorError(
        f"the function {name} exists, but {path(stage)} does not: this stage was deployed from another checkout. "
        f"Copy that file from there. If it is lost: `python -m ops deploy --stage {stage} --adopt` writes it from "
        "what AWS has, so that the API and its address stay the same"
    )


def read(stage: str) -> dict[str, Resource]:
    """Return what Chalice has recorded of a stage, by name."""
    try:
        recorded = json.loads(path(stage).read_text())
    except OSError:
        return {}
    return {one["name"]: one for one in recorded["resources"]}


def resources(
    config: dict[str, Any], stage: str, recorded: dict[str, Resource]
) -> Iterator[Resource]:
    """Yield what AWS has of a stage, in the form and order in which Chalice records it."""
    account = identity.current()
    prefix = stages.environment(config, stage)["BRIDGE_QUEUE_PREFIX"]
    queues = {queue.function: prefix + queue.name for queue in QUEUES}
    for function in policies.functions():
        yield from _of_function(stage, function)
        if function in queues:
            yield from _event_source(account, stage, function, queues[function])
        elif function != stages.HTTP_FUNCTION:
            yield from _schedule(stage, function)
    yield from _api(account, config, stage, recorded)


def _names(config: dict[str, Any], stage: str) -> Iterator[str]:
    """Yield the names of all resources that this release may have."""
    for function in policies.functions():
        yield from (function, f"{function}_role", f"{function}-log-group")
        yield from (_event_source_name(function), f"{function}-event")
    yield from ("rest_api", _DOMAIN)


def _of_function(stage: str, function: str) -> Iterator[Resource]:
    # Chalice names the HTTP function after app and stage alone, but not what belongs to it.
    full = f"{stages.APP}-{stage}-{function}"
    group = f"/aws/lambda/{full}"
    if roles_and_rules.has_log_group(group):
        yield _resource(f"{function}-log-group", "log_group", log_group_name=group)
    if arn := roles_and_rules.role_arn(full):
        yield _resource(f"{function}_role", "iam_role", role_arn=arn, role_name=full)
    if found := lambdas.configuration(stages.function_name(stage, function)):
        yield _resource(function, "lambda_function", lambda_arn=found["FunctionArn"])


def _event_source(account: Identity, stage: str, function: str, queue: str) -> Iterator[Resource]:
    source = event_sources.settled(account, queue, stages.function_name(stage, function))
    if source is not None:
        yield _resource(
            _event_source_name(function),
            "sqs_event",
            queue_arn=account.arn("sqs", queue),
            event_uuid=source.id,
            queue=queue,
            lambda_arn=source.function_arn,
        )


def _schedule(stage: str, function: str) -> Iterator[Resource]:
    name = f"{stages.APP}-{stage}-{function}-event"
    if roles_and_rules.has_rule(name):
        yield _resource(f"{function}-event", "cloudwatch_event", rule_name=name)


def _api(
    account: Identity, config: dict[str, Any], stage: str, recorded: dict[str, Resource]
) -> Iterator[Resource]:
    api_stage = stages.of_function(config, stage, stages.HTTP_FUNCTION).api_gateway_stage
    api = _api_id(config, stage, api_stage, recorded.get("rest_api", {}).get("rest_api_id", ""))
    if not api:
        return
    address = rest_apis.url(account, api, api_stage)
    yield _resource("rest_api", "rest_api", rest_api_id=api, rest_api_url=address)
    wanted = stages.of(config, stage).get("api_gateway_custom_domain")
    domain = rest_apis.domain(wanted["domain_name"], api) if wanted else None
    if domain is not None:
        keys = ["/" + path.removeprefix("(none)") for path in domain.paths]
        yield _resource(
            _DOMAIN,
            "domain_name",
            hosted_zone_id=domain.hosted_zone_id,
            alias_domain_name=domain.alias_domain_name,
            certificate_arn=domain.certificate_arn,
            security_policy=domain.security_policy,
            domain_name=domain.domain_name,
            api_mapping=[{"key": key} for key in keys],
        )


def _api_id(config: dict[str, Any], stage: str, api_stage: str, recorded: str) -> str:
    """Return the id of the stage's API; "" if there is none. Raises OperatorError if there are several."""
    if recorded and rest_apis.exists(recorded):
        return recorded
    function = stages.function_name(stage, stages.HTTP_FUNCTION)
    found = rest_apis.of_function(str(config["app_name"]), function)
    if len(found) > 1:
        # One that was never deployed to its stage has no address that anybody could know.
        found = [api for api in found if rest_apis.has_stage(api, api_stage)] or found
    if len(found) > 1:
        raise OperatorError(
            f"{len(found)} APIs call the function {function}: {', '.join(found)}. Quick Audience and Tencent know "
            "the address of one of them: https://<id>.execute-api.… Delete the others in API Gateway's console, then "
            "run the command again"
        )
    return found[0] if found else ""


def _event_source_name(function: str) -> str:
    return f"{function}-sqs-event-source"


def _resource(name: str, kind: str, **values: Any) -> Resource:
    return {"name": name, "resource_type": kind, **values}
