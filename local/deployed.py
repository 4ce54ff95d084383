"""The bridge deployed into an emulated AWS by CloudFormation, from the same templates and bundle as on AWS.

    deployment = deploy(endpoint, environment, output)
    deployment.prefix      # the prefix URL for Quick Audience

The table and the queues come from `.chalice/resources.json`. Everything else comes from `chalice
package`, run in a copy of this checkout so that it leaves no files here. ministack runs the functions
as processes of this machine: they reach loopback, and also find this machine's libraries, after those
of the bundle. `local.runtime` shows that nothing is missing in the bundle.
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
from ops.cloud import rest_apis

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

STAGE = "emulated"
_BUCKET = "bundles"
_CREATE_SECONDS = 120


@dataclass(frozen=True)
class Deployment:
    """A deployed bridge."""

    prefix: str
    """Prefix URL for Quick Audience: the address of the REST API's stage."""
    package: bundle.Package
    functions: Mapping[str, str]
    """The deployed names of the functions by their names in `app.py`. The HTTP function is `app`."""
    environment: Mapping[str, str]
    """The functions' environment, which operator's commands need, too."""


def deploy(
    endpoint: str,
    environment: Mapping[str, str],
    output: Path,
    *,
    visibility: Mapping[str, int] | None = None,
    receives: Mapping[str, int] | None = None,
) -> Deployment:
    """Create the bridge's resources and functions with these settings, and keep the package in `output`.

    `visibility` and `receives` are those of `local.aws.create_resources`. Raise StackError if
    CloudFormation cannot create a stack, and BundleError if the bundle cannot be packed.
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
        rest_apis.emulated_address(endpoint, outputs["RestAPIId"], stage),
        package,
        functions,
        environment,
    )


def _create(endpoint: str, package: bundle.Package) -> tuple[dict[str, str], dict[str, str]]:
    """Create the functions' stack. Return its outputs, and its resources' physical names by logical name."""
    options = aws.client_options(endpoint)
    s3 = boto3.client("s3", **options)
    s3.create_bucket(Bucket=_BUCKET)
    s3.upload_file(str(package.bundle), _BUCKET, "deployment.zip")
    template = package.stored_at(_BUCKET, "deployment.zip")
    # CloudFormation accepts a template of this size from S3 only.
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
