"""What `make check` makes of pip-audit's findings."""

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


def test_all_is_well() -> None:
    assert report([SOUND]) == (["audited 1 of 1 pinned dependencies"], True)


def test_what_was_not_looked_at_is_said() -> None:
    lines, well = report([SOUND, UNKNOWN])
    assert well
    assert lines == [
        "audited 1 of 2 pinned dependencies: advisories of the others can't be reached from here"
    ]


def test_a_known_vulnerability_is_named_and_fails() -> None:
    lines, well = report([FLAWED, SOUND])
    assert not well
    assert lines[0] == "requests 2.19.0: PYSEC-2018-28, fixed in 2.20.0"
