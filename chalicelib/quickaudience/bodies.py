"""The bodies that Quick Audience sends, as pydantic models.

A value that can't be understood is refused with the field's name. `json_schema_input_type` describes the accepted
values for docs/openapi.json.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError

from chalicelib.errors import Refused
from chalicelib.quickaudience import coercion


def _anything(read: Callable[[Any], Any]) -> BeforeValidator:
    """Return the validator of a field that accepts any value, read by `read`."""
    return BeforeValidator(read, json_schema_input_type=Any)


def _required(max_length: int, *, strip: bool = True) -> BeforeValidator:
    """Return the validator of a text, or a whole number without quotes, of 1 to `max_length` characters."""

    def check(value: Any) -> str:
        text = coercion.as_text(value)
        if not isinstance(text, str):
            raise ValueError("必须是文本")
        if not text.strip():
            raise ValueError("不能为空")
        text = text.strip() if strip else text
        if len(text) > max_length:
            raise ValueError(f"超过 {max_length} 个字符")
        return text

    return BeforeValidator(
        check,
        json_schema_input_type=Annotated[str, Field(min_length=1, max_length=max_length)] | int,
    )


Name = Annotated[str, _required(coercion.MAX_NAME)]
# White space is kept, because receipts must name exactly the same outId.
OutId = Annotated[str, _required(256, strip=False)]
Audit = Annotated[str, _anything(coercion.audit)]
_Object = dict[str, Any]


class _Body(BaseModel):
    """Base of the bodies. Unknown fields are ignored, because the document's own examples contain some."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class Template(_Body):
    """§2 and §3. A name or content that is too long is refused. Fields that are only stored may be long or missing."""

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
    """§7 and §8. `domain/digital_message.py` checks the parts.

    `isVariable` is not read: the content shows whether it has variables. Nor is `smsSignName`, which the
    document's own examples leave out: each campaign names its sign.
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
    """The fields that every request to send has."""

    outId: OutId  # noqa: N815
    signName: Name  # noqa: N815
    templateCode: Name  # noqa: N815
    limit: Annotated[int | None, _anything(coercion.limit)] = None


class SendBatch(Send):
    """§5. `isVariable` is not read: the template shows whether it has variables.

    The document's table has 0 or 1 there, its example "string", and §7 a boolean.
    """

    phoneOssUrl: Annotated[str, _required(4096)]  # noqa: N815


class SendBatchList(Send):
    """§6 and §11. pydantic neither validates nor copies the lists again: they may take up to six megabytes."""

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
    """§12. Pages count from 1. A page that can't be understood becomes the first, a page size the largest."""

    outId: OutId  # noqa: N815
    currentPage: Annotated[int, _anything(coercion.page)] = 1  # noqa: N815
    pageSize: Annotated[int, _anything(coercion.page_size)] = coercion.MAX_ROWS  # noqa: N815
    startDate: Annotated[str, _anything(coercion.moment)] = ""  # noqa: N815
    endDate: Annotated[str, _anything(coercion.moment)] = ""  # noqa: N815


Model = TypeVar("Model", bound=_Body)


def read(model: type[Model], body: dict[str, Any]) -> Model:
    """Validate a body. Raises Refused (isv.INVALID_PARAMETERS) with the name of every wrong field."""
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
