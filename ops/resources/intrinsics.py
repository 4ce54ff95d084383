"""CloudFormation's intrinsic functions, parameters and deletion policies, as dicts."""

from typing import Any

DELETED = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
"""What CloudFormation does by default; explicit, because data in the resource are lost with it."""


def ref(name: str) -> dict[str, Any]:
    """Return a reference to a parameter or a resource."""
    return {"Ref": name}


def sub(text: str) -> dict[str, Any]:
    """Return a text in which CloudFormation replaces each `${Name}`."""
    return {"Fn::Sub": text}


def attribute(resource: str, name: str) -> dict[str, Any]:
    """Return an attribute of a resource, such as its Arn."""
    return {"Fn::GetAtt": [resource, name]}


def is_set(parameter: str) -> dict[str, Any]:
    """Return a condition that holds if a parameter is not empty."""
    return {"Fn::Not": [{"Fn::Equals": [ref(parameter), ""]}]}


def text(description: str, **limits: Any) -> dict[str, Any]:
    """Return a parameter that is a text. `Default` and `MinLength` are CloudFormation's own names."""
    return {"Type": "String", **limits, "Description": description}


def number(
    description: str, default: int, at_least: int, at_most: int | None = None
) -> dict[str, Any]:
    """Return a parameter that is a number, with its limits."""
    limits = {"MinValue": at_least} | ({} if at_most is None else {"MaxValue": at_most})
    return {"Type": "Number", "Default": default, **limits, "Description": description}
