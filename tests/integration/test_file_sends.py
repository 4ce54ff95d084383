"""Accepting §5: a request is checked, stored and queued, and its file is not read."""

from typing import Any

import pytest

from tests.support.in_process.bridge import Bridge
from tests.support.in_process.file_campaigns import FileCampaigns
from tests.support.in_process.oss import BUCKET
from tests.support.in_process.outside import FAULTS, Fault, points

URL = f"{BUCKET}/numbers.txt"


@pytest.fixture
def campaigns(linked: Bridge, monkeypatch: pytest.MonkeyPatch) -> FileCampaigns:
    return FileCampaigns(linked, monkeypatch)


def test_a_request_is_answered_at_once_without_reading_the_file(campaigns: FileCampaigns) -> None:
    answer = campaigns.ask(URL, campaigns.bridge.template())
    assert (answer.status, answer.code) == (200, "OK")
    assert answer["bizId"]
    assert campaigns.oss.opened == []
    assert campaigns.bridge.pump.bodies("files") == [
        {"form": 1, "outId": "task-1", "bizId": answer["bizId"]}
    ]


@pytest.mark.parametrize(
    "is_variable", [True, False, 0, 1, "0", "1", "true", "false", "string", None, "", 2, {}, [1]]
)
def test_no_value_of_is_variable_is_refused(campaigns: FileCampaigns, is_variable: Any) -> None:
    url = campaigns.oss.put("13900001111,{}\n")
    answer = campaigns.ask(url, campaigns.bridge.template("您好"), isVariable=is_variable)
    assert answer.code == "OK"
    campaigns.bridge.pump.drain()
    assert sum(campaigns.sent.values()) == 1


def test_the_documents_example_is_refused_for_its_url(campaigns: FileCampaigns) -> None:
    example = {
        "limit": 0,
        "outId": "string",
        "phoneOssUrl": "string",
        "signName": "string",
        "templateCode": "string",
        "isVariable": "string",
    }
    answer = campaigns.bridge.ask("POST", "/sms/sendBatch", example)
    assert (answer.status, answer.code, answer["bizId"]) == (200, "isv.INVALID_PARAMETERS", "")
    assert "phoneOssUrl: 文件地址必须是以 https:// 开头的完整地址" in answer.message


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://qa-files.oss-cn-hangzhou.aliyuncs.com/x.txt", "https"),
        ("https://qa-files.oss-cn-hangzhou.aliyuncs.com:8443/x.txt", "443"),
        ("https://evilaliyuncs.com/x.txt", "不允许从 evilaliyuncs.com 读取"),
        ("https://169.254.169.254/latest/meta-data", "不允许从 169.254.169.254 读取"),
        ("https://user:pass@a.aliyuncs.com/x.txt", "用户名或密码"),
        ("oss://bucket/x.txt", "https"),
        ("", "不能为空"),
        (None, "必须是文本"),
        (["https://a.aliyuncs.com/x.txt"], "必须是文本"),
    ],
)
def test_a_forbidden_url_is_refused(campaigns: FileCampaigns, url: Any, why: str) -> None:
    answer = campaigns.ask(url, campaigns.bridge.template())
    assert (answer.status, answer.code) == (200, "isv.INVALID_PARAMETERS")
    assert "phoneOssUrl: " in answer.message
    assert why in answer.message
    assert campaigns.bridge.pump.count("files") == 0


@pytest.mark.parametrize("missing", ["outId", "signName", "templateCode", "phoneOssUrl"])
def test_a_missing_field_is_named(campaigns: FileCampaigns, missing: str) -> None:
    body = {
        "outId": "1",
        "signName": "s",
        "templateCode": "1",
        "phoneOssUrl": URL,
        "isVariable": 0,
    }
    del body[missing]
    answer = campaigns.bridge.ask("POST", "/sms/sendBatch", body)
    assert (answer.code, answer.message) == ("isv.INVALID_PARAMETERS", f"{missing}: 缺少该字段")


def test_sign_and_template_are_checked_as_in_send_batch_list(campaigns: FileCampaigns) -> None:
    code = campaigns.bridge.template()
    assert campaigns.ask(URL, code, signName="别人的签名").status == 404
    assert campaigns.ask(URL, "999").status == 404
    pending = campaigns.bridge.template("另一个", approve=False)
    assert campaigns.ask(URL, pending).code == "isv.SMS_TEMPLATE_ILLEGAL"
    assert campaigns.bridge.pump.count("files") == 0


def test_the_same_file_with_a_new_signature_is_the_same_request(campaigns: FileCampaigns) -> None:
    code = campaigns.bridge.template("您好")
    first = campaigns.ask(campaigns.oss.put("13900001111"), code)
    campaigns.bridge.pump.drain()
    again = campaigns.ask(URL + "?Expires=9&Signature=other", code)
    assert again["bizId"] == first["bizId"]
    campaigns.bridge.pump.drain()
    assert sum(campaigns.sent.values()) == 1


def test_another_file_or_task_is_another_request(campaigns: FileCampaigns) -> None:
    code = campaigns.bridge.template("您好")
    found = [
        campaigns.ask(URL, code),
        campaigns.ask(URL.replace("numbers", "others"), code),
        campaigns.ask(URL, code, "task-2"),
    ]
    assert len({answer["bizId"] for answer in found}) == 3


@pytest.mark.parametrize("how", FAULTS)
def test_a_request_that_died_halfway_is_continued(campaigns: FileCampaigns, how: Fault) -> None:
    bridge = campaigns.bridge
    code = bridge.template("您好")
    bridge.restart()
    with bridge.outside.watched():
        campaigns.send("13900001111\n", code, "dry")
    names = list(bridge.outside.names)
    bridge.pump.drain()
    for number, name in points(names):
        campaigns.clear()
        out_id = f"{how}-{number}"
        url = campaigns.oss.put("13900001111\n", f"{number}.txt")
        bridge.restart()
        with bridge.outside.watched(number, how):
            campaigns.ask(url, code, out_id)
        bridge.restart()
        answer = campaigns.ask(url, code, out_id)
        assert answer.code == "OK", f"{how} {name}"
        bridge.pump.drain()
        assert sum(campaigns.sent.values()) == 1, f"{how} {name}"
        assert campaigns.file(answer, out_id).state == "done"


def test_a_digital_templates_code_is_refused(campaigns: FileCampaigns) -> None:
    campaigns.bridge.configure(PUBLIC_BASE_URL="https://m.example.cn")
    content = [{"fileSuffix": "txt", "fileContents": "新品上市", "index": "1", "fileName": ""}]
    body = {
        "templateTheme": "新品",
        "templateContent": content,
        "remark": "通知",
        "creatorAccount": "me",
        "isVariable": False,
    }
    created = campaigns.bridge.ask("POST", "/sms/digitalSmsTemplate", body)
    assert created.code == "OK"
    answer = campaigns.ask(URL, created["templateCode"])
    assert answer.code == "isv.SMS_TEMPLATE_ILLEGAL"
    assert "数字短信" in answer.message
