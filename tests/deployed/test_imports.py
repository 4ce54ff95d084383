"""Each function imports what it needs until its first answer, and nothing else.

`imports.txt` lists the imports: packages other than the standard library, and modules of the bridge. The events
are those of a real campaign, so that every import inside a function has happened. After an intended change,
write the file again as its first lines say, or by hand: the failure says what to change.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local import aws, oss
from local.quickaudience.signature import SIGNATURE_HEADER, new_nonce, sign
from local.runtime import Function
from tests.support.deployment import recorder
from tests.support.deployment.bundle import SIGN, SIGN_ID, Queues, Simulator, event
from tests.support.waiting import wait_for

ALLOWED = Path(__file__).with_name("imports.txt")
# Modules of Lambda's runtime, and the recorder.
_RUNTIME = {"awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py", "recorder"}
_OWN = "chalicelib"
# Never imported: they are not deployed, or are expensive and for other functions.
NOBODY = {"local", "ops", "tests", "bench", "moto", "ministack", "rich", "typer", "aiohttp", "s3"}
PHONE = "13800000000"


def _allowed() -> dict[str, set[str]]:
    """Read the file: a line with a function's name and a colon, then its imports, indented."""
    found: dict[str, set[str]] = {}
    for line in ALLOWED.read_text().splitlines():
        if line.endswith(":") and not line.startswith(" "):
            names = found.setdefault(line.removesuffix(":"), set())
        elif line.startswith(" "):
            names.add(line.strip())
    return found


def _interesting(modules: list[str]) -> set[str]:
    """Return the modules of the bridge and the third-party packages among the modules of a process."""
    names = set()
    for module in modules:
        package = module.partition(".")[0]
        if package == _OWN:
            names.add(module)
        elif package not in sys.stdlib_module_names | _RUNTIME and not package.startswith("_"):
            names.add(package)
    return names


@dataclass
class Recording:
    """A campaign, function by function; `imported` collects the imports of each."""

    code: Path
    environment: Mapping[str, str]
    queues: Queues
    imported: dict[str, set[str]] = field(default_factory=dict)

    def run(self, name: str, handler: str, given: Any) -> Any:
        """Invoke a function in a new process, and return its result."""
        environment = {**self.environment, "RECORDED": handler}
        with Function(self.code, "recorder.handler", environment) as function:
            answer = function.invoke(given).payload
            assert answer["failed"] == "", function.output()
        self.imported[name] = _interesting(answer["modules"])
        return answer["given"]

    def ask(self, name: str, method: str, resource: str, body: Any = None, **path: str) -> Any:
        """Send a request of Quick Audience, and return the body of the answer."""
        given = event("http_send")
        timestamp, nonce = str(int(time.time())), new_nonce()
        query = {"timestamp": timestamp, "nonce": nonce}
        signature = sign(self.environment["QA_KEY"], timestamp, nonce)
        given |= {
            "resource": resource,
            "path": resource.format(**path),
            "httpMethod": method,
            "pathParameters": path or None,
            "queryStringParameters": query,
            "multiValueQueryStringParameters": {key: [value] for key, value in query.items()},
            "body": json.dumps(body) if body is not None else None,
        }
        given["headers"][SIGNATURE_HEADER] = signature
        given["multiValueHeaders"][SIGNATURE_HEADER] = [signature]
        given["requestContext"] |= {"resourcePath": resource, "httpMethod": method}
        answer = self.run(name, "app.app", given)
        said = json.loads(answer["body"])
        assert said["code"] == "OK", said
        return said

    def work(self, function: str, queue: str) -> None:
        """Invoke a function on the messages of its queue."""
        given = event("sqs_sends")
        [record] = given["Records"]
        record["body"], record["receiptHandle"] = self.queues.receive(queue)
        self.run(function, f"app.{function}", given)


@pytest.fixture(scope="module")
def imported(
    code: Path,
    environment: dict[str, str],
    tencent_simulator: Simulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, set[str]]:
    """Return what each function imported for its part of a campaign."""
    folder = tmp_path_factory.mktemp("recorded")
    # A stage of its own, because other tests depend on the state of theirs.
    environment = {**environment, "BRIDGE_TABLE": "imports", "BRIDGE_QUEUE_PREFIX": "imports-"}
    endpoint = environment["AWS_ENDPOINT_URL"]
    aws.create_resources(endpoint, "imports", "imports-")
    shutil.copytree(code, folder, dirs_exist_ok=True)
    shutil.copy(recorder.__file__, folder / "recorder.py")
    (folder / "stack.json").write_text(json.dumps({"environment": environment}))
    subprocess.run(
        [sys.executable, "-m", "ops", "sign", "link", SIGN, SIGN_ID],
        env={**os.environ, "BRIDGE_STATE": str(folder)},
        check=True,
        capture_output=True,
    )
    tencent_simulator.post("/_sim/behaviour", {"pull_enabled": True})
    queues = Queues(endpoint, "imports-")
    with oss.serving() as files:
        settings = {**environment, "OSS_ALLOWED_HOSTS": files.origin}
        recording = Recording(folder, settings, queues)
        _campaign(recording, tencent_simulator, files)
    pulling = Recording(folder, {**environment, "TENCENT_RECEIPTS": "pull"}, queues)
    pulling.run("pull", "app.pull", event("schedule"))
    return recording.imported | pulling.imported


