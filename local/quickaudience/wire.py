"""What every JSON body of this simulator has in common: camel case, nothing undocumented."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel


class WireModel(BaseModel):
    """A JSON object with camelCase keys, whose values are never converted to fit."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True
    )


def first_problem(error: ValidationError) -> str:
    """Name the first wrong field of a body and say what is wrong with it."""
    problem: Any = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ""
    for part in problem["loc"]:
        if isinstance(part, int):
            where += f"[{part}]"
        else:
            where += f".{part}" if where else part
    message = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
