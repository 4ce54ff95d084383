import traceback
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parameters.constants import DEFAULT_PROVIDERS

from chalicelib import setting_formats, settings
from chalicelib.errors import ConfigurationError
from chalicelib.settings import Settings, from_environment
from tests.support.settings import ENVIRONMENT

SECRETS = {
    "QA_KEY": "k3y-of-quick-audience",
    "TENCENT_APP_KEY": "4pp-k3y",
    "TENCENT_CALLBACK_TOKENS": "t0ken-one,t0ken-two",
}


def read(**changes: str) -> Settings:
    return from_environment(ENVIRONMENT | changes)


def refused(environment: Mapping[str, str]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        from_environment(environment)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("qa_auth", "on"),
        ("qa_base_url", "https://quicka.aliyun.com"),
        ("qa_receipts", "push"),
        ("qa_clock_skew_seconds", 900),
        ("tencent_base_url", "https://yun.tim.qq.com/v5/tlssmssvr"),
        ("tencent_receipts", "callback"),
        ("oss_allowed_hosts", (".aliyuncs.com",)),
        ("public_base_url", ""),
        ("segment_price", None),
        ("failure_alarm", "20% of 100"),
        ("pause_on_failures", "off"),
        ("table", "qa-sms-bridge-local"),
        ("queue_prefix", "qa-sms-bridge-local-"),
    ],
)
def test_a_setting_that_is_not_given_has_the_contracts_default(name: str, default: Any) -> None:
    assert getattr(read(), name) == default


@pytest.mark.parametrize(
    ("variable", "name", "value"),
    [
        ("QA_PLATFORM_NAME", "platform_name", "腾讯 短信"),
        ("QA_KEY", "qa_key", " key with spaces "),
        ("QA_AUTH", "qa_auth", "off"),
        ("QA_BASE_URL", "qa_base_url", "https://quicka-shanghai.aliyun.com"),
        ("QA_RECEIPTS", "qa_receipts", "poll"),
        ("TENCENT_SDK_APP_ID", "tencent_sdk_app_id", "0014"),
        ("TENCENT_APP_KEY", "tencent_app_key", "密钥"),
        ("TENCENT_BASE_URL", "tencent_base_url", "http://127.0.0.1:9000/v5/tlssmssvr/"),
        ("TENCENT_RECEIPTS", "tencent_receipts", "pull"),
        ("PUBLIC_BASE_URL", "public_base_url", "https://m.example.cn"),
        ("BRIDGE_TABLE", "table", "t"),
        ("BRIDGE_QUEUE_PREFIX", "queue_prefix", "q-"),
    ],
)
def test_a_setting_is_read_from_its_variable(variable: str, name: str, value: str) -> None:
    assert getattr(read(**{variable: value}), name) == value


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("1", 1), ("86400", 86400)])
def test_the_clock_skew_is_a_number(text: str, seconds: int) -> None:
    assert read(QA_CLOCK_SKEW_SECONDS=text).qa_clock_skew_seconds == seconds


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        (".aliyuncs.com", (".aliyuncs.com",)),
        (".a.com,.b.com", (".a.com", ".b.com")),
        (" .a.com , http://127.0.0.1:9000 ,", (".a.com", "http://127.0.0.1:9000")),
        (",", ()),
    ],
)
def test_hosts_are_separated_by_commas(text: str, hosts: tuple[str, ...]) -> None:
    assert read(OSS_ALLOWED_HOSTS=text).oss_allowed_hosts == hosts


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("one", ["one"]),
        ("one,two", ["one", "two"]),
        (" one , two ,", ["one", "two"]),
        ("令牌,two", ["令牌", "two"]),
    ],
)
def test_callback_tokens_are_separated_by_commas(text: str, tokens: list[str]) -> None:
    assert read(TENCENT_CALLBACK_TOKENS=text).tencent_callback_tokens == tokens