def _campaign(recording: Recording, tencent_simulator: Simulator, files: oss.Files) -> None:
    """Create a template, send with it, report the receipt, and run all other functions."""
    recording.run("health", "app.app", event("http_health"))
    code_of = recording.ask(
        "create template",
        "POST",
        "/sms/smsTemplate",
        {
            "templateName": "到货",
            "templateContent": "${name}您好，包裹已到。",
            "templateType": 1,
            "remark": "通知",
        },
    )["templateCode"]
    path = "/sms/smsTemplate/{template_code}"
    wait_for(
        lambda: (
            recording.ask("query template", "GET", path, template_code=code_of)["templateStatus"]
            == 1
        ),
        30,
    )
    recording.ask("query sign", "GET", "/sms/smsSign/{sign_name}", sign_name=SIGN)
    recording.ask(
        "send",
        "POST",
        "/sms/sendBatchList",
        {
            "outId": "imports",
            "signName": SIGN,
            "templateCode": code_of,
            "phoneNumberJson": [PHONE],
            "templateParamJson": [{"name": "李雷"}],
        },
    )
    recording.work("deliver", "sends")
    [message] = tencent_simulator.get(f"/_sim/messages?mobile={PHONE}")["messages"]
    callback = event("http_callback")
    [status] = json.loads(callback["body"])
    callback["body"] = json.dumps([status | {"sid": message["sid"]}])
    recording.run("callback", "app.app", callback)
    recording.work("settle", "callbacks")
    recording.work("push", "receipts")
    recording.ask("details", "POST", "/sms/sendDetails", {"outId": "imports"})
    recording.ask(
        "send file",
        "POST",
        "/sms/sendBatch",
        {
            "outId": "imports-file",
            "signName": SIGN,
            "templateCode": code_of,
            "phoneOssUrl": files.put("/numbers.txt", f'{PHONE} {{"name":"李雷"}}'.encode()),
        },
    )
    recording.work("read", "files")
    recording.run("page", "app.app", event("http_page"))
    for function in ("sweep", "inquire"):
        recording.run(function, f"app.{function}", event("schedule"))


def test_every_function_imports_what_is_listed_and_nothing_else(
    imported: dict[str, set[str]],
) -> None:
    if os.environ.get("IMPORTS") == "write":
        _write(imported)
    allowed = _allowed()
    too_much = {name: sorted(imported[name] - allowed.get(name, set())) for name in imported}
    stale = {name: sorted(names - imported.get(name, set())) for name, names in allowed.items()}
    assert {name: found for name, found in too_much.items() if found} == {}
    assert {name: found for name, found in stale.items() if found} == {}


def _write(imported: Mapping[str, set[str]]) -> None:
    lines = [line for line in ALLOWED.read_text().splitlines() if line.startswith("#")]
    for name, names in imported.items():
        lines += ["", f"{name}:", *(f"    {one}" for one in sorted(names))]
    ALLOWED.write_text("\n".join(lines) + "\n")


# The list above may be regenerated without a review; these rules may not.


def test_a_monitors_request_imports_nothing_but_chalice(imported: dict[str, set[str]]) -> None:
    assert imported["health"] == {"app", "chalice", "chalicelib", "chalicelib.garbage_collection"}


@pytest.mark.parametrize(
    ("library", "users"),
    [
        # Functions that call Tencent or Quick Audience, or use the errors of Tencent.
        (
            "requests",
            {
                *("create template", "query template", "query sign"),
                *("deliver", "push", "pull", "inquire"),
            },
        ),
        # Functions that read a body.
        ("pydantic", {"create template", "send", "send file", "details"}),
    ],
)
def test_a_package_is_imported_only_by_functions_that_use_it(
    imported: dict[str, set[str]], library: str, users: set[str]
) -> None:
    assert {name for name, names in imported.items() if library in names} == users


def test_nothing_outside_the_bundle_is_imported(imported: dict[str, set[str]]) -> None:
    assert not NOBODY & set().union(*imported.values())
