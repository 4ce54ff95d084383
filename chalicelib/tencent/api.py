"""Tencent's SMS API for the current settings. Only this module and the settings know which API a stage calls."""

from typing import TYPE_CHECKING

from chalicelib.tencent import v5_api

if TYPE_CHECKING:
    from chalicelib.tencent.interface import TencentApi


def client() -> "TencentApi":
    """Return the API that the settings name. Its connections are kept until the settings change."""
    return v5_api.client()
