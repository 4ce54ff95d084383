"""`ops breaker`: which side is left alone for now, and calling it again at once."""

import time
from typing import Annotated, Any, get_args

import typer

from chalicelib import dates
from chalicelib.domain.breaker import Side
from chalicelib.store import breakers
from ops.output import Json, Stage, command, fail, show, show_each

app = typer.Typer(
    no_args_is_help=True, help="Breakers: an open one keeps every function from calling a side."
)

_NAMES: tuple[Side, ...] = get_args(Side)


@app.command("show")
@command
def show_(stage: Stage = "local", json: Json = False) -> None:
    """Both breakers: open or closed, since when, why, how often it was tried, and when next.

    quickaudience opens at the first 401 or 403; tencent, when two calls in a row get no answer.

    Example: ops breaker show --stage prod
    """
    show_each(map(_row, _NAMES), as_json=json, empty="")


@app.command()
@command
def close(
    name: Annotated[Side, typer.Argument(help="The side that may be called again.")],
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Let every function call a side again, once the cause is mended.

    It closes by itself at the next try that succeeds; this is for who won't wait for that. A
    Quick Audience that says 401 or 403 again opens it again: each time is one more failed
    authentication, after some of which it blocks our address.

    Example: ops breaker close quickaudience --stage prod
    """
    if breakers.get_open(name) is None:
        fail(f"{name} is not open")
    breakers.close(name, int(time.time()))
    if again := breakers.get_open(name):
        fail(f"{name} was written by a function in the same moment: {again.why}. Try again")
    show(_row(name), as_json=json)
    if not json:
        typer.echo(
            "New messages are processed at once; those that were set aside are queued again within a minute."
        )


def _row(name: Side) -> dict[str, Any]:
    there = breakers.get(name)
    if there is None:
        return {"breaker": name, "state": "closed", "since": None}
    row: dict[str, Any] = {
        "breaker": name,
        "state": "closed" if there.closed_at else "open",
        "since": dates.to_beijing(there.closed_at or there.opened_at),
        "why": there.why,
        "tries": there.probes,
    }
    if there.closed_at:
        return row | {"opened": dates.to_beijing(there.opened_at)}
    return row | {"nextTry": dates.to_beijing(there.probe_at)}
