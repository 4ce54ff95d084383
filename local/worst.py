"""AWS at its worst in a process of the stack: what HOSTILE turns on (`local.hostile`).

`local.hostile` imitates AWS and knows nothing of this stack. This module gives it the stack's folder, and to each
process draws of its own.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import boto3

from local import aws
from local.hostile import hooks, slots
from local.hostile.chain import SETTING_VARIABLE, Recursion, ask_lambda
from local.hostile.freezing import Freezing
from local.hostile.gateway import Gateway
from local.hostile.hooks import Hooks
from local.hostile.polling import Polling
from local.hostile.schedules import Schedules
from local.hostile.slots import Slots
from local.hostile.switches import Switch, Switches, UnknownSwitchError
from local.processes import StackError
from local.state import DEFAULT

FOLDER = "hostile"
"""Folder, in that of the stack, of what its processes share."""
NOTES = "notes"
"""File in that folder: a line with a switch's name for each time that it did something."""

_SECRETS = (
    *("QA_KEY", "TENCENT_APP_KEY", "TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"),
    "TENCENT_CALLBACK_TOKENS",
)


def switches(environ: Mapping[str, str]) -> Switches:
    """Return the switches that an environment turns on. Raise StackError for an unknown name."""
    try:
        return Switches.from_environment(environ)
    except UnknownSwitchError as error:
        raise StackError(str(error)) from error


def seal(environment: Mapping[str, str], on: Switches) -> Mapping[str, str]:
    """Put the secrets of an environment into the parameter store if it may fail; return the functions' environment."""
    if Switch.SECRETS not in on:
        return environment
    store = boto3.client("ssm", **aws.client_options(environment["AWS_ENDPOINT_URL"]))
    sealed = dict(environment)
    for name in _SECRETS:
        value = environment.get(name, "")
        if value and not value.startswith("ssm:"):
            parameter = f"/hostile/{name}"
            store.put_parameter(Name=parameter, Value=value, Type="SecureString", Overwrite=True)
            sealed[name] = f"ssm:{parameter}"
    return sealed


class Worst:
    """What is hostile in one process of the stack. `role` names the process, such as `deliver-1`."""

    def __init__(self, role: str, environ: Mapping[str, str] = os.environ) -> None:
        self.switches = replace(switches(environ), note=self._note)
        self._environ = environ
        self._folder = Path(environ.get("BRIDGE_STATE") or DEFAULT, FOLDER)
        # A process that replaces a dead one draws otherwise, or it would meet the same end.
        self._purpose = f"{role} {self._count_start(role)}" if self.switches else role
        self.hooks = Hooks(self.switches, self._purpose)

    def install(self) -> None:
        """Have the clients of this process pass the switches. Call it before `faults.install`."""
        if self.switches:
            hooks.install(self.hooks)

    def polling(self, function: str, number: int) -> Polling:
        """Return what the poller with this number does for a function."""
        return Polling(self.switches, self._folder, function, number, self._purpose)

    def slots(self) -> Slots:
        """Return the pool of concurrent executions, which all processes of the stack share."""
        count = slots.COUNT if Switch.SLOTS in self.switches else 0
        return Slots(self._folder, count)

    def freezing(self) -> Freezing:
        """Return what freezes this process between two events."""
        endpoint = urlsplit(self._environ.get("AWS_ENDPOINT_URL", ""))
        ports = [endpoint.port] if endpoint.port else []
        return Freezing(self.switches, self._purpose, ports)

    def gateway(self) -> Gateway:
        """Return what API Gateway answers by itself."""
        return Gateway(self.switches, self._purpose)

    def schedules(self) -> Schedules:
        """Return what delivers the events of schedules."""
        return Schedules(self.switches, self._purpose)

    def recursion(self) -> Recursion:
        """Return the functions' settings for recursive loops."""
        if Switch.CHAIN not in self.switches:
            return Recursion("Allow")
        return Recursion(
            self._environ.get(SETTING_VARIABLE, ""), ask_lambda(boto3.client("lambda"))
        )

    def _note(self, switch: Switch) -> None:
        with (self._folder / NOTES).open("a") as notes:
            notes.write(f"{switch}\n")

    def _count_start(self, role: str) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{role}.starts").open("ab") as file:
            file.write(b".")
            return file.tell()
