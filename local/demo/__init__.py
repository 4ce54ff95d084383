"""`make run`: the bridge's main job, once, from end to end.

Quick Audience's simulator creates a template, waits for its approval and sends a campaign to 1,000
recipients. The bridge sends it through Tencent's simulator, which makes some messages fail, some
recipients reply, and some receipts arrive as they do from real carriers. One call of each other
interface follows. A receipt or reply that is missing, contradictory or sent twice makes the exit
code 1.
"""

import os
from contextlib import ExitStack

import requests
from rich.console import Console

from local import oss
from local.demo.campaign import Campaign
from local.demo.stage import SIGN, SIGN_ID, DemoError, Stage, step
from local.demo.tour import tour
from local.processes import StackError
from local.stack import Stack

_NEXT = (
    "Next: make up  (keeps this stack running, prints its addresses, and lets you try it by hand)"
)


def run(*, lose_a_receipt: bool = False, patience: float = 45) -> int:
    """Run the demo and return the exit code.

    With `lose_a_receipt`, Tencent loses one receipt, to show that its absence is noticed. `patience`
    is the number of seconds without progress after which missing receipts count as lost.
    """
    console = Console(highlight=False)
    if os.environ.get("QA_BASE_URL"):
        console.print(
            "[red]Unset QA_BASE_URL: in this demo, Quick Audience's simulator sends the campaign.[/]"
        )
        return 1
    try:
        with oss.serving() as files, ExitStack() as held:
            with step(console, "Starting the bridge and its stand-ins"):
                stack = held.enter_context(Stack(environ=_environment(files)))
            problems = _run(Stage(console, stack, files, patience), lose_a_receipt=lose_a_receipt)
            with step(console, "Stopping the stack"):
                held.close()
    except (StackError, DemoError, requests.RequestException) as error:
        problems = [str(error)]
    for problem in problems:
        console.print(f"✗ {problem}", style="red", markup=False, soft_wrap=True)
    if problems:
        return 1
    console.print(_NEXT, markup=False, soft_wrap=True)
    return 0


def _run(stage: Stage, *, lose_a_receipt: bool) -> list[str]:
    if stage.api == "v5":
        with stage.step("Linking the sign"):
            stage.ops("sign", "link", SIGN, str(SIGN_ID))
        stage.done(f"sign 【{SIGN}】 linked to Tencent's sign {SIGN_ID}")
    else:
        stage.done(f"sign 【{SIGN}】 needs no link: Tencent lists it by its name")
    campaign = Campaign(stage)
    problems = campaign.run(lose_a_receipt=lose_a_receipt)
    return problems or tour(stage, campaign.out_id)


def _environment(files: oss.Files) -> dict[str, str]:
    """Return this process's environment, with the OSS stand-in as an allowed host."""
    allowed = ",".join(filter(None, (os.environ.get("OSS_ALLOWED_HOSTS"), files.origin)))
    return {**os.environ, "OSS_ALLOWED_HOSTS": allowed}
