"""`ops breaker`: which side is not called for now, and closing its breaker."""

from typing import Annotated

import typer

from chalicelib.domain.breaker import Side
from ops import breaker
from ops.commands.output import Json, Stage, command, show, show_each

app = typer.Typer(
    no_args_is_help=True, help="Breakers: an open one keeps every function from calling a side."
)


@app.command("show")
@command
def show_(stage: Stage = "local", json: Json = False) -> None:
    """Show both breakers: open or closed, since when, why, how often it was tried, and when next.

    quickaudience opens at the first 401 or 403; tencent opens when two calls in a row get no answer.
    All times are Beijing time.

    Example: ops breaker show --stage prod
    """
    show_each(map(breaker.state, breaker.SIDES), as_json=json, empty="")


@app.command()
@command
def close(
    name: Annotated[Side, typer.Argument(help="The side that may be called again.")],
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Let every function call a side again, after the cause is removed.

    A breaker closes by itself at the next try that succeeds; this command does not wait for that. If
    Quick Audience answers 401 or 403 again, the breaker opens again. Each such answer is one more failed
    authentication, and after some of them Quick Audience blocks this bridge's address.

    Example: ops breaker close quickaudience --stage prod
    """
    show(breaker.close(name), as_json=json)
    if not json:
        typer.echo(
            "New messages are processed at once; those that were set aside are queued again within a minute."
        )
