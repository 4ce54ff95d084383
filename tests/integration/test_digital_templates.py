"""§7-10: digital templates, which are text templates with a link at Tencent; and their pages."""

import json
import re
from typing import Any

import pytest
from chalice.test import Client, HTTPResponse

import app
from chalicelib import fetching
from chalicelib.fetching import FetchError
from chalicelib.store import templates
from tests.integration.support.bridge import Answer, Bridge, template_body
from tests.integration.support.clock import START, beijing
from tests.integration.support.tencent import and_first, lost, obeyed, refused
from tests.integration.support.web import read_timeout
from tests.unit.test_digital_media import FILES

PATH = "/sms/digitalSmsTemplate"
OSS = "https://brand.oss-cn-zhangjiakou.aliyuncs.com"
PUBLIC = "https://m.example.cn"
# The document's example of a list, but for its addresses.
PARTS = [
    {
        "fileSuffix": "jpg",
        "fileName": "File Name",
        "fileSize": "23",
        "fileContents": f"{OSS}/a.jpg",
        "index": "1",
    },
    {"fileSuffix": "txt", "fileName": "", "fileSize": "10", "fileContents": "Text", "index": "2"},
]


@pytest.fixture
def oss(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Files by address; what is an exception is raised."""
    files: dict[str, Any] = {f"{OSS}/a.{suffix}": data for suffix, data in FILES.items()}

    def read(url: str, *, most_bytes: int, seconds: float) -> bytes:
        fetching.check_url(url)
        found = files.get(url, FetchError("文件不存在 (HTTP 404)"))
        if isinstance(found, Exception):
            raise found
        assert 0 < seconds < 29
        assert most_bytes == 1900 * 1024
        return bytes(found)

    monkeypatch.setattr(fetching, "read", read)
    return files


@pytest.fixture
def here(bridge: Bridge, oss: dict[str, Any]) -> Bridge:
    """A bridge with a public address, an approved sign, and files to be had."""
    bridge.configure(PUBLIC_BASE_URL=PUBLIC + "/")
    bridge.link()
    return bridge


def body(content: Any = PARTS, **fields: Any) -> dict[str, Any]:
    """§7's and §8's document example, with a content."""
    return {
        "remark": "string",
        "templateContent": content,
        "templateTheme": "双11来了",
        "templateSubject": "string",
        "creatorAccount": "string",
        "isVariable": True,
    } | fields


def text(contents: str, index: int = 1) -> dict[str, Any]:
    return {"fileSuffix": "txt", "fileContents": contents, "index": index}


def file(suffix: str, **more: Any) -> dict[str, Any]:
    return {"fileSuffix": suffix, "fileContents": f"{OSS}/a.{suffix}", "index": 1} | more


def create(bridge: Bridge, content: Any = PARTS, **fields: Any) -> str:
    answer = bridge.ask("POST", PATH, body(content, **fields))
    assert answer.code == "OK", answer.message
    return str(answer["templateCode"])


def query(bridge: Bridge, code: str) -> Answer:
    return bridge.ask("GET", f"{PATH}/{code}")


def newest(bridge: Bridge) -> dict[str, Any]:
    """The template that Tencent got last."""
    return bridge.tencent.templates[max(bridge.tencent.templates)]


def page_code(bridge: Bridge, tpl_id: int | None = None) -> str:
    template = bridge.tencent.templates[tpl_id] if tpl_id else newest(bridge)
    found = re.search(rf"{PUBLIC}/m/([A-Za-z0-9]{{11}})(?![A-Za-z0-9])", template["text"])
    assert found
    return found[1]


def page(path: str, method: str = "GET", **headers: str) -> HTTPResponse:
    return Client(app.app).http.request(method, path, headers=headers)


def send(bridge: Bridge, code: str, phone: str = "13900001111", params: Any = None) -> Answer:
    return campaign(bridge, code, [phone], params, out_id=f"task-{phone}")


def campaign(
    bridge: Bridge, code: str, phones: list[str], params: Any = None, **fields: Any
) -> Answer:
    """§11's document example, with recipients."""
    return bridge.ask(
        "POST",
        "/sms/sendDigitalBatchList",
        {
            "limit": 0,
            "relatedAudienceId": "string",
            "relatedTaskId": "string",
            "relatedTaskType": 1,
            "taskCreatorAccount": "string",
            "outId": fields.pop("out_id", "string"),
            "signName": "某某科技",
            "templateCode": code,
            "phoneNumberJson": phones,
            "templateParamJson": params,
        }
        | fields,
    )


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
def test_the_documents_list_in_every_wrapping(here: Bridge, content: Any) -> None:
    create(here, content)
    assert newest(here)["text"].startswith("双11来了 Text 查看 ")
    html = page(f"/m/{page_code(here)}").body.decode()
    assert html.index(f'src="{OSS}/a.jpg" alt="File Name"') < html.index("<p>Text</p>")


@pytest.mark.parametrize("wrap", [dict, json.dumps])
def test_a_single_object_is_a_list_of_one(here: Bridge, wrap: Any) -> None:
    create(here, wrap(PARTS[1]))
    assert newest(here)["text"].startswith("双11来了 Text ")


DOCUMENTED = (
    '{"remark":"string","templateContent":"[{"fileSuffix":"jpg","fileName":"File Name",'
    '"fileSize":"23","fileContents":"url","index":"1"},{"fileSuffix":"txt","fileName":"",'
    '"fileSize":"10","fileContents":"Text","index":"2"}]","templateTheme":"string",'
    '"templateSubject":"string","creatorAccount":"string","isVariable":true}'
)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_documents_example_is_no_json_and_is_refused_as_such(here: Bridge, method: str) -> None:
    path = PATH if method == "POST" else f"{PATH}/{create(here)}"
    made = len(here.tencent.calls)
    answer = here.ask(method, path, DOCUMENTED.encode())
    assert (answer.status, answer.code, answer["templateCode"]) == (
        200,
        "isv.INVALID_JSON_PARAM",
        "",
    )
    assert len(here.tencent.calls) == made


def test_the_documents_example_with_its_quotes_mended_names_the_address_that_is_none(
    here: Bridge,
) -> None:
    head, listed, tail = re.split(r'"(\[.*\])"', DOCUMENTED)
    mended = f"{head}{json.dumps(listed)}{tail}"
    answer = here.ask("POST", PATH, mended.encode())
    assert (answer.status, answer.code) == (200, "isv.SMS_TEMPLATE_ILLEGAL")
    assert "第 1 部分的 fileContents" in answer.message
    create(here, json.loads(mended)["templateContent"].replace('"url"', f'"{OSS}/a.jpg"'))


@pytest.mark.parametrize(
    "value", [True, False, 0, 1, "0", "1", "true", "false", "string", None, []]
)
def test_whether_there_are_variables_is_told_by_the_content(here: Bridge, value: Any) -> None:
    create(here, [text("您好${name}")], isVariable=value)
    assert "您好{1}" in newest(here)["text"]


@pytest.mark.parametrize("missing", ["remark", "creatorAccount", "isVariable", "templateSubject"])
def test_what_is_only_kept_may_be_missing(here: Bridge, missing: str) -> None:
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
def test_what_cannot_be_a_template_never_reaches_tencent(
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
def test_every_type_of_file_is_taken(here: Bridge, oss: dict[str, Any], suffix: str) -> None:
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
def test_a_file_that_is_not_what_it_should_be_is_refused(
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
def test_a_file_elsewhere_is_refused(here: Bridge, url: str) -> None:
    answer = here.ask("POST", PATH, body([file("jpg", fileContents=url)]))
    assert (answer.status, answer.code) == (200, "isv.SMS_TEMPLATE_ILLEGAL")
    assert not here.tencent.calls


@pytest.mark.parametrize(
    ("content", "warned"), [("${a}${b}", "相邻"), ("看 http://x.cn/abc?ph=${sp_1}", "链接")]
)
def test_what_tencent_will_probably_reject_is_submitted_with_a_warning(
    here: Bridge, content: str, warned: str
) -> None:
    answer = here.ask("POST", PATH, body([text(content)]))
    assert (answer.code, bool(answer["templateCode"])) == ("OK", True)
    assert warned in answer.message


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
def test_a_template_that_tencent_did_not_take_has_no_code(here: Bridge, behaviour: Any) -> None:
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
def test_the_review_is_told_in_digitals_own_numbers(
    here: Bridge, tencents: int, reply: str, status: int, reason: str, carriers: dict[str, str]
) -> None:
    code = create(here)
    here.clock.pass_(hours=3)
    here.tencent.review(7000, tencents, reply)
    answer = query(here, code)
    assert (answer.code, answer["templateStatus"], answer["reason"]) == ("OK", status, reason)
    assert isinstance(answer["supportFactory"], str)
    assert json.loads(answer["supportFactory"]) == carriers
    assert (answer["templateCode"], answer["templateName"]) == (code, "双11来了")
    assert answer["createDate"] == beijing(START.timestamp())


# The document's answers: their names and types, which the bridge's have to be.
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


# --- the two kinds ------------------------------------------------------------------------------


@pytest.fixture
def both(here: Bridge) -> tuple[Bridge, str, str]:
    """A bridge with an approved text template and an approved digital one."""
    plain = here.template("您好")
    digital = create(here)
    here.tencent.review(7001, 0)
    return here, plain, digital


def test_text_endpoints_do_not_know_digital_templates(both: tuple[Bridge, str, str]) -> None:
    bridge, _, digital = both
    made = len(bridge.tencent.calls)
    for method, asked in (("GET", None), ("PUT", template_body("新"))):
        answer = bridge.ask(method, f"/sms/smsTemplate/{digital}", asked)
        assert (answer.status, answer.code) == (404, "404")
        assert "digitalSmsTemplate" in answer.message
    assert len(bridge.tencent.calls) == made


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_digital_endpoints_do_not_know_text_templates(
    both: tuple[Bridge, str, str], method: str
) -> None:
    bridge, plain, _ = both
    made = len(bridge.tencent.calls)
    answer = bridge.ask(method, f"{PATH}/{plain}", body() if method == "PUT" else None)
    assert (answer.status, answer.code) == (404, "404")
    assert len(bridge.tencent.calls) == made


def test_a_template_is_sent_by_the_interface_of_its_kind_alone(
    both: tuple[Bridge, str, str],
) -> None:
    bridge, plain, digital = both
    wrong = bridge.campaign(["13900001111"], code=digital)
    assert (wrong.status, wrong.code) == (200, "isv.SMS_TEMPLATE_ILLEGAL")
    assert "sendDigitalBatchList" in wrong.message
    wrong = send(bridge, plain)
    assert (wrong.status, wrong.code) == (200, "isv.SMS_TEMPLATE_ILLEGAL")
    assert "sendBatchList" in wrong.message
    bridge.pump.drain()
    assert not bridge.tencent.sent


def test_a_file_of_recipients_does_not_take_a_digital_template(
    both: tuple[Bridge, str, str],
) -> None:
    bridge, _, digital = both
    asked = {
        "outId": "file",
        "phoneOssUrl": f"{OSS}/phones.txt",
        "signName": "某某科技",
        "templateCode": digital,
        "isVariable": 0,
        "limit": 0,
    }
    answer = bridge.ask("POST", "/sms/sendBatch", asked)
    assert (answer.status, answer.code) == (200, "isv.SMS_TEMPLATE_ILLEGAL")
    assert "sendDigitalBatchList" in answer.message


# --- sending ------------------------------------------------------------------------------------


def test_a_digital_campaign_goes_the_way_of_a_text_one(here: Bridge) -> None:
    code = create(here, [text("${name}您好"), file("mp4", index=2)])
    here.tencent.review(7000, 0)
    # The document's recipients, unmasked, and its parameters.
    answer = campaign(
        here,
        code,
        ["13900001111", "13900011111"],
        [{"name": "aaa", "age": 123}, {"name": "bbb", "age": 456}],
    )
    assert answer.code == "OK"
    here.pump.drain()
    assert {(sms.phone, sms.tpl_id, sms.params) for sms in here.tencent.sent} == {
        ("8613900001111", 7000, ("aaa",)),
        ("8613900011111", 7000, ("bbb",)),
    }
    here.deliver_all()
    here.pump.drain()
    told = [entry for entry in here.quick_audience.receipts if entry["outId"] == "string"]
    assert {(entry["phoneNum"], entry["sendStatus"]) for entry in told} == {
        ("13900001111", 2),
        ("13900011111", 2),
    }


def test_the_documents_masked_numbers_are_refused(here: Bridge) -> None:
    code = create(here)
    here.tencent.review(7000, 0)
    answer = campaign(here, code, ["1390000****", "1390001****"])
    assert (answer.status, answer.code) == (200, "isv.MOBILE_NUMBER_ILLEGAL")


def test_the_documents_example_names_no_sign_that_is_known(here: Bridge) -> None:
    example = (
        '{"limit":0,"relatedAudienceId":"string","relatedTaskId":"string","relatedTaskType":1,'
        '"taskCreatorAccount":"string","outId":"string","signName":"string","templateCode":"string",'
        '"phoneNumberJson":["1390000****","1390001****"],'
        '"templateParamJson":[{"name":"aaa","age":123},{"name":"bbb","age":456}]}'
    )
    answer = here.ask("POST", "/sms/sendDigitalBatchList", example.encode())
    assert (answer.status, answer.code, answer["bizId"]) == (404, "404", "")


@pytest.mark.parametrize("review", [1, 2])
def test_a_campaign_with_an_unapproved_template_is_refused(here: Bridge, review: int) -> None:
    code = create(here)
    here.tencent.review(7000, review, "不行")
    answer = send(here, code)
    assert (answer.status, answer.code) == (200, "isv.SMS_TEMPLATE_ILLEGAL")


def test_a_campaign_with_an_unknown_template_is_404(here: Bridge) -> None:
    answer = send(here, "DIGITAL_NONE")
    assert (answer.status, answer.code) == (404, "404")


# --- changing -----------------------------------------------------------------------------------


def modify(bridge: Bridge, code: str, contents: str) -> Answer:
    return bridge.ask("PUT", f"{PATH}/{code}", body([text(contents)], modifierAccount="another"))


@pytest.mark.parametrize("review", [1, 2])
def test_a_template_that_is_not_approved_is_modified_at_tencent(here: Bridge, review: int) -> None:
    code = create(here)
    old = page_code(here)
    here.tencent.review(7000, review, "不行")
    answer = modify(here, code, "新的${a}")
    assert (answer.code, answer["templateCode"]) == ("OK", code)
    assert [call.body["tpl_id"] for call in here.tencent.made("mod_template")] == [7000]
    assert page_code(here) != old
    assert "新的**" in page(f"/m/{page_code(here)}").body.decode()
    assert "Text" in page(f"/m/{old}").body.decode()
    assert query(here, code)["templateStatus"] == 0


def test_an_approved_template_gets_a_new_one_and_what_was_sent_keeps_its_page(
    here: Bridge,
) -> None:
    code = create(here, [text("旧${a}")])
    here.tencent.review(7000, 0)
    assert modify(here, code, "新${b}${a}").code == "OK"
    assert not here.tencent.made("mod_template")
    values = {"a": "1", "b": "2"}
    for phone, tpl_id, params in (
        ("13900000001", 7000, ("1",)),
        ("13900000002", 7001, ("2", "1")),
    ):
        assert send(here, code, phone, values).code == "OK"
        here.pump.drain()
        assert (here.tencent.sent[-1].tpl_id, here.tencent.sent[-1].params) == (tpl_id, params)
        here.tencent.review(7001, 0)
        here.clock.pass_(seconds=31)
    assert "旧**" in page(f"/m/{page_code(here, 7000)}").body.decode()
    assert "新****" in page(f"/m/{page_code(here, 7001)}").body.decode()


def test_a_text_that_reviewers_touched_is_still_known_by_its_link(here: Bridge) -> None:
    code = create(here, [text("甲${a}乙${b}")])
    here.tencent.next("mod_template", lost(read_timeout, sent=False))
    assert modify(here, code, "乙${b}甲${a}").code == "isp.SYSTEM_ERROR"
    template = newest(here)
    template |= {"text": template["text"].replace("甲", "【甲】"), "status": 0}
    assert send(here, code, params={"a": "1", "b": "2"}).code == "OK"
    here.pump.drain()
    assert here.tencent.sent[0].params == ("1", "2")


# --- deleting -----------------------------------------------------------------------------------


def delete(bridge: Bridge, code: str) -> Answer:
    return bridge.ask("DELETE", f"{PATH}/{code}")


def test_a_template_is_deleted_at_tencent_with_all_its_revisions(here: Bridge) -> None:
    code = create(here)
    here.tencent.review(7000, 0)
    modify(here, code, "新的")
    answer = delete(here, code)
    assert (answer.status, answer.code, answer["templateCode"]) == (200, "OK", code)
    assert [call.body["tpl_id"] for call in here.tencent.made("del_template")] == [[7000, 7001]]
    assert not here.tencent.templates


def test_deleting_can_be_repeated(here: Bridge) -> None:
    code = create(here)
    assert [delete(here, code).code for _ in range(3)] == ["OK"] * 3
    assert len(here.tencent.made("del_template")) == 1


def test_a_deleted_template_is_gone_but_its_page_is_not(here: Bridge) -> None:
    code = create(here)
    here.tencent.review(7000, 0)
    shown = page_code(here)
    delete(here, code)
    for answer in (query(here, code), modify(here, code, "新"), send(here, code)):
        assert (answer.status, answer.code) == (404, "404")
        assert "已删除" in answer.message
    assert page(f"/m/{shown}").status_code == 200


def test_a_text_template_that_an_operator_deleted_is_gone_too(here: Bridge) -> None:
    code = here.template("您好")
    templates.delete(code, 0)
    path = f"/sms/smsTemplate/{code}"
    for answer in (
        here.ask("GET", path),
        here.ask("PUT", path, template_body("新")),
        here.campaign(["13900001111"], code=code),
        send(here, code),
    ):
        assert (answer.status, answer.code) == (404, "404")


def test_messages_on_their_way_are_still_settled(here: Bridge) -> None:
    code = create(here)
    here.tencent.review(7000, 0)
    assert send(here, code).code == "OK"
    here.pump.drain()
    delete(here, code)
    here.deliver_all()
    here.pump.drain()
    assert [entry["sendStatus"] for entry in here.quick_audience.receipts] == [2]


def test_where_tencent_does_not_answer_nothing_is_deleted_and_it_may_be_repeated(
    here: Bridge,
) -> None:
    code = create(here)
    here.tencent.next("del_template", lost(read_timeout, sent=True))
    assert delete(here, code).code == "isp.SYSTEM_ERROR"
    assert delete(here, code).code == "OK"
    assert query(here, code).status == 404
    assert len(here.tencent.made("del_template")) == 1


def test_a_refusal_of_tencents_to_delete_is_told(here: Bridge) -> None:
    code = create(here)
    here.tencent.next("del_template", refused(1004, "in review"))
    answer = delete(here, code)
    assert (answer.status, answer.code) == (200, "isv.INVALID_PARAMETERS")
    assert query(here, code).code == "OK"


def test_a_template_that_goes_while_it_is_asked_about_is_gone_the_next_time(here: Bridge) -> None:
    code = create(here)
    here.tencent.next("del_template", and_first(here.tencent.templates.clear, obeyed))
    delete(here, code)
    assert delete(here, code).code == "OK"


# --- the page -----------------------------------------------------------------------------------


def test_the_page_is_html_whatever_is_accepted(here: Bridge) -> None:
    create(here)
    path = f"/m/{page_code(here)}"
    for accept in (
        "text/html",
        "*/*",
        "image/webp,image/*",
        "application/json",
        "application/octet-stream",
        "",
    ):
        answer = page(path, Accept=accept)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.body.decode().startswith("<!doctype html>")


def test_a_page_asks_for_nothing_but_its_own(here: Bridge) -> None:
    create(here)
    answer = page(f"/m/{page_code(here)}")
    policy = answer.headers["Content-Security-Policy"]
    assert f"img-src {OSS};" in policy
    assert "media-src" not in policy
    assert "<script" not in answer.body.decode()
    head = page(f"/m/{page_code(here)}", "HEAD")
    assert (head.status_code, head.body) == (200, b"")
    assert head.headers["Content-Security-Policy"] == policy


@pytest.mark.parametrize(
    "code", ["AbCdEfGhIjK", "x", "%00", "%F0%9F%98%80", "a%2Fb", "A" * 3000, "%"]
)
def test_no_code_makes_a_5xx(here: Bridge, code: str) -> None:
    for method in ("GET", "HEAD"):
        answer = page(f"/m/{code}", method)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
