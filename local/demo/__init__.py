"""`make run`: the bridge's whole work once, from end to end, and whether all of it came home.

Quick Audience's simulator creates a template, waits for its approval and sends a campaign of 1,000;
the bridge does its work; Tencent's simulator lets some fail, some reply, and some do what real
carriers do. Then one of each of the other interfaces. Whatever is then missing, told in two ways or
sent twice makes the exit code 1.
"""

import os

import requests
from rich.console import Console

from local import oss
from local.demo.campaign import Campaign
from local.demo.stage import SIGN, SIGN_ID, DemoError, Stage
from local.demo.tour import tour
from local.processes import StackError
from local.stack import Stack


def run(*, lose_a_receipt: bool = False, patience: float = 45) -> int:
    """Do it all; answers the exit code.

    `lose_a_receipt` has Tencent lose one, to see it noticed. When nothing has come for `patience`
    seconds, what is missing is missing.
    """
    console = Console(highlight=False)
    if os.environ.get("QA_BASE_URL"):
        console.print(
            "[red]QA_BASE_URL is set, but Quick Audience's simulator sends the campaign.[/]"
        )
        return 1
    try:
        console.print("Starting the bridge and its stand-ins …")
        with oss.serving() as files, Stack(environ=_environment(files)) as stack:
            problems = _run(Stage(console, stack, files, patience), lose_a_receipt=lose_a_receipt)
    except (StackError, DemoError, requests.RequestException) as error:
        problems = [str(error)]
    for problem in problems:
        console.print(f"✗ {problem}", style="red", markup=False, soft_wrap=True)
    return 1 if problems else 0


def _run(stage: Stage, *, lose_a_receipt: bool) -> list[str]:
    stage.ops("sign", "link", SIGN, str(SIGN_ID))
    stage.done(f"sign 【{SIGN}】 linked to Tencent's sign {SIGN_ID}")
    campaign = Campaign(stage)
    problems = campaign.run(lose_a_receipt=lose_a_receipt)
    return problems or tour(stage, campaign.out_id)


def _environment(files: oss.Files) -> dict[str, str]:
    """Ours, with files allowed from the stand-in for OSS."""
    allowed = ",".join(filter(None, (os.environ.get("OSS_ALLOWED_HOSTS"), files.origin)))
    return {**os.environ, "OSS_ALLOWED_HOSTS": allowed}