@pytest.mark.parametrize("text", [",", " ", " , ,"], ids=repr)
def test_a_list_without_any_token_is_refused(text: str) -> None:
    assert "TENCENT_CALLBACK_TOKENS" in refused(ENVIRONMENT | {"TENCENT_CALLBACK_TOKENS": text})


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("203.0.113.7", {"203.0.113.7"}),
        (" 203.0.113.0/24 , 2001:db8::1,", {"203.0.113.0/24", "2001:db8::1"}),
        ("203.0.113.7/24", {"203.0.113.7/24"}),
    ],
)
def test_source_addresses_are_separated_by_commas(text: str, networks: set[str]) -> None:
    assert read(QA_SOURCE_ADDRESSES=text).qa_source_addresses == networks
    assert read().qa_source_addresses == set()


@pytest.mark.parametrize("text", [",", " ", "quicka.aliyun.com", "203.0.113.7-9", "203.0.113.0/33"])
def test_a_source_that_is_no_address_is_refused(text: str) -> None:
    assert "QA_SOURCE_ADDRESSES" in refused(ENVIRONMENT | {"QA_SOURCE_ADDRESSES": text})


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("one", ("one",)),
        (" one key ", (" one key ",)),
        ("new,old", ("new", "old")),
        (" new key , old,", ("new key", "old")),
        (",only", ("only",)),
    ],
)
def test_keys_are_separated_by_commas_and_the_first_signs(text: str, keys: tuple[str, ...]) -> None:
    configured = read(QA_KEY=text)
    assert configured.qa_keys == keys
    assert configured.qa_key == keys[0]


@pytest.mark.parametrize("text", [",", " ", " , ,"], ids=repr)
def test_a_blank_key_is_refused(text: str) -> None:
    assert "QA_KEY" in refused(ENVIRONMENT | {"QA_KEY": text})


@pytest.mark.parametrize("space", [" ", "\n", "\t", "\u00a0"], ids=repr)
def test_white_space_around_the_app_key_is_dropped(space: str) -> None:
    assert read(TENCENT_APP_KEY=f"{space}abc{space}").tencent_app_key == "abc"


def test_an_app_key_of_white_space_is_refused() -> None:
    assert "TENCENT_APP_KEY" in refused(ENVIRONMENT | {"TENCENT_APP_KEY": " \n"})


@pytest.mark.parametrize(
    "name",
    [
        "QA_PLATFORM_NAME",
        "TENCENT_SDK_APP_ID",
        "TENCENT_APP_KEY",
        "TENCENT_CALLBACK_TOKENS",
        "QA_KEY",
    ],
)
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_a_required_name_that_is_missing_is_named(name: str, how: str) -> None:
    environment = {key: value for key, value in ENVIRONMENT.items() if key != name}
    assert name in refused(environment | ({name: ""} if how == "empty" else {}))


def test_all_names_that_are_missing_are_named_at_once() -> None:
    text = refused({})
    for name in ENVIRONMENT.keys() - {"QA_KEY"}:
        assert f"{name} is not set" in text


def test_the_key_is_named_together_with_the_others() -> None:
    assert "QA_KEY" in refused({})


def test_the_key_is_required_unless_authentication_is_off() -> None:
    text = refused(ENVIRONMENT | {"QA_KEY": "", "QA_AUTH": "of"})
    assert "QA_AUTH " in text
    assert "QA_KEY " in text


@pytest.mark.parametrize("key", ["", "k"])
def test_without_authentication_the_key_may_be_missing(key: str) -> None:
    configured = read(QA_AUTH="off", QA_KEY=key)
    assert configured.qa_key == key


@pytest.mark.parametrize("name", ["QA_AUTH", "QA_RECEIPTS", "TENCENT_RECEIPTS", "QA_BASE_URL"])
def test_an_empty_variable_counts_as_missing(name: str) -> None:
    assert read(**{name: ""}) == read()


def test_other_variables_of_the_environment_are_ignored() -> None:
    assert read(PATH="/bin", qa_auth="nonsense", QA_NONSENSE="x", platform_name="x") == read()


