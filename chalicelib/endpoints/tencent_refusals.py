"""Errors of calls to Tencent that are made for a marketer's request, turned into refusals of that request."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

from chalicelib.errors import Refused
from chalicelib.logs import log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.tencent.interface import TencentApi


@contextmanager
def asking_tencent() -> "Iterator[TencentApi]":
    """Yield Tencent's API; turn its refusals and missing answers into Refused."""
    # Imported only here: most campaigns use a sign and a template whose approval is recent, and call nothing.
    from chalicelib.tencent.api import client  # noqa: PLC0415
    from chalicelib.tencent.interface import CallRefusedError, TencentError  # noqa: PLC0415

    try:
        yield client()
    except CallRefusedError as error:
        raise Refused(error.meaning.aliyun, error.explain()) from None
    except TencentError as error:
        log.warning("Tencent did not answer", extra={"why": str(error)})
        raise Refused("isp.SYSTEM_ERROR", "腾讯云暂时没有响应, 请稍后重试") from None
