"""The bundle: its contents, its size, and that Lambda can use its bytecode."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from local.processes import ROOT
from ops import bundle
from ops.bundle import LARGEST, Package

# The head of a .pyc for this Python that is used without checking its source (PEP 552).
_UNCHECKED = importlib.util.MAGIC_NUMBER + (0b01).to_bytes(4, "little")


def _names(package: Package) -> list[str]:
    with zipfile.ZipFile(package.bundle) as packed:
        return packed.namelist()


def test_the_bundle_stays_below_its_limit(package: Package) -> None:
    assert package.bundle.stat().st_size < LARGEST


def test_every_module_comes_with_bytecode_that_is_used_unchecked(package: Package) -> None:
    with zipfile.ZipFile(package.bundle) as packed:
        names = set(packed.namelist())
        sources = {Path(name) for name in names if name.endswith(".py")}
        for source in sources:
            compiled = Path(importlib.util.cache_from_source(str(source))).as_posix()
            assert packed.read(compiled)[:8] == _UNCHECKED, compiled
    assert len(sources) > 300
    assert sum(name.endswith(".pyc") for name in names) == len(sources)


def test_the_runtime_is_the_one_that_the_bytecode_is_for(package: Package) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    functions = [
        resource["Properties"]
        for resource in package.template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    assert {function["Runtime"] for function in functions} == {version}


def test_nothing_but_what_the_functions_need_is_packed(package: Package) -> None:
    tops = {name.partition("/")[0] for name in _names(package)}
    assert not tops & {"local", "ops", "tests", "bench", "moto", "ministack", ".chalice", "docs"}


def test_the_services_that_are_packed_are_those_that_are_called(package: Package) -> None:
    packed = {
        parts[2]
        for name in _names(package)
        if name.startswith("botocore/data/") and len(parts := name.split("/")) > 3
    }
    sources = "".join(file.read_text() for file in (ROOT / "chalicelib").rglob("*.py"))
    clients = set(re.findall(r"client\(\s*\"([a-z0-9-]+)\"", sources))
    # Powertools fetches secrets with a client of its own.
    assert "parameters.get_parameter(" in sources
    assert packed == clients | {"ssm"} == set(bundle.SERVICES)


def test_equal_code_makes_equal_bundles_that_chalice_uses_unchanged(
    project: Path, package: Package, tmp_path: Path
) -> None:
    again, first, second = (tmp_path / name for name in ("project", "first", "second"))
    shutil.copytree(project, again)
    # Caches of Python are not packed.
    cache = again / "chalicelib" / "__pycache__"
    cache.mkdir()
    (cache / "stale.cpython-311.pyc").write_bytes(b"stale")

    packed = bundle.pack(again, "dev", first)

    assert packed.bundle.read_bytes() == package.bundle.read_bytes()
    # As `chalice deploy` does, which uses the same packager.
    done = subprocess.run(
        [sys.executable, "-c", "from chalice.cli import main; main()", "package", str(second)],
        cwd=again,
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Reusing existing deployment package" in done.stdout
    assert (second / "deployment.zip").read_bytes() == package.bundle.read_bytes()


def test_the_stages_own_settings_are_kept(tmp_path: Path) -> None:
    config = tmp_path / ".chalice" / "config.json"
    config.parent.mkdir()
    stages = {"dev": {"environment_variables": {"A": "1", "B": "2"}}}
    config.write_text(json.dumps({"stages": stages}))

    bundle.configure(tmp_path, "dev", {"B": "3"})
    bundle.configure(tmp_path, "new", {"C": "4"})

    configured = json.loads(config.read_text())["stages"]
    assert configured["dev"]["environment_variables"] == {"A": "1", "B": "3"}
    assert configured["new"]["environment_variables"] == {"C": "4"}
