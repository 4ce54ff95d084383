"""The domain is independent of frameworks: importing it imports neither AWS nor HTTP."""

import json
import pkgutil
import subprocess
import sys

import pytest

from chalicelib import domain

MODULES = [module.name for module in pkgutil.iter_modules(domain.__path__, "chalicelib.domain.")]
FOREIGN = ["boto3", "botocore", "requests", "urllib3", "chalice", "aws_lambda_powertools"]


def test_all_modules_of_the_domain_are_checked() -> None:
    assert "chalicelib.domain.planning" in MODULES
    assert len(MODULES) >= 8


@pytest.fixture(scope="module")
def imported() -> dict[str, list[str]]:
    """Return the modules that each module imports, found in a process of its own."""
    program = (
        "import importlib, json, sys\n"
        "found = {}\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(name)\n"
        "    found[name] = sorted({module.partition('.')[0] for module in sys.modules})\n"
        "print(json.dumps(found))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *MODULES], capture_output=True, check=True, text=True
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_the_domain_imports_no_framework(
    imported: dict[str, list[str]], module: str
) -> None:
    assert "chalicelib" in imported[module]
    assert not set(FOREIGN) & set(imported[module])
