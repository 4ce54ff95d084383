"""The environment as one typed model: every name that the bridge reads, its shape, its default.

`load()` reads it once per process. A wrong setting raises ConfigurationError, which lists every
wrong name at once with the shape it should have; no value of a secret is ever in such a text.
"""

import functools
import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from chalicelib.errors import ConfigurationError


def _split(value: Any) -> Any:
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


Text = Annotated[str, StringConstraints(min_length=1)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+(/\S*)?$", strip_whitespace=True)]
Names = Annotated[tuple[str, ...], BeforeValidator(_split)]


class Settings(BaseModel):
    """The settings of one stage: one Tencent application, one Quick Audience platform."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, hide_input_in_errors=True)

    platform_name: Text = Field(
        alias="QA_PLATFORM_NAME", description="API name entered in Quick Audience"
    )
    qa_auth: Literal["on", "off"] = Field("on", alias="QA_AUTH", description="on or off")
    qa_key_source: SecretStr = Field(
        SecretStr(""),
        validate_default=True,
        alias="QA_KEY",
        description="key shared with Quick Audience, or ssm:/name of it",
    )
    qa_base_url: Url = Field(
        "https://quicka.aliyun.com",
        alias="QA_BASE_URL",
        description="http(s) address without a path",
    )
    qa_receipts: Literal["push", "poll"] = Field(
        "push", alias="QA_RECEIPTS", description="push or poll"
    )
    qa_clock_skew_seconds: int = Field(
        900, ge=0, alias="QA_CLOCK_SKEW_SECONDS", description="whole seconds, 0 turns the check off"
    )
    tencent_sdk_app_id: Annotated[
        str, StringConstraints(pattern=r"^[0-9]+$", strip_whitespace=True)
    ] = Field(
        alias="TENCENT_SDK_APP_ID", description="digits: SDKAppID of the Tencent SMS application"
    )
    tencent_app_key_source: SecretStr = Field(
        alias="TENCENT_APP_KEY",
        min_length=1,
        description="App Key of that application, or ssm:/name of it",
    )
    tencent_base_url: Url = Field(
        "https://yun.tim.qq.com/v5/tlssmssvr",
        alias="TENCENT_BASE_URL",
        description="root of the v5 API",
    )
    tencent_callback_tokens_source: SecretStr = Field(
        alias="TENCENT_CALLBACK_TOKENS",
        min_length=1,
        description="comma-separated secrets of the callback URL, or ssm:/name of them",
    )
    tencent_receipts: Literal["callback", "pull"] = Field(
        "callback", alias="TENCENT_RECEIPTS", description="callback or pull"
    )
    oss_allowed_hosts: Names = Field(
        (".aliyuncs.com",), alias="OSS_ALLOWED_HOSTS", description="comma-separated host suffixes"
    )
    public_base_url: Url = Field(
        "",
        alias="PUBLIC_BASE_URL",
        description="public http(s) address under which message pages are linked",
    )
    table: Text = Field(
        "qa-sms-bridge-local", alias="BRIDGE_TABLE", description="name of the DynamoDB table"
    )
    queue_prefix: Text = Field(
        "qa-sms-bridge-local-",
        alias="BRIDGE_QUEUE_PREFIX",
        description="start of the queues' names",
    )

    @field_validator("qa_key_source")
    @classmethod
    def _key_unless_off(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("qa_auth") != "off" and not key.get_secret_value():
            raise ValueError("is required unless QA_AUTH=off")
        return key

    @field_validator("tencent_app_key_source", "tencent_callback_tokens_source")
    @classmethod
    def _not_blank(cls, secret: SecretStr) -> SecretStr:
        if not _tokens(secret.get_secret_value()):
            raise ValueError("is blank")
        return secret

    @property
    def qa_key(self) -> str:
        """The key shared with Quick Audience; "" where authentication is off and none is set."""
        return _reveal(self.qa_key_source)

    @property
    def tencent_app_key(self) -> str:
        """The App Key; stripped, since a space copied with it is the commonest cause of error 1001."""
        return _reveal(self.tencent_app_key_source).strip()

    @property
    def tencent_callback_tokens(self) -> list[str]:
        """The secrets that open the callback URL: two while one is being replaced."""
        return _tokens(_reveal(self.tencent_callback_tokens_source))


def _tokens(text: str) -> list[str]:
    return [token.strip() for token in text.split(",") if token.strip()]


def _reveal(source: SecretStr) -> str:
    value = source.get_secret_value()
    if not value.startswith("ssm:"):
        return value
    # Imported only where it is used. The library keeps the value for five minutes, so that a rotated
    # secret arrives without a new deployment.
    from aws_lambda_powertools.utilities import parameters  # noqa: PLC0415

    return parameters.get_parameter(value.removeprefix("ssm:"), decrypt=True, max_age=300)


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read the settings. An empty variable counts as unset, as CloudFormation writes absent values so."""
    known = {field.alias for field in Settings.model_fields.values()}
    given = {name: value for name, value in environment.items() if name in known and value != ""}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        # A default that is wrong is reported under its field's name, a given value under its alias.
        fields = dict(Settings.model_fields)
        fields |= {field.alias or name: field for name, field in Settings.model_fields.items()}
        wrong = []
        for problem in error.errors(include_url=False, include_input=False):
            field = fields[str(problem["loc"][0])]
            what = "is not set" if problem["type"] == "missing" else problem["msg"]
            wrong.append(f"{field.alias} {what} (expected: {field.description})")
        raise ConfigurationError(
            "wrong settings: "
            + "; ".join(wrong)
            + ". Set them in the stage's environment_variables in "
            ".chalice/config.json."
        ) from None


@functools.cache
def load() -> Settings:
    """The settings of this process."""
    return from_environment(os.environ)
