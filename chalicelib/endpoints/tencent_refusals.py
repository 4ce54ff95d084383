"""Tencent's answers to what we ask on a marketer's behalf, as refusals."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

from chalicelib.errors import Refused
from chalicelib.logs import log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.tencent.v5 import Client


@contextmanager
def asking_tencent() -> "Iterator[Client]":
    """Tencent's API, and what it refused or didn't answer turned into Refused."""
    # Imported where Tencent is asked: most campaigns find their sign and template approved lately.
    from chalicelib.tencent.interface import CallRefusedError, TencentError  # noqa: PLC0415
    from chalicelib.tencent.v5 import client  # noqa: PLC0415

    try:
        yield client()
    except CallRefusedError as error:
        raise Refused(error.meaning.aliyun, error.explain()) from None
    except TencentError as error:
        log.warning("Tencent did not answer", extra={"why": str(error)})
        raise Refused("isp.SYSTEM_ERROR", "腾讯云暂时没有响应, 请稍后重试") from None
