"""Cold starts by function: time from process start to the first answer, beside the floor of the same run.

    python -m bench.cold_start [--runs 15] [--bundle plain|finished] [CASE …]

The bundle runs under AWS's own runtime client, with ministack for AWS. `bench.cold_start_cases` has the
cases and their floor. The bridge and the floor are started alternately, and their medians are compared.
Imports are counted and timed in separate runs, because `-X importtime` takes time itself.

`bench.cold_start_apis` compares the starts with each of Tencent's two APIs.
"""

import argparse
import os
import re
import shutil
import statistics
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from bench.cold_start_cases import CASES, FLOOR_APP, Case, event
from bench.processes import Worker
from local import aws
from local.configuration import DEFAULTS
from local.processes import StackError
from local.runtime import Function, unpacked
from ops import bundle

TARGET = 1.25
"""Largest allowed time of the HTTP function's first answer, as a multiple of its floor."""

_COUNTER = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
# Valgrind is some fifty times slower, and `sweep` makes 169 reads.
_COUNTER_PATIENCE = 600.0
_COUNTED = re.compile(r"I\s+refs:\s+([\d,]+)")
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| (\s*)(\S+)")


@dataclass(frozen=True)
class Imports:
    """The modules that were imported until the first answer."""

    own: Mapping[str, int]
    """Each module's import time without its own imports, in microseconds."""

    @property
    def milliseconds(self) -> float:
        """Import time of all modules."""
        return sum(self.own.values()) / 1000


class Bench:
    """An unpacked bundle, with the floor's app beside it and an environment that leads to ministack.

    The environment's table and queues are created.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = dict(environment)
        self.empty_table = environment["BRIDGE_TABLE"]
        (folder / "floor.py").write_text(FLOOR_APP)
        aws.create_resources(
            environment["AWS_ENDPOINT_URL"],
            environment["BRIDGE_TABLE"],
            environment["BRIDGE_QUEUE_PREFIX"],
        )

    def with_api(self, api: str) -> "Bench":
        """Return the same bundle with one of Tencent's APIs, and with a table that has a sign and a template.

        The table of this bench, which has neither, stays that of the cases with an empty table.
        """
        environment = self.environment | {
            "TENCENT_API": api,
            "BRIDGE_TABLE": f"{self.environment['BRIDGE_TABLE']}-{api}",
            "BRIDGE_QUEUE_PREFIX": f"{self.environment['BRIDGE_QUEUE_PREFIX']}{api.replace('.', '-')}-",
        }
        bench = Bench(self.folder, environment)
        bench.empty_table = self.environment["BRIDGE_TABLE"]
        with Worker("bench.function", "api_handler", os.devnull, environment=environment) as worker:
            worker.do("prepare")
        return bench

    def start(self, case: Case) -> tuple[float, float]:
        """Return the milliseconds from process start to the bridge's first answer: elapsed, and of the CPU."""
        return self._start(case, case.handler, self._environment(case))

    def instructions(self, case: Case) -> int:
        """Return the instructions from process start to the bridge's first answer, as valgrind counts them.

        Unlike times, they hardly depend on what else the machine does.
        """
        with Function(
            self.folder,
            case.handler,
            self._environment(case),
            under=_COUNTER,
            patience=_COUNTER_PATIENCE,
        ) as function:
            function.invoke(event(case))
            counted = _COUNTED.search(function.end())
        if counted is None:
            raise StackError("valgrind counted no instructions")
        return int(counted[1].replace(",", ""))

    def floor_start(self, case: Case) -> tuple[float, float]:
        """Return the same for the floor."""
        return self._start(case, case.floor_handler, self._floor_environment(case))

    def _start(
        self, case: Case, handler: str, environment: Mapping[str, str]
    ) -> tuple[float, float]:
        with Function(self.folder, handler, environment) as function:
            seconds = function.invoke(event(case)).seconds
            return seconds * 1000, function.cpu_seconds() * 1000

    def imports(self, case: Case) -> Imports:
        """Return the modules that the bridge imports."""
        return self._imports(case, case.handler, self._environment(case))

    def floor_imports(self, case: Case) -> Imports:
        """Return the modules that the floor imports."""
        return self._imports(case, case.floor_handler, self._floor_environment(case))

    def _imports(self, case: Case, handler: str, environment: Mapping[str, str]) -> Imports:
        options = ["-X", "importtime"]
        with Function(self.folder, handler, environment, options=options) as function:
            function.invoke(event(case))
            return Imports({name: int(us) for us, _, name in _IMPORT.findall(function.output())})

    def _environment(self, case: Case) -> dict[str, str]:
        return self.environment | ({"BRIDGE_TABLE": self.empty_table} if case.empty_table else {})

    def _floor_environment(self, case: Case) -> dict[str, str]:
        return {**self.environment, "FLOOR_SERVICES": ",".join(case.services)}


