"""§7 and §10: digital templates, which are text templates with a link at Tencent, and their reviews."""

import json
import re
from typing import Any

import pytest

from chalicelib.fetching.addresses import FetchError
from tests.support.in_process.bridge import Bridge
from tests.support.in_process.clock import START, beijing
from tests.support.in_process.digital import (
    OSS,
    PARTS,
    PATH,
    PUBLIC,
    body,
    create,
    file,
    newest,
    page,
    page_code,
    query,
    send,
    text,
)
from tests.support.in_process.tencent import lost, refused
from tests.support.in_process.web import read_timeout
from tests.support.media_files import FILES

# --- creating -----------------------------------------------------------------------------------


def test_a_digital_template_is_a_marketing_text_with_a_link(here: Bridge) -> None:
    code = create(here, [*PARTS, text("${name}专享, 满${sum}减50", 3)])
    template = newest(here)
    link = f"{PUBLIC}/m/{page_code(here)}"
    assert template["text"] == f"双11来了 Text {{1}}专享, 满{{2}}减50 查看 {link} 拒收请回复R"
    assert (template["type"], template["title"]) == (1, "双11来了")
    assert re.fullmatch(r"DIGITAL_[0-9A-F]{12}", code)
    assert len(code) <= 30


@pytest.mark.parametrize(
    "content",
    [
        PARTS,
        json.dumps(PARTS),
        json.dumps(json.dumps(PARTS)),
        [json.dumps(part) for part in PARTS],
    ],
    ids=["list", "string", "string in a string", "list of strings"],
)
def test_the_documents_list_is_read_in_every_form(here: Bridge, content: Any) -> None:
    create(here, content)
    assert newest(here)["text"].startswith("双11来了 Text 查看 ")
    html = page(f"/m/{page_code(here)}").body.decode()
    assert html.index(f'src="{OSS}/a.jpg" alt="File Name"') < html.index("<p>Text</p>")


@pytest.mark.parametrize("wrap", [dict, json.dumps])
def test_a_single_object_is_read_as_a_list_of_one(here: Bridge, wrap: Any) -> None:
    create(here, wrap(PARTS[1]))
    assert newest(here)["text"].startswith("双11来了 Text ")


DOCUMENTED = (
    '{"remark":"string","templateContent":"[{"fileSuffix":"jpg","fileName":"File Name",'
    '"fileSize":"23","fileContents":"url","index":"1"},{"fileSuffix":"txt","fileName":"",'
    '"fileSize":"10","fileContents":"Text","index":"2"}]","templateTheme":"string",'
    '"templateSubject":"string","creatorAccount":"string","isVariable":true}'
)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_documents_example_is_refused_because_it_is_no_json(here: Bridge, method: str) -> None:
    path = PATH if method == "POST" else f"{PATH}/{create(here)}"
    made = len(here.tencent.calls)
    answer = here.ask(method, path, DOCUMENTED.encode())
    assert (answer.status, answer.code, answer["templateCode"]) == (
        200,
        "isv.INVALID_JSON_PARAM",
        "",
    )
    assert len(here.tencent.calls) == made


def test_the_documents_example_with_correct_quotes_is_refused_for_its_url(
    here: Bridge,
) -> None:
    head, listed, tail = re.split(r'"(\[.*\])"', DOCUMENTED)
    corrected = f"{head}{json.dumps(listed)}{tail}"
    answer = here.ask("POST", PATH, corrected.encode())
    assert (answer.status, answer.code) == (200, "isv.SMS_TEMPLATE_ILLEGAL")
    assert "第 1 部分的 fileContents" in answer.message
    create(here, json.loads(corrected)["templateContent"].replace('"url"', f'"{OSS}/a.jpg"'))


@pytest.mark.parametrize(
    "value", [True, False, 0, 1, "0", "1", "true", "false", "string", None, []]
)
def test_the_content_decides_whether_a_template_has_variables(here: Bridge, value: Any) -> None:
    create(here, [text("您好${name}")], isVariable=value)
    assert "您好{1}" in newest(here)["text"]


@pytest.mark.parametrize("missing", ["remark", "creatorAccount", "isVariable", "templateSubject"])
def test_fields_that_are_only_stored_may_be_missing(here: Bridge, missing: str) -> None:
    asked = body()
    del asked[missing]
    assert here.ask("POST", PATH, asked).code == "OK"