WRONG = [
    ("QA_AUTH", "yes"),
    ("QA_AUTH", "OFF"),
    ("QA_BASE_URL", "quicka.aliyun.com"),
    ("QA_BASE_URL", "ftp://quicka.aliyun.com"),
    ("QA_BASE_URL", "https://"),
    ("QA_BASE_URL", "https://a b"),
    ("QA_RECEIPTS", "pull"),
    ("QA_CLOCK_SKEW_SECONDS", "-1"),
    ("QA_CLOCK_SKEW_SECONDS", "15m"),
    ("QA_CLOCK_SKEW_SECONDS", "1.5"),
    ("QA_CLOCK_SKEW_SECONDS", "NaN"),
    ("TENCENT_SDK_APP_ID", " "),
    ("TENCENT_SDK_APP_ID", "abc"),
    ("TENCENT_SDK_APP_ID", "14 00"),
    ("TENCENT_SDK_APP_ID", "-14"),
    ("TENCENT_BASE_URL", "yun.tim.qq.com"),
    ("TENCENT_RECEIPTS", "push"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_named_with_the_shape_it_should_have(name: str, value: str) -> None:
    text = refused(ENVIRONMENT | {name: value})
    assert f"{name} " in text
    assert "expected: " in text
    assert ".chalice/config.json" in text


def test_an_app_id_with_look_alike_digits_is_refused() -> None:
    assert "TENCENT_SDK_APP_ID" in refused(ENVIRONMENT | {"TENCENT_SDK_APP_ID": "１４００"})


def test_all_wrong_values_are_named_in_one_error() -> None:
    wrong = dict(WRONG)
    text = refused(ENVIRONMENT | wrong)
    assert all(f"{name} " in text for name in wrong)


@pytest.mark.parametrize(
    "wrong",
    [{name: value} for name, value in WRONG] + [{"QA_PLATFORM_NAME": ""}, {"QA_KEY": ""}],
    ids=str,
)
def test_an_error_reveals_no_secret(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_environment(ENVIRONMENT | SECRETS | wrong)
    printed = "".join(traceback.format_exception(caught.value))
    for name, secret in SECRETS.items():
        assert wrong.get(name) == "" or not any(part in printed for part in secret.split(","))


def test_settings_can_be_shown_without_their_secrets() -> None:
    configured = read(**SECRETS)
    for shown in (repr(configured), str(configured)):
        for secret in ("k3y-of-quick-audience", "4pp-k3y", "t0ken-one", "t0ken-two"):
            assert secret not in shown


def test_settings_are_immutable() -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(read(), "qa_auth", "off")  # noqa: B010 -- mypy knows better, which is the point


@pytest.fixture
def parameter_store(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Return a parameter store that records the names asked for."""
    asked: list[tuple[str, dict[str, Any]]] = []

    def get_parameter(name: str, **options: Any) -> str:
        asked.append((name, options))
        return {"/prod/tokens": "one, two", "/prod/app-key": " abc\n"}.get(name, f"value of {name}")

    monkeypatch.setattr("aws_lambda_powertools.utilities.parameters.get_parameter", get_parameter)
    # Not used, and making the real one needs a region.
    monkeypatch.setitem(DEFAULT_PROVIDERS, "ssm", None)
    return asked


def test_secrets_are_fetched_from_the_parameter_store(
    parameter_store: list[tuple[str, dict[str, Any]]],
) -> None:
    configured = read(
        QA_KEY="ssm:/prod/qa",
        TENCENT_APP_KEY="ssm:/prod/app-key",
        TENCENT_CALLBACK_TOKENS="ssm:/prod/tokens",
    )
    assert configured.qa_key == "value of /prod/qa"
    assert configured.tencent_app_key == "abc"
    assert configured.tencent_callback_tokens == ["one", "two"]


def test_secrets_are_fetched_decrypted_on_use_and_cached_for_minutes(
    parameter_store: list[tuple[str, dict[str, Any]]],
) -> None:
    configured = read(QA_KEY="ssm:/prod/qa")
    assert parameter_store == []
    assert configured.qa_key
    [(name, options)] = parameter_store
    assert name == "/prod/qa"
    assert options["decrypt"] is True
    assert 60 <= options["max_age"] <= 900


@pytest.mark.parametrize("value", ["arn:ssm:/x", "SSM:/x", " ssm:/x"])
def test_a_value_that_only_resembles_a_parameter_name_is_used_unchanged(
    parameter_store: list[tuple[str, dict[str, Any]]], value: str
) -> None:
    assert read(QA_KEY=value).qa_key == value
    assert parameter_store == []


def test_the_environment_is_read_once_per_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    settings.load.cache_clear()
    try:
        assert settings.load().platform_name == "腾讯短信"
        monkeypatch.setenv("QA_PLATFORM_NAME", "other")
        assert settings.load().platform_name == "腾讯短信"
    finally:
        settings.load.cache_clear()


# --- API 3.0 ---

API3 = {
    **{name: value for name, value in ENVIRONMENT.items() if name != "TENCENT_APP_KEY"},
    "TENCENT_API": "3.0",
    "TENCENT_SECRET_ID": "AKID-of-the-account",
    "TENCENT_SECRET_KEY": "s3cret-k3y",
}


def test_api_3_needs_its_own_key_and_no_app_key() -> None:
    configured = from_environment(API3)
    assert configured.tencent_api == "3.0"
    assert configured.tencent_base_url == "https://sms.tencentcloudapi.com"
    assert configured.tencent_region == "ap-guangzhou"
    assert configured.tencent_keys == {
        "TENCENT_SECRET_ID": "AKID-of-the-account",
        "TENCENT_SECRET_KEY": "s3cret-k3y",
    }
    assert read().tencent_keys == {"TENCENT_APP_KEY": ENVIRONMENT["TENCENT_APP_KEY"]}


def test_the_settings_of_both_apis_may_stand_side_by_side() -> None:
    both = API3 | ENVIRONMENT
    assert from_environment(both).tencent_api == "3.0"
    assert from_environment(both | {"TENCENT_API": "v5"}).tencent_api == "v5"


@pytest.mark.parametrize("name", ["TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"])
@pytest.mark.parametrize("value", ["", " "])
def test_a_key_of_api_3_that_is_missing_is_named(name: str, value: str) -> None:
    assert name in refused(API3 | {name: value})
    assert name not in refused({})


def test_the_address_of_v5_is_refused() -> None:
    both = API3 | {"TENCENT_BASE_URL": "https://sms.intl.tencentcloudapi.com/"}
    assert from_environment(both).tencent_base_url == "https://sms.intl.tencentcloudapi.com/"
    with pytest.raises(ConfigurationError, match="TENCENT_BASE_URL is the address of v5"):
        from_environment(both | {"TENCENT_BASE_URL": "https://yun.tim.qq.com/v5/tlssmssvr"})


@pytest.mark.parametrize("value", ["3", "v3", "2021-01-11", "V5", "v5 ", "3.00"])
def test_another_api_is_refused(value: str) -> None:
    assert "TENCENT_API" in refused(ENVIRONMENT | API3 | {"TENCENT_API": value})


@pytest.mark.parametrize("value", ["guangzhou", "ap guangzhou", "AP-GUANGZHOU", "-", "ap-"])
def test_a_malformed_region_is_refused(value: str) -> None:
    assert "TENCENT_REGION" in refused(API3 | {"TENCENT_REGION": value})


def test_the_address_and_the_region_may_be_given() -> None:
    configured = from_environment(
        API3 | {"TENCENT_BASE_URL": "http://127.0.0.1:9003", "TENCENT_REGION": "ap-hongkong"}
    )
    assert configured.tencent_base_url == "http://127.0.0.1:9003"
    assert configured.tencent_region == "ap-hongkong"


def test_white_space_around_the_keys_is_dropped() -> None:
    configured = from_environment(
        API3 | {"TENCENT_SECRET_ID": " id\n", "TENCENT_SECRET_KEY": "\tkey "}
    )
    assert (configured.tencent_secret_id, configured.tencent_secret_key) == ("id", "key")


def test_the_keys_are_not_shown() -> None:
    shown = repr(from_environment(API3))
    assert "AKID-of-the-account" not in shown
    assert "s3cret-k3y" not in shown


def test_codes_that_are_waited_for_may_be_names_with_api_3() -> None:
    text = ",".join([*setting_formats.WAITABLE_NAMES, "1025"])
    configured = from_environment(API3 | {"TENCENT_WAIT_CODES": text})
    assert configured.tencent_wait_codes == {*setting_formats.WAITABLE_NAMES, 1025}


@pytest.mark.parametrize(
    "text", ["LimitExceeded.PhoneNumberCountLimit", "LimitExceeded", "1014", "x", "1025.0"]
)
def test_other_names_are_not_waited_for(text: str) -> None:
    assert "TENCENT_WAIT_CODES" in refused(API3 | {"TENCENT_WAIT_CODES": text})


def test_v5_has_no_names_of_codes() -> None:
    text = refused(ENVIRONMENT | {"TENCENT_WAIT_CODES": setting_formats.WAITABLE_NAMES[0]})
    assert "TENCENT_WAIT_CODES" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.045 CNY", ("0.045", "CNY")),
        (" 1USD ", ("1", "USD")),
        ("0 CNY", ("0", "CNY")),
    ],
)
def test_a_price_is_an_amount_with_a_currency(text: str, expected: tuple[str, str]) -> None:
    assert read(SEGMENT_PRICE=text).segment_price == expected


@pytest.mark.parametrize(
    "text",
    [
        *("0.045", "CNY", "0,045 CNY", "-1 CNY", "1e3 CNY", "NaN CNY", "¥0.045", "0.045 cny"),
        *(".5 CNY", "1. CNY", "0.045 CNY EUR", "٠ CNY", "1\n.5 CNY"),
    ],
)
def test_another_price_is_refused_with_its_value_and_what_to_do(text: str) -> None:
    said = refused(ENVIRONMENT | {"SEGMENT_PRICE": text})
    assert f"SEGMENT_PRICE is {text!r}" in said
    assert "such as 0.045 CNY" in said
    assert ".chalice/config.json" in said


def test_without_a_price_there_is_none() -> None:
    assert read().segment_price is None
    assert read(SEGMENT_PRICE="").segment_price is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20% of 100", "20% of 100"),
        (" 5 %of 1 ", "5% of 1"),
        ("100% of 2000", "100% of 2000"),
        ("off", "off"),
    ],
)
def test_a_failure_rate_is_a_percentage_of_a_number(text: str, expected: str) -> None:
    assert read(FAILURE_ALARM=text).failure_alarm == expected


@pytest.mark.parametrize("text", ["20", "20%", "0% of 100", "101% of 100", "20% of 0", "0.2 of 9"])
def test_another_failure_rate_is_refused(text: str) -> None:
    said = refused(ENVIRONMENT | {"FAILURE_ALARM": text})
    assert f"FAILURE_ALARM is {text!r}" in said
    assert "such as 20% of 100" in said


def test_a_pause_on_failures_needs_a_rate() -> None:
    assert read(PAUSE_ON_FAILURES="on").failure_alarm == "20% of 100"
    assert read(PAUSE_ON_FAILURES="off", FAILURE_ALARM="off").pause_on_failures == "off"
    said = refused(ENVIRONMENT | {"PAUSE_ON_FAILURES": "on", "FAILURE_ALARM": "off"})
    assert "PAUSE_ON_FAILURES is on, but FAILURE_ALARM=off" in said


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("08:00-22:00", (480, 1320)),
        (" 22:00-02:00 ", (1320, 120)),
        ("00:00-24:00", (0, 1440)),
    ],
)
def test_send_hours(text: str, hours: tuple[int, int]) -> None:
    assert from_environment(ENVIRONMENT | {"SEND_HOURS": text}).send_hours == hours


@pytest.mark.parametrize(
    "text",
    [
        *("8-22", "08:00", "08:00-22:60", "25:00-26:00", "24:00-02:00", "08:00-24:01"),
        *("08:00-08:00", "08:00 - 22:00", "08:00-22:00,23:00-23:30"),
    ],
)
def test_send_hours_that_are_none(text: str) -> None:
    assert "SEND_HOURS" in refused(ENVIRONMENT | {"SEND_HOURS": text})


def test_promotions_are_always_sent_without_send_hours() -> None:
    assert from_environment(ENVIRONMENT).send_hours is None
