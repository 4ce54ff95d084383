"""Tencent's SMS API for the current settings. Only this module and the settings know which API a stage calls."""

from typing import TYPE_CHECKING

from chalicelib import settings

if TYPE_CHECKING:
    from chalicelib.tencent.interface import TencentApi


def lists_signs() -> bool:
    """Return the `lists_signs` of the API that the settings name. Unlike `client`, this imports neither API."""
    return settings.load().tencent_api == "3.0"


def client() -> "TencentApi":
    """Return the API that the settings name. Its connections are kept until the settings change."""
    # Imported only here, so that a stage imports the API that it calls and not the other.
    if settings.load().tencent_api == "3.0":
        from chalicelib.tencent import api3  # noqa: PLC0415

        return api3.client()
    from chalicelib.tencent import v5_api  # noqa: PLC0415

    return v5_api.client()
