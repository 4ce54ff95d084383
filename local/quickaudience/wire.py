"""The base of every JSON body of this simulator: camelCase keys, and no undocumented ones."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel


class WireModel(BaseModel):
    """A JSON object with camelCase keys. Values are not converted between types."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True
    )


def first_problem(error: ValidationError) -> str:
    """Return the path of the first invalid field of a body, and the reason."""
    problem: Any = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field_path = ""
    for part in problem["loc"]:
        if isinstance(part, int):
            field_path += f"[{part}]"
        else:
            field_path += f".{part}" if field_path else part
    message = problem["msg"].removeprefix("Value error, ")
    return f"{field_path}: {message}" if field_path else message
