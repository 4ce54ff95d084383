"""The command line: ``python -m local.tencent``."""

import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError

from local.tencent import magic
from local.tencent.behaviour import Behaviour
from local.tencent.checks import Application
from local.tencent.database import StateError
from local.tencent.presets import DEFAULT_APPLICATION, DEFAULT_SIGN, Preset
from local.tencent.server import Server
from local.tencent.simulator import Simulator
from local.tencent.state import State

_EPILOG = f"""\b
Magic numbers, by the last four digits of a mobile (all others are delivered):
{magic.table()}

\b
While it runs, under http://127.0.0.1:PORT/_sim/:
  GET    state       counts and queue lengths
  GET    messages    accepted messages: ?mobile=&after=&limit=
  GET    calls       the last calls: ?limit=
  GET    behaviour   the switches; POST sets some, DELETE restores all
  POST   reply       make a user reply: mobile, text
  POST   receipt     make a delivery receipt: mobile, sid
  POST   review      set the result of a review: tpl_id or sign_id, status, reply
  POST   reset       delete all data: keep_templates
"""

cli = typer.Typer(add_completion=False, rich_markup_mode=None)


@cli.command(epilog=_EPILOG)
def main(  # noqa: PLR0913, PLR0917 - each parameter is an option
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 0,
    state: Annotated[
        Path | None, typer.Option(help="Folder that stores the data; else it is lost at the end.")
    ] = None,
    sdkappid: Annotated[
        str, typer.Option(envvar="TENCENT_SDK_APP_ID")
    ] = DEFAULT_APPLICATION.sdkappid,
    appkey: Annotated[str, typer.Option(envvar="TENCENT_APP_KEY")] = DEFAULT_APPLICATION.appkey,
    secret_id: Annotated[
        str, typer.Option(envvar="TENCENT_SECRET_ID", help="Key of API 3.0.")
    ] = DEFAULT_APPLICATION.secret_id,
    secret_key: Annotated[
        str, typer.Option(envvar="TENCENT_SECRET_KEY", help="Its secret.")
    ] = DEFAULT_APPLICATION.secret_key,
    callback_url: Annotated[
        str | None,
        typer.Option(help="URL to push receipts and replies to; else nothing is pushed."),
    ] = None,
    sign: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID:TEXT",
            help="Approved sign; may be repeated. [default: 1001:测试签名]",
        ),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID:TYPE:TEXT",
            help="Approved template of type 0 (ordinary) or 1 (marketing); may be repeated.",
        ),
    ] = None,
    review_seconds: Annotated[float, typer.Option(help="Seconds that a review takes.")] = 1,
    report_delay: Annotated[
        tuple[float, float], typer.Option(help="Minimum and maximum seconds to a delivery receipt.")
    ] = (1, 3),
    reply_delay: Annotated[
        float, typer.Option(help="Seconds from the receipt to the reply.")
    ] = 0.5,
    fail_share: Annotated[float, typer.Option(help="Share of ordinary numbers that fail.")] = 0,
    reply_share: Annotated[float, typer.Option(help="Share of ordinary numbers that reply.")] = 0,
    reply_text: Annotated[str, typer.Option(help="Text of these replies.")] = "收到",
    push_size: Annotated[int, typer.Option(help="Maximum number of receipts in a push.")] = 100,
    push_parallel: Annotated[int, typer.Option(help="Maximum number of pushes at a time.")] = 4,
    push_timeout: Annotated[
        float, typer.Option(help="Seconds to wait for the answer to a push.")
    ] = 5,
    retry_seconds: Annotated[
        float, typer.Option(help="Seconds before a failed push is retried.")
    ] = 2,
    magic: Annotated[bool, typer.Option(help="Whether magic numbers are in effect.")] = True,
    pull: Annotated[
        bool, typer.Option(help="Whether pullstatus and pullstatus4mobile are allowed.")
    ] = False,
    extend: Annotated[bool, typer.Option(help="Whether the field extend is allowed.")] = False,
    unapproved_sign: Annotated[
        Literal["sub-signature", "refuse"], typer.Option(help="Effect of an unapproved sign.")
    ] = "sub-signature",
    error_text_key: Annotated[
        Literal["errmsg", "msg"],
        typer.Option(help="Name of the text in answers about templates and signs."),
    ] = "errmsg",
    seed: Annotated[int, typer.Option(help="Decides which numbers fall into the shares.")] = 1,
) -> None:
    """Simulate Tencent Cloud SMS on loopback: v5 below /v5/tlssmssvr, and API 3.0 at /.

    Prints the line "listening on http://127.0.0.1:PORT" when it is ready.
    """
    logging.basicConfig(level=logging.WARNING, format="tencent simulator: %(message)s")
    try:
        behaviour = Behaviour(
            callback_url=callback_url,
            review_seconds=review_seconds,
            report_delay=report_delay,
            reply_delay=reply_delay,
            fail_share=fail_share,
            reply_share=reply_share,
            reply_text=reply_text,
            push_size=push_size,
            push_parallel=push_parallel,
            push_timeout=push_timeout,
            retry_seconds=retry_seconds,
            magic=magic,
            pull_enabled=pull,
            extend_allowed=extend,
            unapproved_sign=unapproved_sign,
            error_text_key=error_text_key,
            seed=seed,
        )
        simulator = Simulator(
            Application(sdkappid, appkey, secret_id, secret_key),
            behaviour,
            State(state),
            [_preset_sign(text) for text in sign] if sign else [DEFAULT_SIGN],
            [_preset_template(text) for text in template or []],
        )
    except ValidationError as error:
        problems = (f"{item['loc']}: {item['msg']}" for item in error.errors())
        raise typer.BadParameter("; ".join(problems)) from None
    except StateError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    asyncio.run(_serve(simulator, port))


def _preset_sign(text: str) -> Preset:
    id_, _, name = text.partition(":")
    if not id_.isdigit() or not name:
        raise typer.BadParameter(f"{text!r} is not ID:TEXT")
    return Preset(int(id_), name)


def _preset_template(text: str) -> Preset:
    id_, _, rest = text.partition(":")
    type_, _, content = rest.partition(":")
    if not id_.isdigit() or type_ not in {"0", "1"} or not content:
        raise typer.BadParameter(f"{text!r} is not ID:TYPE:TEXT")
    return Preset(int(id_), content, int(type_))


async def _serve(simulator: Simulator, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = Server(simulator)
    try:
        bound = await server.start(port)
    except OSError as error:
        print(f"cannot listen on port {port}: {error.strerror}", file=sys.stderr)
        await server.stop()
        raise typer.Exit(1) from None
    print(f"listening on http://127.0.0.1:{bound}", flush=True)
    await stop.wait()
    await server.stop()


if __name__ == "__main__":
    cli(prog_name="python -m local.tencent")