def counts_instructions() -> bool:
    """Return whether this machine can count instructions: whether it has valgrind."""
    return shutil.which(_COUNTER[0]) is not None


@contextmanager
def prepared(kind: str) -> Iterator[Bench]:
    """Package the project, start ministack with the bridge's table and queues, and yield the bench."""
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(TemporaryDirectory(prefix="bench-"))) for _ in range(3)]
        project, output, state = folders
        bundle.copy_project(project)
        packed = bundle.pack(project, "dev", output, finished=kind == "finished")
        ministack = stack.enter_context(aws.Ministack(state))
        environment = {
            **DEFAULTS,
            # Nothing listens on this port, so calls to Tencent are refused at once.
            "TENCENT_BASE_URL": "http://127.0.0.1:9",
            **aws.environment(ministack.endpoint, {"PATH": os.environ["PATH"]}),
        }
        yield Bench(stack.enter_context(unpacked(packed.bundle)), environment)


def measure(bench: Bench, case: Case, runs: int) -> tuple[list[float], list[float]]:
    """Return the medians, elapsed and of the CPU, of the bridge's starts and of its floor's.

    They start alternately, and the first start of each is discarded.
    """
    ours, floors = [], []
    for _ in range(runs + 1):
        ours.append(bench.start(case))
        floors.append(bench.floor_start(case))
    return (
        [statistics.median(times) for times in zip(*ours[1:], strict=True)],
        [statistics.median(times) for times in zip(*floors[1:], strict=True)],
    )


def main() -> None:
    """Measure, print, and exit with 1 if the HTTP function misses its target."""
    parser = argparse.ArgumentParser(prog="python -m bench.cold_start", description=__doc__)
    parser.add_argument("cases", nargs="*", help="names of cases; without any: all")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--bundle", choices=("plain", "finished"), default="finished")
    parser.add_argument(
        "--imports", action="store_true", help="also print what each imports beyond its floor"
    )
    arguments = parser.parse_args()
    console = Console(width=110)
    title = (
        f"First answers from process start, medians of {arguments.runs}, {arguments.bundle} bundle"
    )
    table = Table("case", title=title, title_justify="left")
    for heading in ("ms", "floor", "ratio", "cpu ms", "floor", "ratio", "modules", "floor"):
        table.add_column(heading, justify="right")
    for heading in ("import ms", "floor"):
        table.add_column(heading, justify="right")
    ratios = {}
    with prepared(arguments.bundle) as bench:
        for case in CASES:
            if arguments.cases and case.name not in arguments.cases:
                continue
            ours, floors = measure(bench, case, arguments.runs)
            imports = [bench.imports(case) for _ in range(3)]
            floor_imports = [bench.floor_imports(case) for _ in range(3)]
            if case.handler == "app.app":
                ratios[case.name] = ours[0] / floors[0]
            cells = []
            for mine, floor in zip(ours, floors, strict=True):
                cells += [f"{mine:.0f}", f"{floor:.0f}", f"{mine / floor:.2f}"]
            for of in (imports, floor_imports):
                cells.append(str(len(of[0].own)))
            for of in (imports, floor_imports):
                cells.append(f"{min(one.milliseconds for one in of):.0f}")
            table.add_row(case.name, *cells)
            if arguments.imports:
                print_imports(console, case, imports[0], floor_imports[0])
    console.print(table)
    if ratios:
        worst = max(ratios, key=lambda name: ratios[name])
        console.print(f"HTTP, at most {TARGET} × its floor: {ratios[worst]:.2f} ({worst})")
        sys.exit(ratios[worst] > TARGET)


def print_imports(console: Console, case: Case, ours: Imports, floor: Imports) -> None:
    """Print what a case imports beyond its floor, slowest first."""
    console.print(f"\n{case.name}:")
    beyond = {name: us for name, us in ours.own.items() if name not in floor.own}
    for name, us in sorted(beyond.items(), key=lambda item: -item[1])[:60]:
        console.print(f"{us:8,} µs  {name}")


if __name__ == "__main__":
    main()
