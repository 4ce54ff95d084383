"""Find what a CloudFormation template refers to and doesn't define. CloudFormation refuses such a template."""

import re
from collections.abc import Iterator
from typing import Any

_PSEUDO_PARAMETERS = {
    f"AWS::{name}"
    for name in (
        *("AccountId", "NoValue", "NotificationARNs", "Partition"),
        *("Region", "StackId", "StackName", "URLSuffix"),
    )
}
# `${!Name}` is the text "${Name}".
_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")


def dangling(template: dict[str, Any]) -> list[str]:
    """Return the names that are referred to and not defined, sorted."""
    resources = template["Resources"].keys()
    defined = resources | template.get("Parameters", {}).keys() | _PSEUDO_PARAMETERS
    conditions = template.get("Conditions", {}).keys()
    parts = {name: template.get(name, {}) for name in ("Conditions", "Resources", "Outputs")}
    found = {name for name in _references(parts) if name not in defined}
    found |= {name for name in _conditions(template) if name not in conditions}
    found |= {name for name in _dependencies(template) if name not in resources}
    return sorted(found)


def _references(value: Any) -> Iterator[str]:
    """Yield every parameter or resource that a value refers to by Ref, Fn::GetAtt or Fn::Sub."""
    if isinstance(value, list):
        for one in value:
            yield from _references(one)
    elif isinstance(value, dict):
        for name, content in value.items():
            if name == "Ref":
                yield content
            elif name == "Fn::GetAtt":
                yield content[0] if isinstance(content, list) else content.partition(".")[0]
            elif name == "Fn::Sub":
                yield from _of_sub(content)
            else:
                yield from _references(content)


def _of_sub(content: Any) -> Iterator[str]:
    text, own = (content, {}) if isinstance(content, str) else content
    for variable in _VARIABLE.findall(text):
        if variable not in own:
            yield variable.partition(".")[0]
    yield from _references(own)


def _conditions(template: dict[str, Any]) -> Iterator[str]:
    for part in ("Resources", "Outputs"):
        for one in template.get(part, {}).values():
            if "Condition" in one:
                yield one["Condition"]
    yield from _ifs(template)


def _ifs(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _ifs(one)
    elif isinstance(value, dict):
        for name, content in value.items():
            if name == "Fn::If":
                yield content[0]
            yield from _ifs(content)


def _dependencies(template: dict[str, Any]) -> Iterator[str]:
    for resource in template["Resources"].values():
        depends = resource.get("DependsOn", [])
        yield from [depends] if isinstance(depends, str) else depends
