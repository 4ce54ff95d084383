"""What of the simulator can be chosen, at start or while it runs."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from .wire import WireModel

DEFAULT_KEY = "local-qa-key"
DEFAULT_PLATFORM_NAME = "qa-sms-bridge"

Refusals = Literal["http", "body"]


class Settings(WireModel):
    """The simulator's switches."""

    bridge_url: str | None = None
    """Prefix of the platform to call; None while it is not known."""
    bridge_timeout_seconds: Annotated[float, Field(gt=0)] = 30.0
    key: Annotated[str, Field(min_length=1, repr=False)] = DEFAULT_KEY
    auth: bool = True
    platform_name: Annotated[str, Field(min_length=1)] = DEFAULT_PLATFORM_NAME
    clock_skew_seconds: Annotated[int, Field(ge=0)] = 900
    """Greatest distance of a push's timestamp from now; 0 turns the check off."""
    max_entries: Annotated[int, Field(ge=1)] = 100
    """Most entries of one push."""
    success_code: Literal["200", "OK", 200] = "200"
    """What a push that went well is answered: the document allows two, and mappers make a third."""
    refusals: Refusals = "http"
    """Whether a refusal shows in the HTTP status too, or only as ``code`` of an HTTP 200."""
    block_after: Annotated[int, Field(ge=1)] = 5
    """Authentication failures in a row that get the sender blocked."""
    block_window_seconds: Annotated[float, Field(gt=0)] = 300.0
    """Failures further back than this are forgiven."""
    block_seconds: Annotated[float, Field(gt=0)] = 1800.0

    @field_validator("bridge_url")
    @classmethod
    def _prefix(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/") if value else None
