"""`ops env`: the environment of a stage, for a shell."""

import typer

from ops import shell, stages
from ops.commands.output import Json, Stage, fail, print_json
from ops.errors import OperatorError


def env(stage: Stage = "local", json: Json = False) -> None:
    """Print `export NAME=value` lines for a shell that works on the stage as its functions do.

    For the local stack, these are all variables that `make up` gave the bridge. For a deployed stage, they
    are its settings with its table, queues and region; secrets in the parameter store stay references.
    Variables of the shell that would lead boto3 away from the local stack, such as AWS_PROFILE, are unset.

    Example: eval "$(.venv/bin/python -m ops env)"
    """
    # The stage is not entered: that would hide which variables of the shell mislead.
    try:
        variables = shell.variables(stage)
    except OperatorError as error:
        fail(str(error))
    if json:
        print_json(variables)
        return
    for line in shell.lines(variables, stages.misleading(variables)):
        typer.echo(line)
