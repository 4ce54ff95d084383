"""The stack of a stage: its table, queues and alarms, from `.chalice/resources.json` by CloudFormation.

Change sets change it: they report in advance that there is nothing to change, and they import a table that an
earlier stack left behind into a new one.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from ops import api_limits, stages
from ops.errors import OperatorError
from ops.resources.queues import QUEUES

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import ParameterTypeDef

_POLL_SECONDS = 1.0
# CloudFormation takes longer only if something is badly wrong; its own limits are hours.
_TIMEOUT_SECONDS = 1800
_READY = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


class StackFailed(OperatorError):
    """A stack could not be created, changed or deleted. The text says why, and what to do."""


@dataclass(frozen=True)
class Stack:
    """A CloudFormation stack, by its name."""

    name: str

    @property
    def _client(self) -> "CloudFormationClient":
        return boto3.client("cloudformation")

    def status(self) -> str:
        """Return CloudFormation's word for its state; "" if there is no such stack."""
        try:
            [found] = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return ""
            raise
        return "" if found["StackStatus"] == "DELETE_COMPLETE" else found["StackStatus"]

    def bring_to(self, template: Mapping[str, Any] | str, parameters: Mapping[str, str]) -> str:
        """Create or change the stack; return "created", "updated" or "unchanged". Raises StackFailed.

        `template` is a template, or its address in S3: CloudFormation accepts large templates only from there.
        """
        status = self.status()
        self._require_changeable(status)
        new = status in ("", "REVIEW_IN_PROGRESS")
        change = f"deploy-{int(time.time() * 1000)}"
        given: list[ParameterTypeDef] = [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ]
        client = self._client
        client.create_change_set(
            StackName=self.name,
            ChangeSetName=change,
            ChangeSetType="CREATE" if new else "UPDATE",
            **_body(template),
            Parameters=given,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            # Only a new stack may import a table that no stack owns.
            ImportExistingResources=new,
        )
        if not self._has_changes(change):
            client.delete_change_set(StackName=self.name, ChangeSetName=change)
            return "unchanged"
        before = {failure for failure, _ in self._failures()}
        client.execute_change_set(StackName=self.name, ChangeSetName=change)
        end = self._wait()
        if end not in _READY or "ROLLBACK" in end:
            news = [said for failure, said in self._failures() if failure not in before]
            raise StackFailed(self._say(end, news))
        return "created" if new else "updated"

    def delete(self) -> bool:
        """Delete the stack; return whether there was one. Raises StackFailed."""
        if not self.status():
            return False
        self._client.delete_stack(StackName=self.name)
        end = self._wait()
        if end:
            raise StackFailed(self._say(end, [said for _, said in self._failures()]))
        return True

    def outputs(self) -> dict[str, str]:
        """Return its outputs by name."""
        [found] = self._client.describe_stacks(StackName=self.name)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}

    def parameters(self) -> dict[str, str]:
        """Return the parameters that it was last deployed with; none if it does not exist."""
        if not self.status():
            return {}
        [found] = self._client.describe_stacks(StackName=self.name)["Stacks"]
        return {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])}

    def resource(self, logical: str) -> str:
        """Return the real name of one of its resources."""
        found = self._client.describe_stack_resource(StackName=self.name, LogicalResourceId=logical)
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def _require_changeable(self, status: str) -> None:
        if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            raise StackFailed(
                f"the stack {self.name} is being changed ({status}): try again when that has ended"
            )
        if status and status not in _READY and status != "REVIEW_IN_PROGRESS":
            raise StackFailed(self._say(status, [said for _, said in self._failures()]))

    def _has_changes(self, change: str) -> bool:
        """Wait until the change set exists; return whether it changes anything. Raises StackFailed."""
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while True:
            made = self._client.describe_change_set(StackName=self.name, ChangeSetName=change)
            if made["Status"] == "CREATE_COMPLETE":
                return True
            if made["Status"] == "FAILED":
                reason = made.get("StatusReason", "")
                if any(text in reason for text in _NO_CHANGES):
                    return False
                raise StackFailed(
                    f"CloudFormation refuses the template of {self.name}: {reason}. Nothing was changed"
                )
            self._pause(deadline)

    def _wait(self) -> str:
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        # CloudFormation sets the new state before it answers an execution or a deletion, so the old state is never
        # taken for the end.
        while (status := self.status()).endswith("_IN_PROGRESS"):
            self._pause(deadline)
        return status

    def _pause(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise StackFailed(
                f"the stack {self.name} is not ready after {_TIMEOUT_SECONDS // 60} minutes: "
                "look at its events in CloudFormation's console, and run this again"
            )
        time.sleep(0.05 if stages.emulator() else _POLL_SECONDS)

    def _failures(self) -> Iterator[tuple[str, str]]:
        """Yield what failed, newest first: the event's id, and CloudFormation's reason."""
        try:
            pages = self._client.get_paginator("describe_stack_events").paginate(
                StackName=self.name
            )
            for event in (event for page in pages for event in page["StackEvents"]):
                reason = event.get("ResourceStatusReason", "")
                # A resource that was only cancelled because another one failed explains nothing.
                if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in reason:
                    yield event["EventId"], f"{event['LogicalResourceId']}: {reason}"
        except ClientError as error:
            if "does not exist" not in str(error):
                raise

    def _say(self, status: str, failures: list[str]) -> str:
        happened = (
            "".join(f"\n  {one}" for one in failures[:10]) or "\n  (its events name no failure)"
        )
        return f"the stack {self.name} is {status}:{happened}\n{self._advice(status)}"

    def _advice(self, status: str) -> str:
        if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
            return (
                "It was never created, or could not be deleted. Correct what is named above, then "
                "`make destroy STAGE=…`, which keeps the table, and `make deploy STAGE=…` again"
            )
        if status == "UPDATE_ROLLBACK_FAILED":
            return (
                "Both the change and its rollback failed. In CloudFormation's console choose "
                "“Continue update rollback”, correct what is named above, and deploy again"
            )
        return (
            "Everything is as it was before. Correct what is named above and deploy again; "
            "the functions were not touched"
        )


def _body(template: Mapping[str, Any] | str) -> Any:
    if isinstance(template, str):
        return {"TemplateURL": template}
    return {"TemplateBody": json.dumps(template, ensure_ascii=False, separators=(",", ":"))}


def of_stage(stage: str) -> Stack:
    """Return the stack of a stage's table, queues and alarms."""
    return Stack(f"{stages.APP}-{stage}")


def template(table: str) -> dict[str, Any]:
    """Return the template with the table's name filled in: CloudFormation imports only a literal name."""
    found: dict[str, Any] = json.loads((stages.FOLDER / "resources.json").read_text())
    found["Resources"]["Records"]["Properties"]["TableName"] = table
    return found


def parameters(config: dict[str, Any], stage: str) -> dict[str, str]:
    """Return the template's parameters for a stage: the derived ones, and those of its `stack` entry.

    Raises StageError if `stack` names a parameter that the template does not have, or a derived one.
    """
    environment = stages.environment(config, stage)
    http = stages.of_function(config, stage, stages.HTTP_FUNCTION)
    section = stages.of(config, stage).get("stack", {})
    own = {name: value for name, value in section.items() if name not in api_limits.DEFAULTS}
    given = {
        "Table": environment["BRIDGE_TABLE"],
        "QueuePrefix": environment["BRIDGE_QUEUE_PREFIX"],
        "Functions": stages.function_name(stage, stages.HTTP_FUNCTION),
        "ApiName": str(config["app_name"]),
        "ApiStage": http.api_gateway_stage,
        **({"LogDays": str(http.log_retention_in_days)} if http.log_retention_in_days else {}),
        # A received message stays invisible for six time-outs of the function that its queue feeds.
        **{
            f"{queue.resource}Visibility": str(
                6 * stages.of_function(config, stage, queue.function).lambda_timeout
            )
            for queue in QUEUES
        },
    }
    free = sorted(template("").get("Parameters", {}).keys() - given.keys())
    if unknown := sorted(own.keys() - set(free)):
        raise stages.StageError(
            f"the stage's stack has {', '.join(unknown)}, which can't be set there; these can: "
            + ", ".join([*free, *api_limits.DEFAULTS])
        )
    return given | {name: str(value) for name, value in own.items()}
