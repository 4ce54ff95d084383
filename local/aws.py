"""AWS on this machine: ministack as a process of the stack, and the bridge's table and queues in it."""

import json
import os
import re
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.request import ProxyHandler, build_opener

import boto3
from botocore.config import Config

from local.processes import ROOT, Process, StackError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import ParameterTypeDef, StackTypeDef

REGION = "us-east-1"
TEMPLATE = ROOT / ".chalice" / "resources.json"

_START = 60.0
_STOP = 30.0


def environment(endpoint: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return `inherited` with every AWS variable replaced, so that nothing can reach the real AWS.

    The keys alone would not suffice: a profile, a configuration file or an endpoint for a single
    service in the caller's environment would each lead elsewhere. Loopback is also exempted from
    proxies.
    """
    kept = {name: value for name, value in inherited.items() if not name.startswith("AWS_")}
    beyond_proxy = kept.get("no_proxy") or kept.get("NO_PROXY") or ""
    beyond_proxy = ",".join(filter(None, [beyond_proxy, "127.0.0.1", "localhost"]))
    return {
        **kept,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "no_proxy": beyond_proxy,
        "NO_PROXY": beyond_proxy,
    }


def client_options(endpoint: str) -> dict[str, Any]:
    """Return the options with which `boto3.client(service, **options)` talks to ministack only."""
    return {
        "endpoint_url": endpoint,
        "region_name": REGION,
        "aws_access_key_id": "local",
        "aws_secret_access_key": "local",
        "config": Config(proxies={}),
    }


class Ministack:
    """ministack on a free loopback port, with its data kept in the folder `state` between runs.

    It keeps everything in memory and writes it to disk when it is asked to stop. When it is killed, it
    loses all changes since its start.
    """

    def __init__(self, state: Path, *, log: Path | None = None, lock: int | None = None) -> None:
        self.state = state
        self.endpoint = ""
        self._log = log or state / "ministack.log"
        # An open file. Its lock lasts until the data are on disk, even if this process dies before.
        self._inherited = () if lock is None else (lock,)
        self.process: Process | None = None

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it without waiting. From now on the endpoint is known and accepts connections."""
        self.state.mkdir(parents=True, exist_ok=True)
        # The port is bound here and handed over, so that no other process can take it in between. That
        # needs hypercorn's own command line, which is how ministack itself starts when it detaches.
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
            port = listener.getsockname()[1]
            self.endpoint = f"http://127.0.0.1:{port}"
            self.process = Process(
                "ministack",
                *("hypercorn", "ministack.app:app", "--bind", f"fd://{listener.fileno()}"),
                # No worker processes: one process, which saves its state when it stops.
                *("--workers", "0", "--keep-alive", "75", "--log-level", "warning"),
                # Clients keep idle connections open, and these need no waiting.
                *("--graceful-timeout", "1"),
                environment={
                    **environment(self.endpoint, os.environ),
                    "GATEWAY_PORT": str(port),
                    "MINISTACK_HOST": "127.0.0.1",
                    "PERSIST_STATE": "1",
                    "STATE_DIR": str(self.state.resolve()),
                    "SFTP_ENABLED": "0",
                    "IOT_MTLS_ENABLED": "0",
                    "LOG_LEVEL": "WARNING",
                    # ministack would remove the containers of another ministack: without Docker it can't.
                    "DOCKER_HOST": "unix:///nonexistent/docker.sock",
                },
                log=self._log,
                pass_fds=(listener.fileno(), *self._inherited),
            )
            self.process.start()

    def wait_ready(self) -> None:
        """Wait until it answers. Raise StackError if it does not."""
        assert self.process is not None  # noqa: S101 - for the type checker
        request = build_opener(ProxyHandler({})).open
        deadline = time.monotonic() + _START
        while True:
            try:
                with request(f"{self.endpoint}/_ministack/ready", timeout=1):
                    return
            except OSError as error:
                if not self.process.running:
                    raise StackError(f"ministack {self.process.fate()}") from error
                if time.monotonic() > deadline:
                    raise StackError(f"ministack does not answer: {error}") from error

    def stop(self) -> None:
        """Ask it to stop, and wait until it has written its data to disk."""
        if self.process is None:
            return
        self.process.terminate()
        if not self.process.wait(_STOP):
            self.process.kill()
            raise StackError(
                f"ministack did not stop within {_STOP:.0f} s and was killed: "
                f"{self.state} is as it was after the last stop."
            )


def create_resources(
    endpoint: str,
    table: str,
    queue_prefix: str,
    *,
    visibility: Mapping[str, int] | None = None,
    receives: Mapping[str, int] | None = None,
    expiry: bool = True,
) -> None:
    """Create the table and the queues as a deployment does, or bring them up to date.

    ministack's CloudFormation does so from the deployed template. It keeps its stacks across
    restarts and updates queues in place, together with their messages. That takes a second at the
    first start. ministack ignores the time to live, which is therefore set here from the same
    template. `visibility` (seconds) and `receives` (receives before the dead-letter queue) replace
    the template's defaults for the queues that they name: "sends", "callbacks", "receipts", "files". Without
    `expiry`, no item expires.
    """
    # Without its indentation: CloudFormation takes up to 51,200 bytes.
    template = json.dumps(json.loads(TEMPLATE.read_text()), separators=(",", ":"))
    options = client_options(endpoint)
    cloudformation: CloudFormationClient = boto3.client("cloudformation", **options)
    parameters: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": str(value)}
        for key, value in (
            ("Table", table),
            ("QueuePrefix", queue_prefix),
            *((f"{queue.title()}Visibility", n) for queue, n in (visibility or {}).items()),
            *((f"{queue.title()}Receives", n) for queue, n in (receives or {}).items()),
        )
    ]
    # Named after the table, because ministack lets a second stack overwrite a table of the same name.
    stack = "table-" + re.sub(r"[^A-Za-z0-9-]", "-", table)
    try:
        cloudformation.create_stack(StackName=stack, TemplateBody=template, Parameters=parameters)
    except cloudformation.exceptions.AlreadyExistsException:
        _update(cloudformation, stack, template, parameters)
    _wait_complete(cloudformation, stack)
    _set_time_to_live(template, table, options, enabled=expiry)


