"""Chalice's own deployer, run in this process and without packing: `chalice deploy` and `chalice delete`."""

import functools
import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from chalice.awsclient import TypedAWSClient
from chalice.cli.factory import CLIFactory, create_botocore_session
from chalice.deploy.deployer import DeploymentPackager
from chalice.utils import UI


class Quiet(UI):
    """Chalice's output, thrown away."""

    def write(self, msg: str) -> None:
        pass


@functools.cache
def _session() -> Session:
    """Return a session of Chalice: it reads the region from the environment whenever it is asked."""
    return create_botocore_session()


class InProcess:
    """Chalice, as its command line uses it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, bundle: Path) -> None:
        bundle.write_bytes(b"PK\x05\x06" + bytes(18))

        def pack(_: Any, __: Any, resource: Any) -> None:
            resource.filename = str(bundle)

        monkeypatch.setattr(DeploymentPackager, "handle_deploymentpackage", pack)
        # Chalice waits for roles and mappings in steps of five seconds.
        monkeypatch.setattr(TypedAWSClient.__init__, "__defaults__", (lambda _: None,))
        self._apps: dict[str, Any] = {}

    def run(self, command: str, stage: str, folder: Path) -> None:
        """Deploy or delete a stage of the project in a folder."""
        factory = CLIFactory(str(folder), environ={})
        session = _session()
        if command == "delete":
            config = factory.create_config_obj(chalice_stage_name=stage)
            factory.create_deletion_deployer(session, Quiet()).deploy(config, stage)
            return
        config = factory.create_config_obj(chalice_stage_name=stage)
        # The app is read lazily: given before, it is not searched for in the project's folder.
        config._user_provided_params["chalice_app"] = functools.partial(self._app, config)
        factory.create_default_deployer(session, config, Quiet()).deploy(config, stage)

    def _app(self, config: Any) -> Any:
        """Return the app with the names of a stage's queues; the tests' own app has others."""
        prefix = config.environment_variables["BRIDGE_QUEUE_PREFIX"]
        if prefix not in self._apps:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("BRIDGE_QUEUE_PREFIX", prefix)
                patch.delitem(sys.modules, "app", raising=False)
                self._apps[prefix] = importlib.import_module("app").app
        return self._apps[prefix]
