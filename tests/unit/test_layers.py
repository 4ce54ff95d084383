"""The floors of the code base, checked against the import statements of every source file.

A module may import its own room and every room on a lower floor. Rooms on the same floor stand side by side
and do not import each other. All import statements count: those at the top of a module, those inside
functions, and those under `if TYPE_CHECKING`, because a reader of a module has to know the types that it
names. Imports by name (`importlib.import_module`) are not seen.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# From the ground up. Each floor has rooms, and each room the modules and packages that it consists of.
FLOORS: tuple[tuple[tuple[str, ...], ...], ...] = (
    # The leaves: each is a room of its own, so that they import nothing of chalicelib.
    (
        ("chalicelib.errors",),
        ("chalicelib.setting_formats",),
        ("chalicelib.dates",),
        ("chalicelib.lenient_json",),
        ("chalicelib.connections",),
        ("chalicelib.deadline",),
        ("chalicelib.compact_json",),
        ("chalicelib.garbage_collection",),
    ),
    (("chalicelib.domain",),),
    (
        (
            "chalicelib.settings",
            "chalicelib.setting_fields",
            "chalicelib.parameter_store",
            "chalicelib.aws",
            "chalicelib.logs",
            "chalicelib.metrics",
        ),
    ),
    # The adapters.
    (
        ("chalicelib.store",),
        ("chalicelib.queues",),
        ("chalicelib.tencent",),
        ("chalicelib.quickaudience",),
        ("chalicelib.fetching",),
    ),
    (("chalicelib.delivery",),),
    (("chalicelib.endpoints",), ("chalicelib.functions",)),
    (("app",),),
    (("ops",),),
    (("local",),),
    (("bench",),),
    (("tests",),),
)
_PLACES = {
    name: (height, room) for height, floor in enumerate(FLOORS) for room in floor for name in room
}
# Names that `chalicelib/__init__.py` defines itself.
_OF_PACKAGE = {"chalicelib.__version__"}
_PROJECT = {name.partition(".")[0] for name in _PLACES}


def place_of(module: str) -> tuple[int, tuple[str, ...]] | None:
    """Return the floor and the room of a module or of a name in it; None where it stands in no room."""
    if module in _OF_PACKAGE:
        return 0, ("chalicelib",)
    while module:
        if module in _PLACES:
            return _PLACES[module]
        module = module.rpartition(".")[0]
    return None


def imports(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Yield every name of this project that a source file imports, with its line, in dotted form."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # A relative import starts at the package that holds the file.
            package = path.split("/")[: -node.level] if node.level else []
            base = ".".join([*package, *filter(None, [node.module])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.partition(".")[0] in _PROJECT:
                yield node.lineno, name


def violations(sources: Mapping[str, str]) -> list[str]:
    """Return a line for each forbidden import in these files, given by their paths from the root."""
    found = []
    for path, source in sorted(sources.items()):
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        # `chalicelib/__init__.py` is imported with every module, so it is a leaf, too.
        own = (0, ("chalicelib",)) if module == "chalicelib" else place_of(module)
        if own is None:
            found.append(f"{path} stands on no floor: add it to FLOORS")
            continue
        for line, name in imports(path, source):
            target = place_of(name)
            if target is None:
                found.append(f"{path}:{line} imports {name}, which stands on no floor")
            elif target[0] > own[0]:
                found.append(f"{path}:{line} imports {name} from a higher floor")
            elif target[0] == own[0] and target[1] != own[1]:
                found.append(f"{path}:{line} imports {name} from another room of its floor")
    return found


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """Every module of the product and its tools. Tests are the highest floor and may import everything."""
    files = [ROOT / "app.py"]
    for folder in ("chalicelib", "ops", "local", "bench"):
        files += (ROOT / folder).rglob("*.py")
    return {file.relative_to(ROOT).as_posix(): file.read_text() for file in files}


def test_no_module_imports_from_a_higher_floor_or_from_another_room_of_its_own(
    sources: dict[str, str],
) -> None:
    assert violations(sources) == []


def test_every_name_on_a_floor_is_a_module_that_is_read(sources: dict[str, str]) -> None:
    """Otherwise a renamed package would pass unchecked."""
    modules = {path.removesuffix(".py").replace("/", ".") for path in sources}
    named = [name for name in _PLACES if name != "tests"]
    assert [name for name in named if not {name, f"{name}.__init__"} & modules] == []


def test_known_imports_are_seen(sources: dict[str, str]) -> None:
    def seen(path: str) -> set[str]:
        return {name for _, name in imports(path, sources[path])}

    assert "chalicelib.aws" in seen("chalicelib/store/table.py")
    assert "chalicelib.domain.chunks.ChunkKey" in seen("chalicelib/store/chunks.py")
    # Routes import what they need inside functions.
    assert "chalicelib.functions.deliver.handle" in seen("app.py")


FORBIDDEN = {
    # From a higher floor.
    "chalicelib/domain/phones.py": "from chalicelib import settings",
    "chalicelib/logs.py": "from chalicelib.store import table",
    "chalicelib/settings.py": "import chalicelib.queues.sending",
    "chalicelib/store/chunks.py": "from chalicelib.delivery.attempt import Attempt",
    "chalicelib/delivery/attempt.py": "from chalicelib.functions import deliver",
    "chalicelib/endpoints/send_list.py": "import app",
    # A leaf that imports anything.
    "chalicelib/dates.py": "from chalicelib.errors import BridgeError",
    "chalicelib/errors.py": "from chalicelib.domain.planning import Failure",
    "chalicelib/__init__.py": "from chalicelib.dates import FORMAT",
    # Between rooms of one floor.
    "chalicelib/store/table.py": "from chalicelib.queues import sending",
    "chalicelib/queues/receiving.py": "from chalicelib.tencent.v5 import client",
    "chalicelib/tencent/v5.py": "from chalicelib import fetching",
    "chalicelib/fetching/stream.py": "import chalicelib.quickaudience.client as client",
    "chalicelib/quickaudience/bodies.py": "from chalicelib.store.signs import Sign",
    "chalicelib/endpoints/signs.py": "from chalicelib.functions.pull import pull",
    "chalicelib/functions/pull.py": "from chalicelib.endpoints import signs",
    # From the product into its tools, and between those.
    "chalicelib/metrics.py": "from ops import stages",
    "chalicelib/functions/read.py": "import local",
    "chalicelib/functions/push.py": "from bench.bill import Bill",
    "app.py": "from tests.support import waiting",
    "ops/deploy.py": "from local.processes import Process",
    "ops/bundle.py": "import bench.cold_start",
    "ops/stages.py": "from tests.support.settings import ENVIRONMENT",
    "local/stack.py": "from bench import floor",
    "local/http.py": "from tests.support.waiting import wait_for",
    "bench/table.py": "from tests.support.in_process.meter import Meter",
    # Wherever the statement stands, and however it is written.
    "chalicelib/store/pages.py": "def get():\n    from chalicelib.delivery import pushes",
    "chalicelib/store/signs.py": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from chalicelib.tencent.v5 import Client"
    ),
    "chalicelib/store/plans.py": "from ..tencent import v5",
    "chalicelib/store/packing.py": "from .. import delivery",
    "chalicelib/store/__init__.py": "from ..queues.bodies import Body",
    "chalicelib/store/nonces.py": "try:\n    import app\nexcept ImportError:\n    pass",
    # What has no floor yet.
    "chalicelib/newcomer.py": "",
    "chalicelib/store/files.py": "from chalicelib.newcomer import name",
}


@pytest.mark.parametrize(("path", "source"), FORBIDDEN.items(), ids=FORBIDDEN)
def test_a_forbidden_import_is_found(path: str, source: str) -> None:
    assert len(violations({path: source})) == 1, source


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("chalicelib/dates.py", "import re\nfrom datetime import datetime"),
        ("chalicelib/domain/phones.py", "from chalicelib.errors import BridgeError"),
        ("chalicelib/domain/chunks.py", "from chalicelib.domain import planning"),
        ("chalicelib/metrics.py", "from chalicelib import settings"),
        ("chalicelib/metrics.py", "from chalicelib import __version__"),
        ("chalicelib/store/table.py", "from chalicelib import aws, settings"),
        ("chalicelib/store/chunks.py", "from . import table\nfrom .table import Item"),
        ("chalicelib/store/__init__.py", "from . import table\nfrom ..domain import phones"),
        ("chalicelib/delivery/attempt.py", "from chalicelib.tencent import v5"),
        ("chalicelib/functions/push.py", "from chalicelib.delivery.pushes import PushSession"),
        ("app.py", "def route():\n    from chalicelib.endpoints import signs"),
        ("ops/deploy.py", "import app\nfrom chalicelib import settings\nfrom ops import stages"),
        ("local/stack.py", "from ops import bundle\nimport app_store"),
        ("bench/floor.py", "from local.stack import Stack"),
    ],
)
def test_an_import_from_below_or_from_the_same_room_is_allowed(path: str, source: str) -> None:
    assert violations({path: source}) == []
