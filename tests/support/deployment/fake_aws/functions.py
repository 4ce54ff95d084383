"""Lambda: functions, their permissions and limits, and event source mappings."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from tests.support.deployment.fake_aws.errors import ServiceError, not_found

CONFLICT, IN_USE = "ResourceConflictException", "ResourceInUseException"
_CONFIGURATION = ("Role", "Handler", "Timeout", "MemorySize", "Runtime", "VpcConfig", "Layers")


@dataclass
class Settling:
    """How long a change takes to be done: a number of looks at it, refused attempts included."""

    looks: int = 0

    def after(self) -> bool:
        """Count a look; return whether the change is done."""
        if self.looks > 0:
            self.looks -= 1
            return False
        return True


@dataclass
class Function:
    """A function."""

    configuration: dict[str, Any]
    change: Settling
    new: bool = True
    reserved: int | None = None
    recursive_loop: str = "Terminate"
    invoke_config: dict[str, Any] | None = None
    statements: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        """Return what lasts, without ids."""
        configuration = {**self.configuration, "RevisionId": ""}
        statements = [{**one, "Sid": ""} for one in self.statements]
        limits = (self.reserved, self.recursive_loop, self.invoke_config)
        return {"configuration": configuration, "statements": statements, "limits": limits}


@dataclass
class Mapping:
    """An event source mapping, and what it is becoming."""

    properties: dict[str, Any]
    becomes: str
    change: Settling


class Lambda:
    """Lambda of one account and region."""

    def __init__(self, arn: str, looks: int = 0) -> None:
        self.functions: dict[str, Function] = {}
        self.mappings: dict[str, Mapping] = {}
        self.limit = 1000
        self.looks = looks
        self.assumable: set[str] = set()
        """Roles that Lambda has seen: it refuses each one once, as a role that has just been made."""
        self._arn = arn
        self._ids = itertools.count(1)

    # --- functions ---

    def create_function(self, FunctionName: str, Code: Any, **given: Any) -> Any:
        if FunctionName in self.functions:
            raise ServiceError(CONFLICT, f"Function already exist: {FunctionName}")
        if self.looks and given["Role"] not in self.assumable:
            self.assumable.add(given["Role"])
            said = "The role defined for the function cannot be assumed by Lambda."
            raise ServiceError("InvalidParameterValueException", said)
        configuration = {"FunctionName": FunctionName, "FunctionArn": self._function(FunctionName)}
        kept = {name: given[name] for name in _CONFIGURATION if name in given}
        variables = given.get("Environment", {"Variables": {}})
        made = Function(configuration | kept | {"Environment": variables}, Settling(self.looks))
        made.tags = given.get("Tags", {})
        self.functions[FunctionName] = made
        return self._shown(made)

    def get_function(self, FunctionName: str) -> Any:
        return {"Configuration": self._shown(self._get(FunctionName))}

    def get_function_configuration(self, FunctionName: str) -> Any:
        return self._shown(self._get(FunctionName))

    def update_function_code(self, FunctionName: str, **_: Any) -> Any:
        return self._change(FunctionName, {})

    def update_function_configuration(self, FunctionName: str, **given: Any) -> Any:
        revision = given.pop("RevisionId", None)
        if revision and revision != self._get(FunctionName).configuration["RevisionId"]:
            raise ServiceError("PreconditionFailedException", "The RevisionId provided is old.")
        return self._change(FunctionName, given)

    def delete_function(self, FunctionName: str) -> Any:
        self._get(FunctionName)
        del self.functions[FunctionName.rpartition(":")[2]]
        return {}

    def _change(self, name: str, changes: dict[str, Any]) -> Any:
        function = self._get(name)
        if function.change.looks:
            doing = "Pending" if function.new else "an update is in progress"
            said = f"The operation cannot be performed at this time: {doing}"
            raise ServiceError(CONFLICT, said)
        function.configuration |= changes
        function.change, function.new = Settling(self.looks), False
        return self._shown(function)

    def _shown(self, function: Function) -> dict[str, Any]:
        done = function.change.after()
        function.configuration["RevisionId"] = str(next(self._ids))
        state, update = "Active", "Successful"
        if not done:
            state, update = ("Pending", update) if function.new else (state, "InProgress")
        return {"State": state, "LastUpdateStatus": update} | function.configuration

    def _get(self, name: str) -> Function:
        short = name.rpartition(":")[2]
        if short not in self.functions:
            raise not_found(f"Function {name}")
        return self.functions[short]

    def _function(self, name: str) -> str:
        return f"{self._arn}:function:{name.rpartition(':')[2]}"

    # --- limits ---

    def get_account_settings(self) -> Any:
        reserved = sum(one.reserved or 0 for one in self.functions.values())
        limit = {"ConcurrentExecutions": self.limit}
        return {"AccountLimit": limit | {"UnreservedConcurrentExecutions": self.limit - reserved}}

    def put_function_concurrency(self, FunctionName: str, ReservedConcurrentExecutions: int) -> Any:
        function = self._get(FunctionName)
        others = sum(one.reserved or 0 for one in self.functions.values() if one is not function)
        if self.limit - others - ReservedConcurrentExecutions < min(100, self.limit):
            said = "Specified ReservedConcurrentExecutions decreases UnreservedConcurrentExecution below 100"
            raise ServiceError("InvalidParameterValueException", said)
        function.reserved = ReservedConcurrentExecutions
        return {"ReservedConcurrentExecutions": ReservedConcurrentExecutions}

    def get_function_concurrency(self, FunctionName: str) -> Any:
        reserved = self._get(FunctionName).reserved
        return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}

    def delete_function_concurrency(self, FunctionName: str) -> Any:
        self._get(FunctionName).reserved = None
        return {}

    def put_function_recursion_config(self, FunctionName: str, RecursiveLoop: str) -> Any:
        self._get(FunctionName).recursive_loop = RecursiveLoop
        return {"RecursiveLoop": RecursiveLoop}

    def get_function_recursion_config(self, FunctionName: str) -> Any:
        return {"RecursiveLoop": self._get(FunctionName).recursive_loop}

    def put_function_event_invoke_config(self, FunctionName: str, **given: Any) -> Any:
        self._get(FunctionName).invoke_config = given
        return given

    def get_function_event_invoke_config(self, FunctionName: str) -> Any:
        found = self._get(FunctionName).invoke_config
        if found is None:
            raise not_found(f"The EventInvokeConfig of {FunctionName}")
        return found

    # --- tags and permissions ---

    def list_tags(self, Resource: str) -> Any:
        return {"Tags": self._get(Resource).tags}

    def tag_resource(self, Resource: str, Tags: dict[str, str]) -> Any:
        self._get(Resource).tags |= Tags
        return {}

    def untag_resource(self, Resource: str, TagKeys: list[str]) -> Any:
        for key in TagKeys:
            self._get(Resource).tags.pop(key, None)
        return {}

    def get_policy(self, FunctionName: str) -> Any:
        statements = self._get(FunctionName).statements
        if not statements:
            raise not_found("The resource policy")
        return {"Policy": json.dumps({"Statement": statements})}

    def add_permission(self, FunctionName: str, StatementId: str, **given: Any) -> Any:
        statement = {
            "Sid": StatementId,
            "Effect": "Allow",
            "Action": given["Action"],
            "Principal": {"Service": given["Principal"]},
            "Condition": {"ArnLike": {"AWS:SourceArn": given["SourceArn"]}},
        }
        self._get(FunctionName).statements.append(statement)
        return {"Statement": json.dumps(statement)}

    # --- event source mappings ---

    def create_event_source_mapping(
        self, EventSourceArn: str, FunctionName: str, **given: Any
    ) -> Any:
        self._get(FunctionName)
        arn = self._function(FunctionName)
        for uuid, one in self.mappings.items():
            pair = one.properties["EventSourceArn"], one.properties["FunctionArn"]
            if pair == (EventSourceArn, arn):
                said = (
                    "An event source mapping with SQS arn and function already exists. "
                    f"Please update or delete the existing mapping with UUID {uuid}"
                )
                raise ServiceError(CONFLICT, said)
        uuid = f"{next(self._ids):08d}-0000-0000-0000-000000000000"
        properties = {
            "UUID": uuid,
            "EventSourceArn": EventSourceArn,
            "FunctionArn": arn,
            "State": "Creating",
            "FunctionResponseTypes": [],
        }
        mapping = Mapping(properties | given, "Enabled", Settling(self.looks))
        self.mappings[uuid] = mapping
        return self._seen(mapping)

    def update_event_source_mapping(self, UUID: str, **given: Any) -> Any:
        mapping = self._mapping(UUID)
        self._require_settled(mapping)
        enabled = given.pop("Enabled", mapping.becomes == "Enabled")
        mapping.properties |= given | {"State": "Updating"}
        mapping.becomes = "Enabled" if enabled else "Disabled"
        mapping.change = Settling(self.looks)
        return self._seen(mapping)

    def get_event_source_mapping(self, UUID: str) -> Any:
        return self._seen(self._mapping(UUID))

    def list_event_source_mappings(self, **wanted: Any) -> Any:
        wanted.pop("MaxItems", None)
        found = [
            one
            for one in self.mappings.values()
            if all(one.properties[name] == value for name, value in wanted.items())
        ]
        answer = [self._seen(one) for one in found]
        return {"EventSourceMappings": [one for one in answer if one["State"] != "Deleted"]}

    def delete_event_source_mapping(self, UUID: str) -> Any:
        mapping = self._mapping(UUID)
        self._require_settled(mapping)
        mapping.properties["State"], mapping.becomes = "Deleting", "Deleted"
        mapping.change = Settling(self.looks)
        return self._seen(mapping)

    def _mapping(self, uuid: str) -> Mapping:
        if uuid not in self.mappings:
            raise not_found(f"The event source mapping {uuid}")
        return self.mappings[uuid]

    def _require_settled(self, mapping: Mapping) -> None:
        if not mapping.change.after():
            said = "Cannot update the event source mapping because it is in use."
            raise ServiceError(IN_USE, said)

    def _seen(self, mapping: Mapping) -> dict[str, Any]:
        if mapping.change.after():
            mapping.properties["State"] = mapping.becomes
            if mapping.becomes == "Deleted":
                del self.mappings[mapping.properties["UUID"]]
        return dict(mapping.properties)