def test_a_sign_may_be_named(here: Bridge) -> None:
    create(here, smsSignName="【某某科技】")
    create(here, smsSignName=None)


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"templateTheme": ""}, "isv.INVALID_PARAMETERS", "templateTheme"),
        ({"templateTheme": None}, "isv.INVALID_PARAMETERS", "templateTheme"),
        ({"templateTheme": "题" * 31}, "isv.INVALID_PARAMETERS", "30"),
        ({"templateContent": None}, "isv.INVALID_PARAMETERS", "templateContent"),
        ({"templateContent": ""}, "isv.INVALID_PARAMETERS", "templateContent"),
        ({"templateContent": "text"}, "isv.INVALID_PARAMETERS", "templateContent"),
        ({"templateContent": 7}, "isv.INVALID_PARAMETERS", "templateContent"),
        ({"templateContent": '[{"fileSuffix":"txt"'}, "isv.INVALID_PARAMETERS", "templateContent"),
        ({"templateContent": ["x"]}, "isv.INVALID_PARAMETERS", "第 1 个元素"),
        ({"templateContent": [text("x"), None]}, "isv.INVALID_PARAMETERS", "第 2 个元素"),
        ({"templateContent": []}, "isv.SMS_TEMPLATE_ILLEGAL", "至少"),
        ({"templateContent": {}}, "isv.SMS_TEMPLATE_ILLEGAL", "第 1 部分"),
        ({"templateContent": [text("x")] * 11}, "isv.SMS_TEMPLATE_ILLEGAL", "10"),
        ({"templateContent": [file("mp4")] * 2}, "isv.SMS_TEMPLATE_ILLEGAL", "视频"),
        ({"templateContent": [file("exe")]}, "isv.SMS_TEMPLATE_ILLEGAL", "fileSuffix"),
        ({"templateContent": [text("字" * 480)]}, "isv.SMS_TEMPLATE_ILLEGAL", "第 1 部分太长"),
        ({"templateContent": [text("${a")]}, "isv.SMS_TEMPLATE_ILLEGAL", "${"),
        ({"templateContent": [text("${a}和{1}")]}, "isv.SMS_TEMPLATE_ILLEGAL", "{1}"),
    ],
)
def test_an_invalid_template_is_not_sent_to_tencent(
    here: Bridge, changes: dict[str, Any], code: str, named: str
) -> None:
    existing = create(here)
    made = len(here.tencent.calls)
    for method, path in (("POST", PATH), ("PUT", f"{PATH}/{existing}")):
        answer = here.ask(method, path, body() | changes)
        assert (answer.status, answer.code, answer["templateCode"]) == (200, code, "")
        assert named in answer.message
    assert len(here.tencent.calls) == made


@pytest.mark.parametrize("suffix", [*FILES, "jpeg", "JPG"])
def test_every_supported_type_of_file_is_accepted(
    here: Bridge, oss: dict[str, Any], suffix: str
) -> None:
    oss[f"{OSS}/a.{suffix}"] = FILES["jpg" if suffix.lower().startswith("jp") else suffix]
    answer = here.ask("POST", PATH, body([file(suffix)]))
    assert answer.code == "OK"
    assert ("无法播放" in answer.message) == (suffix in ("wav", "3gp"))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"<html>", "第 1 部分的文件内容不是支持的类型"),
        (b"", "第 1 部分的文件内容不是支持的类型"),
        (FILES["png"], "文件内容却是 png"),
        (FILES["jpg"] + bytes(1900 * 1024), "1901 KB, 超过 1900 KB"),
        (FetchError("没有权限读取文件"), "第 1 部分: 没有权限读取文件"),
    ],
)
def test_an_unusable_file_is_refused(
    here: Bridge, oss: dict[str, Any], content: Any, named: str
) -> None:
    oss[f"{OSS}/a.jpg"] = content
    answer = here.ask("POST", PATH, body())
    assert (answer.status, answer.code) == (200, "isv.SMS_TEMPLATE_ILLEGAL")
    assert named in answer.message
    assert not here.tencent.calls


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://evil.example/a.jpg",
        "http://brand.oss-cn-zhangjiakou.aliyuncs.com/a.jpg",
        "https://brand.aliyuncs.com.evil.example/a.jpg",
        "https://brand.oss-cn-zhangjiakou.aliyuncs.com:8443/a.jpg",
    ],
)
def test_a_file_on_a_forbidden_host_is_refused(here: Bridge, url: str) -> None:
    answer = here.ask("POST", PATH, body([file("jpg", fileContents=url)]))
    assert (answer.status, answer.code) == (200, "isv.SMS_TEMPLATE_ILLEGAL")
    assert not here.tencent.calls


@pytest.mark.v5_only("3.0 refuses at once")
@pytest.mark.parametrize(
    ("content", "warned"), [("${a}${b}", "相邻"), ("看 http://x.cn/abc?ph=${sp_1}", "链接")]
)
def test_a_template_that_tencent_will_probably_reject_is_submitted_with_a_warning(
    here: Bridge, content: str, warned: str
) -> None:
    answer = here.ask("POST", PATH, body([text(content)]))
    assert (answer.code, bool(answer["templateCode"])) == ("OK", True)
    assert warned in answer.message


