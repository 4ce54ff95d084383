"""`python -m ops`: the operator's commands."""

from typing import Annotated

import typer

from chalicelib import __version__
from ops.commands import (
    audit,
    breaker,
    campaign,
    campaign_changes,
    deadletters,
    message,
    receipts,
    secret,
    sign,
    template,
    unknown,
)
from ops.commands.brakes import pause, resume
from ops.commands.console import console
from ops.commands.deploy import deploy
from ops.commands.destroy import destroy
from ops.commands.doctor import doctor
from ops.commands.env import env
from ops.commands.package import package
from ops.commands.rehearse import rehearse
from ops.commands.stats import stats

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the product's version."
        ),
    ] = False,
) -> None:
    """Operate a qa-sms-bridge. All times are Beijing time."""


app.command()(doctor)
app.command()(env)
app.command()(console)
app.command()(stats)
app.command()(deploy)
app.command()(destroy)
app.command()(pause)
app.command()(resume)
app.command()(package)
app.command()(rehearse)
app.add_typer(sign.app, name="sign")
app.add_typer(template.app, name="template")
campaign_changes.add_to(campaign.app)
app.add_typer(campaign.app, name="campaign")
app.add_typer(message.app, name="message")
app.add_typer(unknown.app, name="unknown")
app.add_typer(receipts.app, name="receipts")
app.add_typer(deadletters.app, name="deadletters")
app.add_typer(breaker.app, name="breaker")
app.add_typer(secret.app, name="secret")
app.add_typer(audit.app, name="audit")

if __name__ == "__main__":
    app(prog_name="ops")
