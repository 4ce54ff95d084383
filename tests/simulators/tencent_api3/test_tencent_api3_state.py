"""What surrounds API 3.0 in the simulator: stored data, the key, and the README's list of switches."""

import json
import re
import sqlite3
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from local.tencent.__main__ import cli
from local.tencent.api3.switches import Api3Switches
from local.tencent.background import running
from local.tencent.checks import Application
from tests.support.simulators.tencent import Caller
from tests.support.simulators.tencent_api3 import SEND, Sdk, no_proxy

ROOT = Path(__file__).parents[3]


def test_a_state_folder_of_the_first_version_is_migrated(tmp_path: Path) -> None:
    with running(state=tmp_path) as url:
        caller = Caller(url)
        caller.set_switches(review_seconds=0)
        tpl_id = caller.add_approved_template("您好")
        sid = caller.send(tpl_id=tpl_id)["sid"]
        caller.session.close()
    connection = sqlite3.connect(tmp_path / "tencent.sqlite3", isolation_level=None)
    for statement in (
        "DROP TABLE rejections",
        "ALTER TABLE templates DROP COLUMN sms_type",
        "PRAGMA user_version = 1",
    ):
        connection.execute(statement)
    connection.close()
    with no_proxy(), running(state=tmp_path) as url:
        sdk = Sdk(url)
        fields = {**SEND, "TemplateId": str(tpl_id)}
        assert sdk.call("SendSms", **fields).SendStatusSet[0].Code == "Ok"
        begin = int(time.time()) - 60
        found = sdk.common_call(
            "DescribeSendRecordList",
            PhoneNumber="+8613800000001",
            SmsSdkAppId=SEND["SmsSdkAppId"],
            BeginTime=begin,
        )
        assert found["TotalCount"] == 2
        assert found["SendRecordSet"][1]["SerialNo"] == sid


def test_a_later_version_is_not_touched(tmp_path: Path) -> None:
    with running(state=tmp_path):
        pass
    connection = sqlite3.connect(tmp_path / "tencent.sqlite3", isolation_level=None)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    shown = CliRunner().invoke(cli, ["--state", str(tmp_path)])
    assert shown.exit_code == 1
    assert "version 99" in shown.output


def test_the_key_can_be_chosen() -> None:
    application = Application("1400000001", "key", "AKIDother", "other")
    with no_proxy(), running(application=application) as url:
        assert Sdk(url).refusal("DescribeSmsSignList") == "AuthFailure.SecretIdNotFound"
        other = Sdk(url, secret_id="AKIDother", secret_key="other")
        assert other.call("DescribeSmsSignList", International=0).DescribeSignListStatusSet


@pytest.mark.parametrize("option", ["--secret-id", "--secret-key"])
def test_the_command_has_options_for_the_key(option: str) -> None:
    shown = CliRunner().invoke(cli, ["--help"]).output
    assert option in shown
    assert f"TENCENT_{option[2:].replace('-', '_').upper()}" in shown


def test_the_readme_lists_the_switches_of_api_3() -> None:
    readme = (ROOT / "local/tencent/README.md").read_text()
    section = readme.partition("### Switches of API 3.0")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| (`[^|]+`) \| (`[^|]+`) \|", section, re.MULTILINE)
    listed = {
        name: default
        for names, defaults in rows
        for name, default in _pairs(re.findall("`(.+?)`", names), re.findall("`(.+?)`", defaults))
    }
    switches = Api3Switches().model_dump(mode="json")
    assert {name: json.loads(default) for name, default in listed.items()} == switches


def _pairs(names: list[str], defaults: list[str]) -> list[tuple[str, str]]:
    """Return names and their defaults, of which there is one for all or one for each."""
    return list(zip(names, defaults * (len(names) // len(defaults)), strict=True))
