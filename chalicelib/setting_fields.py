"""How settings are defined as the fields of a dataclass, and read from environment variables."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from chalicelib.errors import ConfigurationError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

Environment = Mapping[str, str]


def setting(
    variable: str,
    shape: str,
    read: Callable[[str], Any] = str,
    *,
    default: Any = MISSING,
    unset: Callable[[Environment], Any] | None = None,
    check: Callable[[Any, Environment], None] | None = None,
    secret: bool = False,
) -> Any:
    """Define a setting: its environment variable, a description of its format, and the function that parses it.

    A default is used as it is, without parsing. A setting without a default is required. Two functions depend on the
    other variables, too: `unset` returns the value of a variable that is not set, in place of the default; `check`
    refuses a value. All three functions raise ValueError with a text that says what is wrong and does not contain the
    value of a secret.
    """
    metadata = {"variable": variable, "shape": shape, "read": read, "unset": unset, "check": check}
    return field(default=default, repr=not secret, metadata=metadata)


def required_if(condition: Callable[[Environment], bool], why: str) -> Callable[[Environment], str]:
    """Return the `unset` of a setting that is required under a condition, and otherwise empty."""

    def unset(environment: Environment) -> str:
        if condition(environment):
            raise ValueError(why)
        return ""

    return unset


def read_all(settings: type[T], environment: Environment) -> T:
    """Read the settings that a dataclass defines.

    An empty variable counts as unset, because CloudFormation writes absent values that way. Raises ConfigurationError,
    which lists all wrong settings.
    """
    values: dict[str, Any] = {}
    errors = []
    for one in fields(settings):
        variable, shape = one.metadata["variable"], one.metadata["shape"]
        try:
            values[one.name] = _value(one, environment)
        except ValueError as error:
            errors.append(f"{variable} {error} (expected: {shape})")
    if errors:
        raise ConfigurationError(
            "wrong settings: "
            + "; ".join(errors)
            + ". Set them in the stage's environment_variables in "
            ".chalice/config.json."
        )
    return settings(**values)


def _value(one: Field[Any], environment: Environment) -> Any:
    rules = one.metadata
    if text := environment.get(rules["variable"]):
        value = rules["read"](text)
        if check := rules["check"]:
            check(value, environment)
        return value
    if unset := rules["unset"]:
        return unset(environment)
    if one.default is MISSING:
        raise ValueError("is not set")
    return one.default
