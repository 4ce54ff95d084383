"""The bodies that Quick Audience sends, as pydantic models.

A value that makes no sense is refused with the field's name. `json_schema_input_type` says what is accepted,
for docs/openapi.json.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError

from chalicelib.errors import Refused
from chalicelib.quickaudience import coercion


def _anything(read: Callable[[Any], Any]) -> BeforeValidator:
    """A field that no value is wrong for."""
    return BeforeValidator(read, json_schema_input_type=Any)


def _required(most: int, *, strip: bool = True) -> BeforeValidator:
    """A text, or a number written without quotes, of one to so many characters."""

    def check(value: Any) -> str:
        text = coercion.as_text(value)
        if not isinstance(text, str):
            raise ValueError("必须是文本")
        if not text.strip():
            raise ValueError("不能为空")
        text = text.strip() if strip else text
        if len(text) > most:
            raise ValueError(f"超过 {most} 个字符")
        return text

    return BeforeValidator(
        check, json_schema_input_type=Annotated[str, Field(min_length=1, max_length=most)] | int
    )


Name = Annotated[str, _required(coercion.MAX_NAME)]
# Kept as it is, white space included: receipts have to name the same one.
OutId = Annotated[str, _required(256, strip=False)]
Audit = Annotated[str, _anything(coercion.audit)]
_Object = dict[str, Any]


class _Body(BaseModel):
    """Unknown fields are ignored: the document's own examples hold some."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class Template(_Body):
    """§2 and §3. Over-long texts are refused; a missing or long account is nobody's harm, it is only kept."""

    templateName: Annotated[str, _required(30)]  # noqa: N815
    templateContent: Annotated[str, _required(500)]  # noqa: N815
    templateType: Annotated[  # noqa: N815
        int,
        BeforeValidator(
            coercion.template_type, json_schema_input_type=Literal["0", "1", "2", "3", 0, 1, 2, 3]
        ),
    ]
    remark: Audit = ""
    creatorAccount: Audit = ""  # noqa: N815
    modifierAccount: Audit = ""  # noqa: N815


class DigitalTemplate(_Body):
    """§7 and §8. What a part may be is `campaigns/digital.py`'s business.

    `isVariable` is not looked at: the content says whether it has variables. Nor is `smsSignName`, which
    the document's own examples leave out: each campaign names its sign.
    """

    templateTheme: Annotated[str, _required(30)]  # noqa: N815
    templateContent: Annotated[  # noqa: N815
        list[_Object],
        BeforeValidator(coercion.parts, json_schema_input_type=list[_Object | str] | _Object | str),
    ]
    remark: Audit = ""
    creatorAccount: Audit = ""  # noqa: N815
    modifierAccount: Audit = ""  # noqa: N815


class Send(_Body):
    """What every request to send has."""

    outId: OutId  # noqa: N815
    signName: Name  # noqa: N815
    templateCode: Name  # noqa: N815
    limit: Annotated[int | None, _anything(coercion.limit)] = None


class SendBatch(Send):
    """§5. `isVariable` is not looked at: the template says whether it has variables.

    Its table has 0 or 1 there, its example "string", and §7 a boolean.
    """

    phoneOssUrl: Annotated[str, _required(4096)]  # noqa: N815


class SendBatchList(Send):
    """§6. Its lists are not looked through a second time, nor copied: they may be most of six megabytes."""

    phoneNumberJson: Annotated[  # noqa: N815
        list[str],
        PlainValidator(coercion.phones, json_schema_input_type=list[str | int] | str | int),
    ]
    templateParamJson: Annotated[  # noqa: N815
        list[_Object],
        PlainValidator(
            coercion.params,
            json_schema_input_type=list[_Object | str | None] | _Object | str | None,
        ),
    ] = []
    relatedAudienceId: Audit = ""  # noqa: N815
    relatedTaskId: Audit = ""  # noqa: N815
    relatedTaskType: Audit = ""  # noqa: N815
    taskCreatorAccount: Audit = ""  # noqa: N815


class SendDetails(_Body):
    """§12. Pages count from 1; a page or a size that makes no sense becomes the first, or the largest."""

    outId: OutId  # noqa: N815
    currentPage: Annotated[int, _anything(coercion.page)] = 1  # noqa: N815
    pageSize: Annotated[int, _anything(coercion.page_size)] = coercion.MAX_ROWS  # noqa: N815
    startDate: Annotated[str, _anything(coercion.moment)] = ""  # noqa: N815
    endDate: Annotated[str, _anything(coercion.moment)] = ""  # noqa: N815


Model = TypeVar("Model", bound=_Body)


def read(model: type[Model], body: dict[str, Any]) -> Model:
    """Read a body. Raises Refused (isv.INVALID_PARAMETERS), naming every field that is wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        problems = []
        for problem in error.errors(include_url=False, include_input=False):
            reason = str(problem.get("ctx", {}).get("error") or problem["msg"])
            if problem["type"] == "missing":
                reason = "缺少该字段"
            problems.append(f"{problem['loc'][0]}: {reason}" if problem["loc"] else reason)
        raise Refused("isv.INVALID_PARAMETERS", "; ".join(problems)) from None
