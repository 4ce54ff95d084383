"""Answers, read with the bundle's own packages: those of requirements.txt alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.settings import ENVIRONMENT

pytestmark = pytest.mark.deployed

PROGRAM = r"""
import importlib.util
import requests
from chalicelib.quickaudience import client
from chalicelib.tencent import v5_transport
from chalicelib.tencent.interface import CallRefusedError

assert requests.__file__.startswith(CODE), requests.__file__
assert importlib.util.find_spec("simplejson") is None

def response(body):
    made = requests.Response()
    made.status_code, made._content, made.headers["Content-Type"] = 200, body, "text/html"
    return made

bom = b"\xef\xbb\xbf"
assert v5_transport._read("x", response(bom + b'{"result":0,"sid":"a"}'))["sid"] == "a"
for body in (b'{"result":1002,"errmsg":"bad\nword"}', '{"result":1002,"errmsg":"手机号"}'.encode()):
    try:
        v5_transport._read("x", response(body))
    except CallRefusedError as error:
        assert error.said in ("bad\nword", "手机号"), error.said
    else:
        raise AssertionError(body)
for body in (bom + b'{"code":"OK"}', b'{"code":"OK","message":"done\n"}', b'{"code":200.0}'):
    client._check("details", response(body))
print("read")
"""


def test_answers_are_read_with_the_packages_of_requirements_txt_alone(code: Path) -> None:
    done = subprocess.run(
        # -S leaves out the development environment's packages.
        [sys.executable, "-S", "-c", f"CODE = {str(code)!r}\n{PROGRAM}"],
        cwd=code,
        env=os.environ | ENVIRONMENT | {"PYTHONPATH": str(code), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "read"), done.stderr
