"""`ops deploy`: a stage's table, queues and alarms, then its functions. `make deploy` calls it.

What can be refused is refused before anything is created. Run again, it changes what changed.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import boto3
import requests
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from chalicelib import settings
from ops import bundle, emulated, policies, stack
from ops import stage as stages
from ops.output import Stage, command, fail, warn
from ops.secret import NAMES, parameter

_console = Console(highlight=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)
_HEALTHY = 10


@command
def deploy(
    stage: Stage,
    show_token: Annotated[
        bool, typer.Option("--show-token", help="Print Tencent's URL with its secret in any case.")
    ] = False,
) -> None:
    """Deploy a stage: create or update its table, queues and alarms, then its functions."""
    if stage == stages.LOCAL:
        fail("the local stack is not deployed: `make up` starts it")
    config = stages.read_config()
    # From here to the stack: what can be wrong, all of it, before there is anything.
    given = stages.environment(config, stage)
    configured = settings.from_environment(given)
    parameters = stack.parameters(config, stage)
    _require_one_of_a_kind(config, stage)
    _require_account()
    _require_secrets(stage, given)
    _require_known_functions(stage)

    _complete(config, stage)
    policies.write(
        stage,
        table=configured.table,
        queue_prefix=configured.queue_prefix,
        vpc=bool(stages.of_function(config, stage, stages.HTTP_FUNCTION).subnet_ids),
    )
    own = stack.of_stage(stage)
    try:
        happened = own.bring_to(stack.template(configured.table), parameters)
        done(f"table, queues, alarms: stack {own.name} {happened}")
        prefix = _functions(config, stage)
    except (stack.StackFailed, bundle.BundleError) as error:
        fail(str(error))
    _require_answer(stage, prefix)
    done(f"{prefix}/health answers")
    _say_what_next(stage, prefix, configured, show_token=show_token)


def _require_one_of_a_kind(config: dict[str, Any], stage: str) -> None:
    """Two stages on one table would take each other's messages for their own."""
    mine = stages.environment(config, stage)
    for other in config["stages"].keys() - {stage}:
        theirs = stages.environment(config, other)
        for name in stages.defaults(stage):
            if mine[name] == theirs[name]:
                fail(f"{name} is {mine[name]} in stage {other}, too: every stage needs its own")


def _require_account() -> None:
    try:
        identity = boto3.client("sts").get_caller_identity()
        region = boto3.session.Session().region_name
    except (BotoCoreError, ClientError) as error:
        fail(
            f"AWS does not know who you are: {error}. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, and AWS_DEFAULT_REGION"
        )
    where = stages.emulator() or f"account {identity['Account']}"
    _console.print(f"Deploying to {where}, region {region}")


def _require_secrets(stage: str, given: Mapping[str, str]) -> None:
    """Every secret that is in the parameter store is really there, where the functions may read it."""
    wrong = []
    for name in NAMES:
        value = given.get(name, "")
        if not value.startswith("ssm:"):
            if value:
                warn(
                    f"{name} stands in .chalice/config.json, and will stand in the functions' settings, for "
                    f"everybody to read. Better: `python -m ops secret set {name} --stage {stage}`"
                )
            continue
        where = value.removeprefix("ssm:")
        if not where.startswith(policies.secrets(stage) + "/"):
            wrong.append(
                f"{name} is {value}, which the functions may not read "
                f"(expected: ssm:{parameter(stage, name)})"
            )
        elif problem := _problem_with(where):
            wrong.append(
                f"{name}: {problem}. `python -m ops secret set {name} --stage {stage}` puts it there"
            )
    if wrong:
        fail("wrong secrets: " + "; ".join(wrong))


def _problem_with(where: str) -> str:
    try:
        found = boto3.client("ssm").get_parameter(Name=where, WithDecryption=True)["Parameter"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterNotFound":
            return f"there is no parameter {where}"
        raise
    return "" if found["Value"].strip(" ,") else f"the parameter {where} is blank"


def _require_known_functions(stage: str) -> None:
    """Chalice knows what it deployed by a file. Without it, it would make a second API, at another address."""
    if stages.emulator() or (stages.FOLDER / "deployed" / f"{stage}.json").exists():
        return
    name = stages.function_name(stage, stages.HTTP_FUNCTION)
    client = boto3.client("lambda")
    try:
        client.get_function_configuration(FunctionName=name)
    except client.exceptions.ResourceNotFoundException:
        return
    fail(
        f"the function {name} is there, but not .chalice/deployed/{stage}.json: this stage was deployed from "
        "another checkout. Copy that file from there; without it, Chalice would make a second API, "
        "whose address neither Quick Audience nor Tencent knows"
    )


def _complete(config: dict[str, Any], stage: str) -> None:
    """Write into the configuration file what Chalice needs, so that nobody has to type it."""
    if bundle.complete(config, stage):
        path = stages.FOLDER / "config.json"
        path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")
        done(f"{path}: the names of the stage's table, queues and policies put in")


def _functions(config: dict[str, Any], stage: str) -> str:
    """Deploy the functions; return the prefix of their API. Raises BundleError."""
    with tempfile.TemporaryDirectory(prefix="deploy-") as folder:
        # Packed first, so that the bundle can be finished: Chalice then uploads what lies ready.
        package = bundle.pack(Path.cwd(), stage, Path(folder))
        if endpoint := stages.emulator():
            functions = emulated.of_stage(stack.of_stage(stage))
            happened = emulated.create(endpoint, functions, package)
            done(
                f"functions, API: stack {functions.name} {happened} (Chalice can't, in an emulator)"
            )
            return emulated.prefix(endpoint, functions)
    run_chalice("deploy", stage)
    done("functions: deployed by Chalice")
    return stages.prefix(config, stage)


def run_chalice(what: str, stage: str) -> None:
    """Run Chalice's own command, its output shown as it comes."""
    command = [str(Path(sys.executable).parent / "chalice"), what, "--stage", stage]
    done = subprocess.run(command, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    if done.returncode:
        fail(
            f"`chalice {what} --stage {stage}` ended with {done.returncode}; what it said stands above. "
            "Table and queues are in place and lose nothing. Mend it and deploy again"
        )


def _require_answer(stage: str, prefix: str) -> None:
    if not prefix:
        fail("Chalice deployed no API: see what it said above")
    try:
        status = requests.get(f"{prefix}/health", timeout=_HEALTHY).status_code
    except requests.RequestException as error:
        fail(f"deployed, but {prefix}/health can't be reached: {error}")
    if status != 200:
        fail(
            f"deployed, but {prefix}/health answers {status}: see `chalice logs --stage {stage}`, "
            "or a domain that does not point here yet"
        )


def _say_what_next(
    stage: str, prefix: str, configured: settings.Settings, *, show_token: bool
) -> None:
    show = show_token or sys.stdout.isatty()
    token = configured.tencent_callback_tokens[0] if show else "<token>"
    for line in _next(stage, prefix, token):
        _console.print(line, markup=False)
    if not show:
        _console.print(f"(`python -m ops doctor --stage {stage}` prints the token)", markup=False)


def _next(stage: str, prefix: str, token: str) -> Iterator[str]:
    yield ""
    yield f"Give to Quick Audience  {prefix}"
    yield f"Give to Tencent         {prefix}/tencent/{token}/callback"
    yield ""
    yield f"Next: python -m ops doctor --stage {stage}"
    yield f"      python -m ops sign link NAME SIGN_ID --stage {stage}"
    yield "      docs/operations.md has the two consoles' fields, and what each alarm means"


def done(what: str) -> None:
    """Say that a step is over."""
    _console.print(f"[green]✓[/green] {what}")
