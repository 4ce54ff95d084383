"""Lint the two CloudFormation templates: `python -m ops.lint CFN_LINT`, part of `make check`.

CFN_LINT is the program cfn-lint. `.cfnlintrc.yaml` has its settings. Both templates are those that
`make package STAGE=prod` writes, made without the bundle and without the package index.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from ops import package, stages
from ops.errors import OperatorError

_STAGE = "prod"


def main(cfn_lint: str) -> int:
    """Return cfn-lint's exit code: 0 if it finds nothing, not even a note."""
    with tempfile.TemporaryDirectory(prefix="lint-") as temporary:
        folder = Path(temporary)
        try:
            package.write(stages.read_config(), _STAGE, folder, with_bundle=False)
        except OperatorError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        templates = [str(folder / name) for name in (package.STACK, package.FUNCTIONS)]
        return subprocess.run([cfn_lint, "--", *templates], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