def _update(
    cloudformation: "CloudFormationClient",
    stack: str,
    template: str,
    parameters: "list[ParameterTypeDef]",
) -> None:
    try:
        cloudformation.update_stack(StackName=stack, TemplateBody=template, Parameters=parameters)
    except cloudformation.exceptions.ClientError as error:
        if "No updates" not in str(error):
            raise


def _wait_complete(cloudformation: "CloudFormationClient", stack: str) -> None:
    # boto3's own waiters poll every 30 s.
    while (state := _describe(cloudformation, stack))["StackStatus"].endswith("_IN_PROGRESS"):
        time.sleep(0.02)
    if state["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        reasons = [
            event["ResourceStatusReason"] for event in events if "ResourceStatusReason" in event
        ]
        raise StackError(f"{TEMPLATE.name}: {state['StackStatus']}: {'; '.join(reasons)}")


def _describe(cloudformation: "CloudFormationClient", stack: str) -> "StackTypeDef":
    return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]


def _set_time_to_live(template: str, table: str, options: dict[str, Any], *, enabled: bool) -> None:
    resources = json.loads(template)["Resources"].values()
    [properties] = (r["Properties"] for r in resources if r["Type"] == "AWS::DynamoDB::Table")
    dynamodb = boto3.client("dynamodb", **options)
    described = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if (described["TimeToLiveStatus"] != "DISABLED") != enabled:
        specification: Any = {**properties["TimeToLiveSpecification"], "Enabled": enabled}
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)
