"""How `make check` reports the findings of pip-audit."""

import re
from pathlib import Path

import pytest

from local.audit import NOT_AUDITED, report

SOUND = {"name": "six", "version": "1.17.0", "vulns": []}
UNKNOWN = {"name": "boto3", "skip_reason": "not found"}
FLAWED = {
    "name": "requests",
    "version": "2.19.0",
    "vulns": [
        {"id": "PYSEC-2018-28", "fix_versions": ["2.20.0"], "aliases": [], "description": ""}
    ],
}


def test_no_finding_passes() -> None:
    assert report([SOUND]) == (["audited 1 of 1 pinned dependencies"], True)


def test_packages_that_were_not_audited_are_reported() -> None:
    lines, well = report([SOUND, UNKNOWN])
    assert well
    assert lines == [
        "audited 1 of 2 pinned dependencies: advisories of the others can't be reached from here"
    ]


def test_an_audit_that_could_look_at_nothing_says_so() -> None:
    lines, _ = report([UNKNOWN, UNKNOWN])
    assert lines == [f"{NOT_AUDITED}: 2 pinned dependencies"]
    assert "NOT AUDITED" in NOT_AUDITED


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("requirements.txt", 4),
        ("requirements-dev.txt", 4),
        ("requirements-lint.txt", 4),
        ("requirements-browser.txt", 1),
    ],
)
def test_every_pinned_dependency_has_hashes(name: str, count: int) -> None:
    entries = re.split(r"\n(?=\S)", Path(name).read_text())
    pinned = [entry for entry in entries if "==" in entry.partition("\n")[0]]
    assert len(pinned) >= count
    assert not [entry for entry in pinned if "--hash=sha256:" not in entry]


def test_dependencies_are_installed_only_with_their_hashes() -> None:
    lines = Path("Makefile").read_text().replace("\\\n", " ").splitlines()
    installs = [line for line in lines if "pip install" in line and "-r requirements" in line]
    assert len(installs) == 3
    assert all(line.count("--require-hashes") == line.count("pip install") for line in installs)


def test_a_known_vulnerability_is_named_and_fails() -> None:
    lines, well = report([FLAWED, SOUND])
    assert not well
    assert lines[0] == "requests 2.19.0: PYSEC-2018-28, fixed in 2.20.0"
