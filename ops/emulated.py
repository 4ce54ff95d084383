"""A stage's functions in an emulated AWS: Chalice's package, created by CloudFormation.

`chalice deploy` can't finish there: ministack imports a REST API without its paths, and refuses to change one.
CloudFormation creates the same package completely, so it is used if AWS_ENDPOINT_URL names this machine.
"""

import hashlib
import json

import boto3

from ops.bundle import Package
from ops.cloud import rest_apis
from ops.stack import Stack
from ops.stages import HTTP_FUNCTION

_BUCKET = "qa-sms-bridge-bundles"


def of_stage(stage: Stack) -> Stack:
    """Return the stack of a stage's functions, which stands beside the stack of its table."""
    return Stack(f"{stage.name}-functions")


def create(endpoint: str, functions: Stack, package: Package) -> str:
    """Create or update the functions; return the same words as `Stack.bring_to`. Raises StackFailed."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=_BUCKET)
    # Named after its content, so that the same bundle is no change.
    key = hashlib.sha256(package.bundle.read_bytes()).hexdigest() + ".zip"
    s3.upload_file(str(package.bundle), _BUCKET, key)
    template = package.stored_at(_BUCKET, key)
    s3.put_object(Bucket=_BUCKET, Key=f"{functions.name}.json", Body=json.dumps(template).encode())
    return functions.bring_to(f"{endpoint}/{_BUCKET}/{functions.name}.json", {})


def prefix(endpoint: str, functions: Stack) -> str:
    """Return the address of the functions' API; "" if they are not deployed."""
    if not functions.status():
        return ""
    outputs = functions.outputs()
    stage = outputs["EndpointURL"].rstrip("/").rpartition("/")[2]
    return rest_apis.emulated_address(endpoint, outputs["RestAPIId"], stage)


def function_name(stage: Stack, function: str) -> str:
    """Return the name that CloudFormation gave a function. Chalice names the HTTP function APIHandler there."""
    logical = "APIHandler" if function == HTTP_FUNCTION else function.title()
    return of_stage(stage).resource(logical)
