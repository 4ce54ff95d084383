"""The options that several commands share."""

import os
from typing import Annotated

import typer

from .settings import Settings

Key = Annotated[str, typer.Option(envvar="QA_KEY", help="Key shared with the platform.")]
Auth = Annotated[
    bool,
    typer.Option("--auth/--no-auth", envvar="QA_AUTH", help="Whether authentication is enabled."),
]
PlatformName = Annotated[
    str, typer.Option(envvar="QA_PLATFORM_NAME", help="API name that answers must echo.")
]


def local_prefix() -> str:
    """Return the prefix of the bridge that `make up` starts, on BRIDGE_PORT (8000 by default)."""
    port = os.environ.get("BRIDGE_PORT") or "8000"
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise typer.BadParameter(f"BRIDGE_PORT {port!r} is not a port")
    return f"http://127.0.0.1:{port}"


Prefix = Annotated[
    str,
    typer.Option(
        "--url",
        default_factory=local_prefix,
        show_default="http://127.0.0.1:BRIDGE_PORT, port 8000 if unset",
        help="Prefix of the platform.",
    ),
]


def to_settings(values: dict[str, object]) -> Settings:
    """Return validated settings.

    Raises:
        typer.BadParameter: an option has an invalid value.
    """
    try:
        return Settings.model_validate(values)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
