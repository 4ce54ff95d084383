"""A digital message of text through the whole stack. `tests/browser` has pictures."""

import re

import requests

from tests.support.local_stack.running_stack import SIGN, RunningStack
from tests.support.waiting import wait_for

PATH = "/sms/digitalSmsTemplate"


def test_a_digital_message_from_its_template_to_its_deletion(running: RunningStack) -> None:
    content = [{"fileSuffix": "txt", "fileContents": "${name}您好，全场五折", "index": "1"}]
    asked = {"name": "双11", "content": content, "digital": True, "signName": SIGN}
    code = running.post(running.quick_audience, "/_sim/templates", asked)["templateCode"]
    review = f"/_sim/templates/{code}?digital=1"
    wait_for(lambda: running.get(running.quick_audience, review)["approved"], 20)

    numbers = ["13800000301", "13800000302"]
    params = {"generate": {"name": "客户{index}"}}
    running.campaign("digital", templateCode=code, phones=numbers, params=params, digital=True)
    account = running.complete("digital")
    assert (account["recipients"], account["delivered"]) == (2, 2)
    texts = [running.messages(number)[0]["text"] for number in numbers]
    links = {link for text in texts for link in re.findall(r"http://\S+", text)}
    assert len(set(texts)) == 2
    assert len(links) == 1

    page = requests.get(links.pop(), timeout=60)
    assert page.status_code == 200
    assert "<p>**您好，全场五折</p>" in page.text

    text_interface = running.ask(
        "/sms/sendBatchList",
        method="POST",
        body={
            "outId": "wrong-kind",
            "signName": SIGN,
            "templateCode": code,
            "phoneNumberJson": numbers,
        },
    )
    assert text_interface["body"]["code"] == "isv.SMS_TEMPLATE_ILLEGAL"

    for _ in range(2):
        assert running.ask(f"{PATH}/{code}", method="DELETE")["body"]["code"] == "OK"
    assert running.ask(f"{PATH}/{code}")["status"] == 404
    assert requests.get(page.url, timeout=60).status_code == 200
