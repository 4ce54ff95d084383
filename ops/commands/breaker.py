"""`ops breaker`: which calls are not made for now, and allowing them again."""

from typing import Annotated

import typer

from chalicelib.domain.breaker import NAMES, BreakerName
from ops import breaker
from ops.commands.output import Json, Stage, command, show, show_each

app = typer.Typer(
    no_args_is_help=True,
    help="Breakers: an open one keeps every function from making the calls that it stops.",
)


@app.command("show")
@command
def show_(stage: Stage = "local", json: Json = False) -> None:
    """Show all breakers: open or closed, since when, why, how often it was tried, and when next.

    quickaudience opens at the first 401 or 403; tencent opens when two calls in a row get no answer.
    The others open when Tencent refuses for the account's sake. tencent-account stops all sends: key,
    application, address, clock, arrears. tencent-mainland and tencent-foreign stop the sends to such
    numbers: an empty package, a missing permission. All times are Beijing time.

    Example: ops breaker show --stage prod
    """
    show_each(map(breaker.state, NAMES), as_json=json, empty="")


@app.command()
@command
def close(
    name: Annotated[BreakerName, typer.Argument(help="The breaker, as ops breaker show names it.")],
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Let every function make the calls again that a breaker stops, after the cause is removed.

    A breaker closes by itself at the next try that succeeds; this command does not wait for that. If
    Tencent still refuses the account, its hold opens again after a few calls, and nobody fails. If
    Quick Audience answers 401 or 403 again, the breaker opens again. Each such answer is one more failed
    authentication, and after some of them Quick Audience blocks this bridge's address.

    Example: ops breaker close quickaudience --stage prod
    """
    show(breaker.close(name), as_json=json)
    if not json:
        typer.echo(
            "New messages are processed at once; those that were set aside are queued again within a minute."
        )
