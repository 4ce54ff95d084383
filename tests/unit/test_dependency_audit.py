"""How `make check` reports the findings of pip-audit."""

from local.audit import report

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


def test_a_known_vulnerability_is_named_and_fails() -> None:
    lines, well = report([FLAWED, SOUND])
    assert not well
    assert lines[0] == "requests 2.19.0: PYSEC-2018-28, fixed in 2.20.0"
