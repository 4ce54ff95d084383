"""Every failure code that the bridge gives a recipient has words for operators."""

import re
from pathlib import Path

import pytest

from chalicelib.domain import messages
from chalicelib.tencent import error_codes
from ops import failure_words, unknown

_SOURCES = "".join(file.read_text() for file in Path("chalicelib").rglob("*.py"))
CODES = {
    *(meaning.aliyun for meaning in error_codes.MEANINGS.values()),
    *re.findall(r"\"(is[vp]\.[A-Z_]+)\"", _SOURCES),
    *(one.code for one in (messages.NO_RECEIPT, messages.OUTCOME_UNKNOWN, messages.NOT_SENT)),
    unknown.BY_HAND,
}


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_of_the_bridge_has_words(code: str) -> None:
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9 ,:'-]+[a-z0-9]", failure_words.describe(code))


def test_a_code_of_tencents_reports_has_the_reports_words() -> None:
    assert failure_words.describe("MK:0001", "空号") == "空号"
    assert failure_words.describe("MK:0001") == ""
    assert failure_words.describe("NO_RECEIPT", "72小时内") == failure_words.describe("NO_RECEIPT")
