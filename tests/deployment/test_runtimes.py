"""Warnings before AWS ends a Python runtime, from `ops deploy` and `ops doctor`."""

import json
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import Result

from ops import doctor, runtimes
from tests.support.deployment.chalice_program import Chalice
from tests.support.deployment.checkout import Checkout
from tests.support.deployment.commands import keep_secrets, ops
from tests.support.deployment.fake_aws.account import Account

END = date(2027, 6, 30)


def at(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    monkeypatch.setattr(runtimes, "today", lambda: day)


@pytest.mark.parametrize(("runtime", "end"), runtimes.ENDS.items())
def test_a_year_before_its_end_a_runtime_is_warned_of(
    runtime: str, end: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, end - timedelta(days=366))
    assert runtimes.warning(runtime) == ""
    at(monkeypatch, end - timedelta(days=365))
    assert runtimes.warning(runtime).startswith(f"AWS ends {runtime} on {end},")
    at(monkeypatch, end)
    assert runtimes.warning(runtime).startswith(f"AWS ended {runtime} on {end},")
    assert "make deploy PYTHON=python3.13" in runtimes.warning(runtime)


def test_a_runtime_whose_end_is_not_known_is_warned_of() -> None:
    assert "the end of python3.99 is not known" in runtimes.warning("python3.99")


def test_the_recommended_runtime_lasts_longest_and_is_the_pages() -> None:
    assert runtimes.ENDS[runtimes.RECOMMENDED] == max(runtimes.ENDS.values())
    number = runtimes.RECOMMENDED.removeprefix("python")
    for page in ("README.md", "docs/deployment.md"):
        assert f"PYTHON={runtimes.RECOMMENDED}" in Path(page).read_text(), page
        assert f"{number} is recommended" in Path(page).read_text(), page
    rows = Path("docs/deployment.md").read_text().splitlines()
    for runtime, end in runtimes.ENDS.items():
        assert any(runtime in row and str(end) in row for row in rows), runtime
    required = tomllib.loads(Path("pyproject.toml").read_text())["project"]["requires-python"]
    assert required == f">={min(one.removeprefix('python') for one in runtimes.ENDS)}"


@pytest.mark.usefixtures("emulated")
@pytest.mark.parametrize(("days", "warned"), [(366, False), (365, True)])
def test_a_deployment_warns_of_its_own_runtime(
    checkout: Checkout,
    chalice: Chalice,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    warned: bool,
) -> None:
    keep_secrets()
    monkeypatch.setitem(runtimes.ENDS, runtimes.own(), END)
    at(monkeypatch, END - timedelta(days=days))
    result = ops("deploy", "--stage", "prod")
    assert result.exit_code == 0, result.output
    assert (f"AWS ends {runtimes.own()} on 2027-06-30" in result.stderr) == warned


def test_doctor_warns_of_the_runtimes_of_the_deployed_functions(
    account: Account, deployed: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_tencent", lambda: "fine")
    functions = account.functions.functions
    for function in functions.values():
        function.configuration["Runtime"] = "python3.12"
    functions["qa-sms-bridge-prod-push"].configuration["Runtime"] = "python3.11"
    at(monkeypatch, END - timedelta(days=366))
    assert found() == ("ok", "python3.11, python3.12")
    at(monkeypatch, END)
    state, text = found()
    assert state == "warning"
    assert text.startswith("AWS ended python3.11 on 2027-06-30,")
    assert "python3.12" not in text


def found() -> tuple[str, str]:
    result = ops("doctor", "--stage", "prod", "--json")
    [row] = [one for one in json.loads(result.stdout) if one["check"] == "runtime"]
    return row["state"], row["found"]
