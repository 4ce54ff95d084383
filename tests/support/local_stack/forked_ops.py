"""The operator's commands, each in a process forked from one that has imported them.

A command that starts Python itself spends half a second on imports, and a tenth of that on its work. The process that
forks runs this module (`python -m`). It reads a line of JSON for each command, runs one at a time, and ends with its
standard input.
"""

import atexit
import gc
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Any

_one_at_a_time = Lock()


def run(words: tuple[str, ...], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `python -m ops` with this environment and no standard input; return its code and output."""
    with _one_at_a_time:
        process = _forking()
        assert process.stdin
        assert process.stdout
        print(json.dumps([words, dict(environment)]), file=process.stdin, flush=True)
        answer = process.stdout.readline()
    assert answer, f"{__name__} ended with code {process.wait(60)}"
    return subprocess.CompletedProcess(["ops", *words], **json.loads(answer))


@cache
def _forking() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C ends the tests, and their end closes its standard input.
        start_new_session=True,
    )
    atexit.register(process.communicate)
    return process


def _serve() -> None:
    from typer.main import get_command

    from ops.__main__ import app

    command = get_command(app)
    # Typer imports half of itself with the first arguments that it reads. These are refused.
    with suppress(SystemExit), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        command(["campaign", "show"], prog_name="ops")
    # The commands' collections of garbage ignore what is shared.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        words, environment = json.loads(line)
        with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
            child = os.fork()
            if not child:
                # The command ends the child, with SystemExit.
                _become(words, environment, output, errors)
                command(words, prog_name="ops")
            _, status = os.waitpid(child, 0)
            answer: dict[str, Any] = {"returncode": os.waitstatus_to_exitcode(status)}
            for name, file in (("stdout", output), ("stderr", errors)):
                file.seek(0)
                answer[name] = file.read()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _become(
    words: list[str], environment: Mapping[str, str], output: IO[Any], errors: IO[Any]
) -> None:
    """Give this process what a process of `ops` would have."""
    with Path(os.devnull).open() as nothing:
        for number, file in enumerate((nothing, output, errors)):
            os.dup2(file.fileno(), number)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["ops", *words]


if __name__ == "__main__":
    _serve()
