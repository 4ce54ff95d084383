"""`ops console`: the operator's commands as pages in a browser."""

from typing import Annotated

import typer

from ops.commands.output import Json, Stage, command, fail, print_json


@command
def console(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 takes any free one.")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Don't open the address in a browser.")
    ] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Offer no action that changes something.")
    ] = False,
    url: Annotated[
        bool,
        typer.Option(
            "--url", help="Print a fresh address of the stage's running console, and end."
        ),
    ] = False,
    stage: Stage = "local",
    json: Json = False,
) -> None:
    """Show a stage as pages in a browser, on this machine, with the rights of this shell.

    Nothing is deployed, and nobody else can reach it. The printed address opens the console once, in one
    browser; Enter in this terminal, or --url in another one, prints a fresh one. Ctrl-C ends the console.

    Examples:
    ops console --stage prod
    ops console --stage prod --read-only --port 8765
    ops console --stage prod --url
    """
    if url:
        # Imported here, because other commands don't need a web server, and it takes time.
        from ops.console import control  # noqa: PLC0415

        addresses = control.addresses(stage)
        if not addresses:
            fail(f"no console of {stage} runs on this machine: ops console --stage {stage}")
        for address in addresses:
            _say(address, as_json=json)
        return
    from ops.console import server  # noqa: PLC0415

    server.run(
        stage,
        port,
        read_only=read_only,
        browser=not no_browser,
        say=lambda address: _say(address, as_json=json),
    )


def _say(address: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"url": address})
    else:
        typer.echo(address)
