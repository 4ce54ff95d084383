"""Valid bodies of Quick Audience's requests, to be changed by tests."""

from typing import Any

import pytest

from chalicelib.errors import Refused
from chalicelib.quickaudience.bodies import SendBatchList, Template, read

TEMPLATE: dict[str, Any] = {
    "remark": "备注",
    "templateContent": "你好${a}",
    "templateName": "名",
    "templateType": 0,
}
SEND: dict[str, Any] = {
    "outId": "out",
    "signName": "品牌",
    "templateCode": "123",
    "phoneNumberJson": ["13900001111", "13900002222"],
}


def template(**changes: Any) -> Template:
    return read(Template, TEMPLATE | changes)


def send(**changes: Any) -> SendBatchList:
    return read(SendBatchList, SEND | changes)


def refused(model: type[Template | SendBatchList], body: dict[str, Any]) -> str:
    """Return the message with which a body is refused."""
    with pytest.raises(Refused) as caught:
        read(model, body)
    assert caught.value.code == "isv.INVALID_PARAMETERS"
    assert caught.value.http_status == 200
    return caught.value.message
