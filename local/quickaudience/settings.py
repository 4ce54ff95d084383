"""The simulator's settings, which are chosen at start and can be changed while it runs."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from .wire import WireModel

DEFAULT_KEY = "local-qa-key"
DEFAULT_PLATFORM_NAME = "qa-sms-bridge"

Refusals = Literal["http", "body"]


class Settings(WireModel):
    """The simulator's settings."""

    bridge_url: str | None = None
    """Prefix of the platform to call; None while it is unknown."""
    bridge_timeout_seconds: Annotated[float, Field(gt=0)] = 30.0
    key: Annotated[str, Field(min_length=1, repr=False)] = DEFAULT_KEY
    auth: bool = True
    platform_name: Annotated[str, Field(min_length=1)] = DEFAULT_PLATFORM_NAME
    clock_skew_seconds: Annotated[int, Field(ge=0)] = 900
    """Maximum distance of a push's timestamp from now; 0 turns the check off."""
    max_entries: Annotated[int, Field(ge=1)] = 100
    """Maximum number of entries in one push."""
    success_code: Literal["200", "OK", 200] = "200"
    """The code that an accepted push is answered with.

    The document allows the first two; some JSON mappers produce the third.
    """
    refusals: Refusals = "http"
    """Whether a refusal also sets the HTTP status, or only the ``code`` of an HTTP 200."""
    block_after: Annotated[int, Field(ge=1)] = 5
    """Number of consecutive authentication failures that block the sender."""
    block_window_seconds: Annotated[float, Field(gt=0)] = 300.0
    """Failures older than this are not counted."""
    block_seconds: Annotated[float, Field(gt=0)] = 1800.0

    @field_validator("key")
    @classmethod
    def _first_key(cls, value: str) -> str:
        """Return the first of the keys that the platform has while its key is being changed."""
        keys = [key.strip() for key in value.split(",") if key.strip()]
        return keys[0] if len(keys) > 1 else value

    @field_validator("bridge_url")
    @classmethod
    def _prefix(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/") if value else None
