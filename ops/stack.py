"""The stack of a stage: its table, queues, alarms, from `.chalice/resources.json` by CloudFormation.

It is changed by change sets, which say beforehand that there is nothing to change, and which take a
table into a new stack that an earlier one left behind.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from ops import stage as stages
from ops.resources.queues import QUEUES

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import ParameterTypeDef

_BETWEEN_LOOKS = 1.0
# CloudFormation takes longer only where something is badly wrong; its own limits are hours.
_PATIENCE = 1800
_READY = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


class StackFailed(Exception):
    """The stack is not as it should be. The text says why, and what to do."""


@dataclass(frozen=True)
class Stack:
    """A stack by its name, and where CloudFormation is."""

    name: str

    @property
    def _client(self) -> "CloudFormationClient":
        return boto3.client("cloudformation")

    def status(self) -> str:
        """CloudFormation's word for its state; "" where there is none."""
        try:
            [found] = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return ""
            raise
        return "" if found["StackStatus"] == "DELETE_COMPLETE" else found["StackStatus"]

    def bring_to(self, template: Mapping[str, Any] | str, parameters: Mapping[str, str]) -> str:
        """Create it or change it: answers "created", "updated" or "unchanged". Raises StackFailed.

        A template is given as it is, or by its address in S3, from where alone CloudFormation takes large ones.
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
            # Only a stack that begins may find a table that is nobody's.
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
        """Delete it; whether there was one. Raises StackFailed."""
        if not self.status():
            return False
        self._client.delete_stack(StackName=self.name)
        end = self._wait()
        if end:
            raise StackFailed(self._say(end, [said for _, said in self._failures()]))
        return True

    def outputs(self) -> dict[str, str]:
        """Its outputs by name."""
        [found] = self._client.describe_stacks(StackName=self.name)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}

    def resource(self, logical: str) -> str:
        """The real name of one of its resources."""
        found = self._client.describe_stack_resource(StackName=self.name, LogicalResourceId=logical)
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def _require_changeable(self, status: str) -> None:
        if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            raise StackFailed(
                f"the stack {self.name} is being changed by somebody ({status}): try again when that is over"
            )
        if status and status not in _READY and status != "REVIEW_IN_PROGRESS":
            raise StackFailed(self._say(status, [said for _, said in self._failures()]))

    def _has_changes(self, change: str) -> bool:
        """Wait until the change set is made. Raises StackFailed where it can't be."""
        deadline = time.monotonic() + _PATIENCE
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
        deadline = time.monotonic() + _PATIENCE
        # Between the order and its beginning the old state may still be shown; change sets and
        # deletions set the new one before they answer.
        while (status := self.status()).endswith("_IN_PROGRESS"):
            self._pause(deadline)
        return status

    def _pause(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise StackFailed(
                f"the stack {self.name} is not ready after {_PATIENCE // 60} minutes: "
                "look at its events in CloudFormation's console, and run this again"
            )
        time.sleep(0.05 if stages.emulator() else _BETWEEN_LOOKS)

    def _failures(self) -> Iterator[tuple[str, str]]:
        """What failed, newest first: the event's id, and what CloudFormation says."""
        try:
            pages = self._client.get_paginator("describe_stack_events").paginate(
                StackName=self.name
            )
            for event in (event for page in pages for event in page["StackEvents"]):
                reason = event.get("ResourceStatusReason", "")
                # Those that were only stopped because another one failed say nothing.
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
                "It never came into being, or could not be deleted. Mend what is named above, then "
                "`make destroy STAGE=…`, which keeps the table, and `make deploy STAGE=…` again"
            )
        if status == "UPDATE_ROLLBACK_FAILED":
            return (
                "Neither the change nor the way back worked. In CloudFormation's console choose "
                "“Continue update rollback”, mend what is named above, and deploy again"
            )
        return (
            "Everything is as it was before. Mend what is named above and deploy again; "
            "the functions were not touched"
        )


def _body(template: Mapping[str, Any] | str) -> Any:
    if isinstance(template, str):
        return {"TemplateURL": template}
    return {"TemplateBody": json.dumps(template, ensure_ascii=False, separators=(",", ":"))}


def of_stage(stage: str) -> Stack:
    """The stack of a stage's table, queues and alarms."""
    return Stack(f"{stages.APP}-{stage}")


def template(table: str) -> dict[str, Any]:
    """The template, with the table's name in its place: a name that is a reference can't be imported."""
    found: dict[str, Any] = json.loads((stages.FOLDER / "resources.json").read_text())
    found["Resources"]["Records"]["Properties"]["TableName"] = table
    return found


def parameters(config: dict[str, Any], stage: str) -> dict[str, str]:
    """The template's parameters for a stage: what follows from the rest, and what its `stack` says.

    Raises StageError where `stack` names what the template doesn't have.
    """
    environment = stages.environment(config, stage)
    http = stages.of_function(config, stage, stages.HTTP_FUNCTION)
    own = stages.of(config, stage).get("stack", {})
    given = {
        "Table": environment["BRIDGE_TABLE"],
        "QueuePrefix": environment["BRIDGE_QUEUE_PREFIX"],
        "Functions": stages.function_name(stage, stages.HTTP_FUNCTION),
        "ApiName": str(config["app_name"]),
        "ApiStage": http.api_gateway_stage,
        **({"LogDays": str(http.log_retention_in_days)} if http.log_retention_in_days else {}),
        # A received message stays hidden for six time-outs of the function that its queue feeds.
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
            + ", ".join(free)
        )
    return given | {name: str(value) for name, value in own.items()}
