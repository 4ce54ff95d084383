"""The environment of a local stack."""

import pytest

from local.configuration import DEFAULTS, tencent_root
from local.tencent.presets import DEFAULT_APPLICATION


@pytest.mark.parametrize(
    ("environment", "root"),
    [
        ({}, "http://127.0.0.1:9001/v5/tlssmssvr"),
        ({"TENCENT_API": "v5"}, "http://127.0.0.1:9001/v5/tlssmssvr"),
        ({"TENCENT_API": "3.0"}, "http://127.0.0.1:9001"),
    ],
)
def test_the_simulator_s_root_depends_on_the_api(environment: dict[str, str], root: str) -> None:
    assert tencent_root(environment, "http://127.0.0.1:9001") == root


def test_the_keys_of_the_stack_are_those_of_the_simulator() -> None:
    assert (
        DEFAULTS["TENCENT_SDK_APP_ID"],
        DEFAULTS["TENCENT_APP_KEY"],
        DEFAULTS["TENCENT_SECRET_ID"],
        DEFAULTS["TENCENT_SECRET_KEY"],
    ) == (
        DEFAULT_APPLICATION.sdkappid,
        DEFAULT_APPLICATION.appkey,
        DEFAULT_APPLICATION.secret_id,
        DEFAULT_APPLICATION.secret_key,
    )
