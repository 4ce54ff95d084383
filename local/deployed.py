"""The bridge deployed into an emulated AWS: both templates and the bundle, by CloudFormation, as AWS gets them.

    data = deploy(endpoint, environment)
    data.prefix      # what Quick Audience is given

The table and the queues come from `.chalice/resources.json`, all the rest from what `chalice package`
makes of a copy of this checkout, so that nothing is left in it. ministack runs the functions as
processes of this machine: they reach loopback, and find this machine's libraries behind the bundle's
own. That nothing is missing in the bundle is for `local.runtime` to show.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import WaiterError

from local import aws
from local.processes import StackError
from ops import bundle

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

STAGE = "emulated"
_BUCKET = "bundles"
_CREATE_SECONDS = 120


@dataclass(frozen=True)
class Deployment:
    """A deployed bridge."""

    prefix: str
    """What Quick Audience is given: the REST API's stage."""
    package: bundle.Package
    functions: Mapping[str, str]
    """The functions' names by their names in `app.py`; the HTTP function is `app`."""
    environment: Mapping[str, str]
    """What the functions are configured with, and an operator's command needs."""


def deploy(
    endpoint: str,
    environment: Mapping[str, str],
    output: Path,
    *,
    visibility: Mapping[str, int] | None = None,
    receives: Mapping[str, int] | None = None,
) -> Deployment:
    """Create the bridge's resources and its functions with these settings; `output` keeps the package.

    `visibility` and `receives` are those of `local.aws.create_resources`. Raises StackError where a stack
    could not be created, and BundleError where the bundle could not be packed.
    """
    aws.create_resources(
        endpoint,
        environment["BRIDGE_TABLE"],
        environment["BRIDGE_QUEUE_PREFIX"],
        visibility=visibility,
        receives=receives,
    )
    with TemporaryDirectory(prefix="project-") as temporary:
        project = Path(temporary)
        bundle.copy_project(project)
        bundle.configure(project, STAGE, environment)
        package = bundle.pack(project, STAGE, output)
    outputs, resources = _create(endpoint, package)
    stage = package.template["Resources"]["RestAPI"]["Properties"]["StageName"]
    functions = {
        resource["Properties"]["Handler"].rpartition(".")[2]: resources[name]
        for name, resource in package.template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    return Deployment(
        f"{endpoint}/restapis/{outputs['RestAPIId']}/{stage}/_user_request_",
        package,
        functions,
        environment,
    )


def _create(endpoint: str, package: bundle.Package) -> tuple[dict[str, str], dict[str, str]]:
    """Create the functions' stack; answers its outputs, and the real names of its resources."""
    options = aws.client_options(endpoint)
    s3 = boto3.client("s3", **options)
    s3.create_bucket(Bucket=_BUCKET)
    s3.upload_file(str(package.bundle), _BUCKET, "deployment.zip")
    template = package.stored_at(_BUCKET, "deployment.zip")
    # CloudFormation takes a template of this size from S3 only.
    s3.put_object(Bucket=_BUCKET, Key="sam.json", Body=json.dumps(template).encode())
    cloudformation: CloudFormationClient = boto3.client("cloudformation", **options)
    cloudformation.create_stack(
        StackName=STAGE,
        TemplateURL=f"{endpoint}/{_BUCKET}/sam.json",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    try:
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=STAGE, WaiterConfig={"Delay": 1, "MaxAttempts": _CREATE_SECONDS})
    except WaiterError as error:
        events = cloudformation.describe_stack_events(StackName=STAGE)["StackEvents"]
        reasons = filter(None, (event.get("ResourceStatusReason") for event in events))
        raise StackError(f"The functions' stack was not created: {'; '.join(reasons)}") from error
    [stack] = cloudformation.describe_stacks(StackName=STAGE)["Stacks"]
    resources = cloudformation.describe_stack_resources(StackName=STAGE)["StackResources"]
    return (
        {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]},
        {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources},
    )
