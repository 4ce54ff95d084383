"""`python -m ops`: the operator's commands."""

import typer

from ops import (
    breaker,
    campaign,
    deadletters,
    message,
    receipts,
    secret,
    sign,
    template,
    unknown,
)
from ops.deploy import deploy
from ops.destroy import destroy
from ops.doctor import doctor
from ops.package import package
from ops.stats import stats

app = typer.Typer(
    no_args_is_help=True, help="Operate a qa-sms-bridge.", pretty_exceptions_enable=False
)
app.command()(doctor)
app.command()(stats)
app.command()(deploy)
app.command()(destroy)
app.command()(package)
app.add_typer(sign.app, name="sign")
app.add_typer(template.app, name="template")
app.add_typer(campaign.app, name="campaign")
app.add_typer(message.app, name="message")
app.add_typer(unknown.app, name="unknown")
app.add_typer(receipts.app, name="receipts")
app.add_typer(deadletters.app, name="deadletters")
app.add_typer(breaker.app, name="breaker")
app.add_typer(secret.app, name="secret")

if __name__ == "__main__":
    app(prog_name="ops")
