"""The bodies of Quick Audience's requests: the document's examples, texts, and anything else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.endpoints.envelope import parse
from chalicelib.errors import Refused
from chalicelib.quickaudience.bodies import DigitalTemplate, SendBatchList, Template, read
from tests.support.property_tests import examples
from tests.support.quickaudience_bodies import SEND, TEMPLATE, refused, send, template

# --- the document's examples -------------------------------------------------------------------


def test_the_documents_template_is_read() -> None:
    body = b"""{"remark":"string","templateContent":"string","templateName":"string",
        "templateSubject":"string","templateType":0,"creatorAccount":"string"}"""
    asked = read(Template, parse(body))
    assert asked.model_dump() == {
        "remark": "string",
        "templateContent": "string",
        "templateName": "string",
        "templateType": 0,
        "creatorAccount": "string",
        "modifierAccount": "",
    }


def test_the_documents_campaign_is_read() -> None:
    body = b"""{"limit":0,"relatedAudienceId":"string","relatedTaskId":"string",
        "relatedTaskType":1,"taskCreatorAccount":"string","outId":"string","signName":"string",
        "templateCode":"string","phoneNumberJson":["1390000****","1390001****"],
        "templateParamJson":[{"name":"aaa","age":123},{"name":"bbb","age":456}]}"""
    asked = read(SendBatchList, parse(body))
    assert asked.phoneNumberJson == ["1390000****", "1390001****"]
    assert asked.templateParamJson == [{"name": "aaa", "age": 123}, {"name": "bbb", "age": 456}]
    assert asked.limit is None
    assert asked.relatedTaskType == "1"


# --- texts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["outId", "signName", "templateCode"])
@pytest.mark.parametrize(
    ("value", "text"), [(123, "123"), (0, "0"), (2**64, str(2**64)), ("标识😀", "标识😀")]
)
def test_a_required_text_may_be_a_number(name: str, value: Any, text: str) -> None:
    assert getattr(send(**{name: value}), name) == text


@pytest.mark.parametrize("name", ["signName", "templateCode"])
def test_white_space_around_a_name_is_dropped(name: str) -> None:
    assert getattr(send(**{name: " x\n"}), name) == "x"


def test_an_out_id_is_kept_verbatim() -> None:
    assert send(outId=" x ").outId == " x "


required = pytest.mark.parametrize(
    ("model", "body", "name"),
    [(SendBatchList, SEND, name) for name in ("outId", "signName", "templateCode")]
    + [(Template, TEMPLATE, name) for name in ("templateName", "templateContent")],
    ids=lambda value: value if isinstance(value, str) else "",
)


@required
@pytest.mark.parametrize("value", ["", None, True, [], {}, ["x"]], ids=repr)
def test_a_required_text_of_another_type_is_refused_by_name(
    model: type[Template | SendBatchList], body: dict[str, Any], name: str, value: Any
) -> None:
    assert f"{name}: " in refused(model, body | {name: value})


@required
@pytest.mark.parametrize("value", [" ", "\u3000\n", " " * 600], ids=["space", "wide", "many"])
def test_a_required_text_of_white_space_is_refused_by_name(
    model: type[Template | SendBatchList], body: dict[str, Any], name: str, value: str
) -> None:
    assert f"{name}: " in refused(model, body | {name: value})


@required
@pytest.mark.parametrize("value", ["", "x" * 501], ids=["short", "long"])
def test_a_wrong_length_is_explained_to_the_marketer(
    model: type[Template | SendBatchList], body: dict[str, Any], name: str, value: str
) -> None:
    if value and name in ("signName", "templateCode"):
        value = ""
    assert f"{name}: {'超过' if value else '不能为空'}" in refused(model, body | {name: value})


@pytest.mark.parametrize(
    ("model", "body"), [(SendBatchList, SEND), (Template, TEMPLATE)], ids=["send", "template"]
)
def test_all_that_is_missing_is_named_at_once(
    model: type[Template | SendBatchList], body: dict[str, Any]
) -> None:
    message = refused(model, {})
    for name in body.keys() - {"remark"}:
        assert f"{name}: 缺少该字段" in message


@pytest.mark.parametrize(("name", "most"), [("templateName", 30), ("templateContent", 500)])
def test_a_template_may_be_as_long_as_documented_and_no_longer(name: str, most: int) -> None:
    assert getattr(template(**{name: "长" * most}), name) == "长" * most
    assert f"{name}: " in refused(Template, TEMPLATE | {name: "长" * (most + 1)})
    assert str(most) in refused(Template, TEMPLATE | {name: "长" * (most + 1)})


def test_an_out_id_has_at_most_256_characters() -> None:
    assert len(send(outId="x" * 256).outId) == 256
    assert "outId: " in refused(SendBatchList, SEND | {"outId": "x" * 257})


@pytest.mark.parametrize("name", ["signName", "templateCode"])
def test_a_name_that_is_too_long_for_a_key_is_refused(name: str) -> None:
    assert name in refused(SendBatchList, SEND | {name: "x" * 3000})


def test_a_refusal_holds_nothing_of_what_was_sent() -> None:
    secret = "13900001111-secret"
    message = refused(
        SendBatchList, {"outId": [secret], "limit": secret, "phoneNumberJson": {secret: secret}}
    )
    assert secret not in message


@pytest.mark.parametrize(
    ("model", "body"), [(SendBatchList, SEND), (Template, TEMPLATE)], ids=["send", "template"]
)
def test_unknown_fields_are_ignored(
    model: type[Template | SendBatchList], body: dict[str, Any]
) -> None:
    more: dict[str, Any] = {"templateSubject": "string", "x" * 1000: {"y": []}, "": None}
    assert read(model, body | more) == read(model, body)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, ""),
        ("null", ""),
        ("", ""),
        (0, "0"),
        (2, "2"),
        ("1,2", "1,2"),
        ("x" * 999, "x" * 255),
        ([1], "[…]"),
        (True, "True"),
    ],
    ids=lambda value: repr(value)[:12],
)
@pytest.mark.parametrize(
    "name", ["relatedAudienceId", "relatedTaskId", "relatedTaskType", "taskCreatorAccount"]
)
def test_fields_that_are_only_stored_are_never_refused(name: str, value: Any, kept: str) -> None:
    assert getattr(send(**{name: value}), name) == kept


@pytest.mark.parametrize("name", ["remark", "creatorAccount", "modifierAccount"])
@pytest.mark.parametrize("value", [None, "", "x" * 999, 5])
def test_accounts_and_remarks_are_never_refused(name: str, value: Any) -> None:
    assert len(getattr(template(**{name: value}), name)) <= 255


# --- templateType ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
@pytest.mark.parametrize("write", [int, str, " {} ".format], ids=["number", "text", "padded"])
def test_a_template_type_is_a_number_or_a_text(kind: int, write: Any) -> None:
    asked = template(templateType=write(kind)).templateType
    assert asked == kind
    assert type(asked) is int


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        -1,
        4,
        10,
        "4",
        "00",
        "+1",
        "1.0",
        True,
        False,
        "true",
        [],
        [1],
        {},
        "２",
        "²",
        "1_0",
    ],
    ids=repr,
)
def test_any_other_template_type_is_refused_by_name(value: Any) -> None:
    assert "templateType: " in refused(Template, TEMPLATE | {"templateType": value})


# --- any body ----------------------------------------------------------------------------------

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["[]", "{}", "null", '"', '["1"]', '{"a":1}', '"[1]"']),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from([*SEND, "templateParamJson", "limit", "relatedTaskType"]), values
    )
)
@examples(150)
def test_any_body_is_read_or_refused(changes: dict[str, Any]) -> None:
    try:
        asked = send(**changes)
    except Refused:
        return
    assert asked.phoneNumberJson
    assert all(phone == phone.strip() != "" for phone in asked.phoneNumberJson)
    assert len(asked.templateParamJson) in (0, 1, len(asked.phoneNumberJson))
    assert all(isinstance(one, dict) for one in asked.templateParamJson)
    assert asked.limit is None or asked.limit > 0


@given(st.dictionaries(st.sampled_from([*TEMPLATE, "creatorAccount"]), values))
@examples(100)
def test_any_template_is_read_or_refused(changes: dict[str, Any]) -> None:
    try:
        asked = template(**changes)
    except Refused:
        return
    assert len(asked.templateName) <= 30
    assert len(asked.templateContent) <= 500
    assert asked.templateType in (0, 1, 2, 3)


PART: dict[str, Any] = {"fileSuffix": "txt", "fileContents": "文本", "index": "1"}


@pytest.mark.parametrize(
    ("given", "count"),
    [
        (PART, 1),
        ([PART], 1),
        ([PART] * 100, 100),
        (json.dumps(PART), 1),
        (json.dumps([PART, PART]), 2),
        ([json.dumps(PART)] * 3, 3),
        (json.dumps(json.dumps([json.dumps(PART)])), 1),
    ],
)
def test_a_list_of_parts_is_read_in_many_forms(given: Any, count: int) -> None:
    body = {"templateTheme": "主题", "templateContent": given}
    assert read(DigitalTemplate, body).templateContent == [PART] * count


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            "文本",
            '必须是列表或其 JSON 文本, 例如 [{"fileSuffix":"txt","fileContents":"文本","index":"1"}]',
        ),
        (7, "必须是列表或其 JSON 文本"),
        ([PART] * 101, "最多 100 个部分"),
        ([PART, "文本"], "第 2 个元素不是 JSON 对象"),
        ([[PART]], "第 1 个元素不是 JSON 对象"),
    ],
)
def test_an_invalid_list_of_parts_is_refused_with_its_place(given: Any, problem: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(DigitalTemplate, {"templateTheme": "主题", "templateContent": given})
    assert f"templateContent: {problem}" in refusal.value.message