@pytest.mark.v5_only("3.0 warns of links")
def test_a_good_template_is_answered_without_a_warning(here: Bridge) -> None:
    assert here.ask("POST", PATH, body()).message == "OK"


def test_without_a_public_address_nothing_is_created_and_the_setting_is_named(
    bridge: Bridge, oss: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PUBLIC_BASE_URL", raising=False)
    bridge.restart()
    answer = bridge.ask("POST", PATH, body())
    assert (answer.status, answer.code) == (200, "isp.SYSTEM_ERROR")
    assert "PUBLIC_BASE_URL" in answer.message
    assert not bridge.tencent.calls


@pytest.mark.parametrize(
    "behaviour", [refused(1002, "敏感词"), lost(read_timeout, sent=True)], ids=["refused", "lost"]
)
def test_a_template_that_tencent_refused_has_no_code(here: Bridge, behaviour: Any) -> None:
    here.tencent.next("add_template", behaviour)
    answer = here.ask("POST", PATH, body())
    assert (answer.status, answer["templateCode"]) == (200, "")
    assert answer.code in ("isv.SMS_CONTENT_ILLEGAL", "isp.SYSTEM_ERROR")


# --- reviews ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tencents", "reply", "status", "reason", "carriers"),
    [
        (1, "", 0, "无审批备注", {}),
        (0, "", 1, "无审批备注", dict.fromkeys(("UNICOM", "MOBILE", "TELCOM"), "Success")),
        (2, "含敏感词", 3, "含敏感词", dict.fromkeys(("UNICOM", "MOBILE", "TELCOM"), "含敏感词")),
        (2, "", 3, "审核未通过", dict.fromkeys(("UNICOM", "MOBILE", "TELCOM"), "审核未通过")),
    ],
)
def test_the_review_is_answered_in_the_numbers_of_digital_templates(
    here: Bridge, tencents: int, reply: str, status: int, reason: str, carriers: dict[str, str]
) -> None:
    code = create(here)
    here.clock.advance(hours=3)
    here.tencent.review(7000, tencents, reply)
    answer = query(here, code)
    assert (answer.code, answer["templateStatus"], answer["reason"]) == ("OK", status, reason)
    assert isinstance(answer["supportFactory"], str)
    assert json.loads(answer["supportFactory"]) == carriers
    assert (answer["templateCode"], answer["templateName"]) == (code, "双11来了")
    assert answer["createDate"] == beijing(START.timestamp())


# The document's answers: the bridge's answers must have the same names and types.
CREATED = '{"platformName":"string","code":"string","templateCode":"string","message":"string","requestId":"string"}'
QUERIED = (
    '{"templateStatus":0,"reason":"string","code":"string","templateName":"string",'
    '"requestId":"string","supportFactory":"{\\"UNICOM\\":\\"Success\\",\\"MOBILE\\":\\"Reason for '
    'failure\\",\\"TELCOM\\":\\"Reason for failure\\"}","platformName":"string",'
    '"templateCode":"string","message":"string","createDate":"string"}'
)
SENT = '{"bizId":"string","platformName":"string","code":"string","message":"string","requestId":"string"}'


def test_answers_have_the_documents_names_and_types(here: Bridge) -> None:
    def shape(answer: dict[str, Any]) -> dict[str, type]:
        return {name: type(value) for name, value in answer.items()}

    created = here.ask("POST", PATH, body())
    code = created["templateCode"]
    here.tencent.review(7000, 2, "不行")
    queried = query(here, code)
    assert shape(created.body) == shape(json.loads(CREATED))
    assert shape(here.ask("PUT", f"{PATH}/{code}", body()).body) == shape(json.loads(CREATED))
    assert shape(queried.body) == shape(json.loads(QUERIED))
    assert set(json.loads(queried["supportFactory"])) == set(
        json.loads(json.loads(QUERIED)["supportFactory"])
    )
    here.tencent.review(7000, 0)
    assert shape(send(here, code).body) == shape(json.loads(SENT))
    assert shape(here.ask("DELETE", f"{PATH}/{code}").body) == shape(json.loads(CREATED))
    unknown = query(here, "DIGITAL_X")
    assert shape(unknown.body) == shape(json.loads(QUERIED))


@pytest.mark.parametrize(
    "code",
    ["DIGITAL_000000000000", "7000", "0", "x" * 300, "%E7%A0%81", "a%2Fb", "digital_abc", "%00"],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_template_is_404(here: Bridge, method: str, code: str) -> None:
    answer = here.ask(method, f"{PATH}/{code}", body() if method == "PUT" else None)
    assert (answer.status, answer.code) == (404, "404")
    assert not here.tencent.calls


def test_codes_are_case_sensitive(here: Bridge) -> None:
    assert query(here, create(here).lower()).status == 404
