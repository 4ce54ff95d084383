"""The bundle that Lambda runs: what Chalice packs, without unused AWS descriptions, and with bytecode.

Chalice packs once for each state of requirements and code. It keeps the package in `.chalice/deployments/` and
uses it again when it packages or deploys. `pack` lets Chalice make that package and finishes it in place, so
`chalice deploy` uploads the finished one and says "Reusing existing deployment package". The reasons are in
docs/decisions/0041-bytecode.md.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ops import functions_template
from ops.errors import OperatorError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout from which the bundle is packed."""

LARGEST = 25_000_000
"""The bridge's own limit of the zipped bundle, in bytes. Lambda's limit is 50 MB."""

SERVICES = ("dynamodb", "sqs", "ssm")
"""The AWS services that the functions call. boto3 brings the descriptions of 400 services: 15 MB, zipped."""

_DATA = "botocore/data"
# The folder into which Lambda unpacks the bundle; tracebacks show it.
_TASK_ROOT = "/var/task"
_TIMEOUT_SECONDS = 300


class BundleError(OperatorError):
    """The bundle can't be packed. The text says why, for the person who packs it."""


@dataclass(frozen=True)
class Package:
    """A packaged stage."""

    bundle: Path
    template: dict[str, Any]

    def stored_at(self, bucket: str, key: str) -> dict[str, Any]:
        """Return the template with the bundle's place in S3 instead of its path."""
        return self.with_code({"Bucket": bucket, "Key": key})

    def with_code(self, uri: str | dict[str, str]) -> dict[str, Any]:
        """Return the template with another place of the bundle: a path beside it, or bucket and key."""
        placed: dict[str, Any] = json.loads(json.dumps(self.template))
        for function in functions_template.functions(placed):
            function["CodeUri"] = uri
        return placed


def copy_project(folder: Path) -> None:
    """Copy the files that Chalice packs from, and no others of this checkout, into an empty folder."""
    for name in ("app.py", "requirements.txt"):
        shutil.copy2(ROOT / name, folder / name)
    for name in ("chalicelib", "vendor"):
        if (ROOT / name).exists():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    (folder / ".chalice").mkdir()
    for file in (ROOT / ".chalice").glob("*.json"):
        shutil.copy2(file, folder / ".chalice" / file.name)


def configure(project: Path, stage: str, environment: Mapping[str, str]) -> None:
    """Add environment variables to a stage of a copied project."""
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    variables = config["stages"].setdefault(stage, {}).setdefault("environment_variables", {})
    variables.update(environment)
    path.write_text(json.dumps(config, indent=2))


def pack(project: Path, stage: str, output: Path, *, finished: bool = True) -> Package:
    """Package a stage into `output`: `deployment.zip` and `sam.json`. Needs the package index, but no AWS.

    Raises BundleError with Chalice's output if it fails.
    """
    kept = project / ".chalice" / "deployments"
    shutil.rmtree(kept, ignore_errors=True)
    # Chalice would pack Python's caches, too, and equal code would make different packages.
    for cache in (project / "chalicelib").rglob("__pycache__"):
        shutil.rmtree(cache)
    _chalice(project, "package", "--stage", stage, str(output))
    [packed] = kept.glob("*.zip")
    if finished:
        finish(packed)
    bundle = output / "deployment.zip"
    shutil.copyfile(packed, bundle)
    template = json.loads((output / "sam.json").read_text())
    config = json.loads((project / ".chalice" / "config.json").read_text())
    functions_template.correct(template, stage, config)
    return Package(bundle, template)


def finish(bundle: Path) -> None:
    """Remove unused descriptions from a bundle, and add bytecode. Equal contents make equal bundles.

    Python uses this bytecode without comparing it with its source ("unchecked"). A zip keeps times to two seconds
    only, so bytecode that is checked by time would be found outdated and compiled again at every start.
    """
    with TemporaryDirectory(prefix="bundle-") as temporary:
        folder = Path(temporary)
        with zipfile.ZipFile(bundle) as packed:
            packed.extractall(folder)
        for service in (folder / _DATA).iterdir():
            if service.is_dir() and service.name not in SERVICES:
                shutil.rmtree(service)
        for cache in [*folder.rglob("__pycache__")]:
            shutil.rmtree(cache)
        _compile(folder)
        finished = bundle.with_suffix(".finished")
        _zip(folder, finished)
        finished.replace(bundle)


def _compile(folder: Path) -> None:
    # In a separate process: otherwise the bytecode's bytes, though not its meaning, depend on this one's history.
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", _TASK_ROOT]
    done = subprocess.run(
        [sys.executable, "-I", "-m", "compileall", *options, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BundleError(f"The bundle does not compile: {done.stdout.strip()}")


def _zip(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                # Without a time, the entry says 1980. The mode lets Lambda read the files.
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix())
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(entry, file.read_bytes())


def _chalice(project: Path, *arguments: str) -> None:
    environment = {
        # Packaging calls no AWS service. A profile that doesn't exist would stop Chalice all the same.
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        # Chalice requires a region; the template is the same for every one.
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from chalice.cli import main; sys.exit(main())",
            *arguments,
        ],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise BundleError(f"chalice {arguments[0]}: {(done.stdout + done.stderr).strip()}")
