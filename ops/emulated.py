"""A stage's functions in an emulated AWS: what Chalice packs, created by CloudFormation.

`chalice deploy` can't finish there: ministack takes an imported REST API without its paths, and refuses
to change one. The same package by CloudFormation has everything, so that is what happens where
AWS_ENDPOINT_URL names this machine.
"""

import hashlib
import json

import boto3

from ops.bundle import Package
from ops.stack import Stack
from ops.stage import HTTP_FUNCTION

_BUCKET = "qa-sms-bridge-bundles"


def of_stage(stage: Stack) -> Stack:
    """The stack of a stage's functions, beside that of its table."""
    return Stack(f"{stage.name}-functions")


def create(endpoint: str, functions: Stack, package: Package) -> str:
    """Create or update the functions; answers as `Stack.bring_to` does. Raises StackFailed."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=_BUCKET)
    # Named after what it holds: the same bundle again is no change.
    key = hashlib.sha256(package.bundle.read_bytes()).hexdigest() + ".zip"
    s3.upload_file(str(package.bundle), _BUCKET, key)
    template = package.stored_at(_BUCKET, key)
    s3.put_object(Bucket=_BUCKET, Key=f"{functions.name}.json", Body=json.dumps(template).encode())
    return functions.bring_to(f"{endpoint}/{_BUCKET}/{functions.name}.json", {})


def prefix(endpoint: str, functions: Stack) -> str:
    """The address of the functions' API; "" where they are not deployed."""
    if not functions.status():
        return ""
    outputs = functions.outputs()
    stage = outputs["EndpointURL"].rstrip("/").rpartition("/")[2]
    return f"{endpoint}/restapis/{outputs['RestAPIId']}/{stage}/_user_request_"


def function_name(stage: Stack, function: str) -> str:
    """The name that CloudFormation gave a function; Chalice calls the HTTP function APIHandler there."""
    logical = "APIHandler" if function == HTTP_FUNCTION else function.title()
    return of_stage(stage).resource(logical)
