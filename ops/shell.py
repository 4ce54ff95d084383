"""The environment of a shell that works on a stage as its functions do."""

import shlex
from collections.abc import Iterable, Iterator, Mapping

import boto3

from ops import stages


def variables(stage: str) -> dict[str, str]:
    """Return a stage's environment variables. Raises StageError.

    For the local stack, they are all that `make up` gave the bridge. For a deployed stage, they are its settings
    with its table, queues and region; secrets in the parameter store stay references (`ssm:/name`).
    """
    if stage == stages.LOCAL:
        return stages.local_environment()
    settings = stages.environment(stages.read_config(), stage)
    region = stages.region(stage) or boto3.session.Session().region_name
    # boto3 reads the first, Lambda sets both.
    names = ("AWS_DEFAULT_REGION", "AWS_REGION") if region else ()
    return {**settings, **dict.fromkeys(names, str(region))}


def lines(values: Mapping[str, str], unset: Iterable[str] = ()) -> Iterator[str]:
    """Yield shell commands that set these variables, quoted, and unset others."""
    for name in unset:
        yield f"unset {name}"
    for name, value in sorted(values.items()):
        yield f"export {name}={shlex.quote(value)}"
