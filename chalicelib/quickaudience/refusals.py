"""Tencent's answers to what we ask on a marketer's behalf, as refusals."""

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.errors import Refused
from chalicelib.logs import log
from chalicelib.tencent.client import CallRefusedError, TencentError


@contextmanager
def asking_tencent() -> Iterator[None]:
    """Turn what Tencent refused, or didn't answer, into Refused."""
    try:
        yield
    except CallRefusedError as error:
        raise Refused(error.meaning.aliyun, error.explain()) from None
    except TencentError as error:
        log.warning("Tencent did not answer", extra={"why": str(error)})
        raise Refused("isp.SYSTEM_ERROR", "腾讯云暂时没有响应, 请稍后重试") from None
