"""`ops env --stage prod`: the settings of a deployed stage; its secrets stay references."""

import json
import shlex

import pytest

from tests.support.deployment.checkout import Checkout
from tests.support.deployment.commands import ops

pytestmark = pytest.mark.usefixtures("checkout")
ARN = "arn:aws:lambda:ap-southeast-1:123456789012:function:qa-sms-bridge-prod"


def exported(stage: str = "prod") -> dict[str, str]:
    lines = ops("env", "--stage", stage).stdout.splitlines()
    return dict(shlex.split(line.removeprefix("export "))[0].split("=", 1) for line in lines)


def test_a_stage_has_its_settings_and_names(checkout: Checkout) -> None:
    found = exported()
    assert (
        found.items()
        >= {
            "QA_PLATFORM_NAME": "demo",
            "TENCENT_SDK_APP_ID": "1400000001",
            "QA_KEY": "ssm:/qa-sms-bridge/prod/qa-key",
            "TENCENT_APP_KEY": "ssm:/qa-sms-bridge/prod/tencent-app-key",
            "TENCENT_CALLBACK_TOKENS": "ssm:/qa-sms-bridge/prod/tencent-callback-tokens",
            "BRIDGE_TABLE": "qa-sms-bridge-prod",
            "BRIDGE_QUEUE_PREFIX": "qa-sms-bridge-prod-",
        }.items()
    )
    assert json.loads(ops("env", "--stage", "prod", "--json").stdout) == found


def test_the_region_is_the_one_that_was_deployed_to(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert (exported()["AWS_DEFAULT_REGION"], exported()["AWS_REGION"]) == ("eu-west-1",) * 2
    record = {"resources": [{"resource_type": "rest_api"}, {"lambda_arn": ARN}]}
    (checkout.folder / ".chalice" / "deployed").mkdir()
    (checkout.folder / ".chalice" / "deployed" / "prod.json").write_text(json.dumps(record))
    assert exported()["AWS_DEFAULT_REGION"] == "ap-southeast-1"


def test_an_unknown_stage_is_an_error() -> None:
    result = ops("env", "--stage", "nope")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no stage nope" in result.stderr
