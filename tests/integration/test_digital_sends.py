"""§11: campaigns with digital templates. Each kind of template is known to its own interfaces only."""

import pytest

from tests.support.in_process.bridge import Bridge, template_body
from tests.support.in_process.digital import OSS, PATH, body, campaign, create, file, send, text

# --- the two kinds ------------------------------------------------------------------------------


@pytest.fixture
def both(here: Bridge) -> tuple[Bridge, str, str]:
    """A bridge with an approved text template and an approved digital one."""
    plain = here.template("您好")
    digital = create(here)
    here.tencent.review(7001, 0)
    return here, plain, digital


def test_a_digital_template_is_404_in_the_text_endpoints(both: tuple[Bridge, str, str]) -> None:
    bridge, _, digital = both
    made = len(bridge.tencent.calls)
    for method, asked in (("GET", None), ("PUT", template_body("新"))):
        answer = bridge.ask(method, f"/sms/smsTemplate/{digital}", asked)
        assert (answer.status, answer.code) == (404, "404")
        assert "digitalSmsTemplate" in answer.message
    assert len(bridge.tencent.calls) == made


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_text_template_is_404_in_the_digital_endpoints(
    both: tuple[Bridge, str, str], method: str
) -> None:
    bridge, plain, _ = both
    made = len(bridge.tencent.calls)
    answer = bridge.ask(method, f"{PATH}/{plain}", body() if method == "PUT" else None)
    assert (answer.status, answer.code) == (404, "404")
    assert len(bridge.tencent.calls) == made


def test_a_template_is_sent_only_by_the_interface_of_its_kind(
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


def test_a_digital_template_is_404_for_a_file_of_recipients(
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


def test_a_digital_campaign_is_sent_like_a_text_campaign(here: Bridge) -> None:
    code = create(here, [text("${name}您好"), file("mp4", index=2)])
    here.tencent.review(7000, 0)
    # The document's recipients without masks, and its parameters.
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
    reported = [entry for entry in here.quick_audience.receipts if entry["outId"] == "string"]
    assert {(entry["phoneNum"], entry["sendStatus"]) for entry in reported} == {
        ("13900001111", 2),
        ("13900011111", 2),
    }


def test_the_documents_masked_numbers_are_refused(here: Bridge) -> None:
    code = create(here)
    here.tencent.review(7000, 0)
    answer = campaign(here, code, ["1390000****", "1390001****"])
    assert (answer.status, answer.code) == (200, "isv.MOBILE_NUMBER_ILLEGAL")


def test_the_documents_example_names_an_unknown_sign(here: Bridge) -> None:
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
