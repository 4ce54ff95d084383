"""Cold starts, function by function: first answer from process start, against the floor of the same run.

    python -m bench.cold_start [--runs 15] [--bundle plain|finished] [CASE …]

The bundle runs under AWS's own runtime client; AWS is ministack. The floor of a case is the least that
such a function can be: a Chalice app in the same bundle, whose route (or queue function) makes the same
boto3 clients, calls each once, and answers. Both are started in turns, and what is compared are
medians. Imports are counted and timed in runs of their own, since `-X importtime` costs time itself.
"""

import argparse
import json
import os
import re
import secrets
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from local import aws
from local.configuration import DEFAULTS
from local.quickaudience.signature import SIGNATURE_HEADER, sign
from local.runtime import Function, unpacked
from ops import bundle

EVENTS = Path(__file__).parent.parent / "tests" / "deployed" / "events"
TARGET = 1.25
"""Most that the HTTP function's first answer may take, as a multiple of its floor."""


@dataclass(frozen=True)
class Case:
    """A function's first event, and the AWS services that it cannot answer without."""

    name: str
    handler: str
    event: str
    services: tuple[str, ...] = ()


CASES = (
    Case("health", "app.app", "http_health"),
    Case("refused signature", "app.app", "http_wrong_signature", ("dynamodb",)),
    Case("callback", "app.app", "http_callback", ("sqs",)),
    Case("page", "app.app", "http_page", ("dynamodb",)),
    Case("query template (§4)", "app.app", "http_template", ("dynamodb",)),
    Case("query sign (§1)", "app.app", "http_sign", ("dynamodb",)),
    Case("send (§6)", "app.app", "http_send", ("dynamodb",)),
    Case("read", "app.read", "sqs_garbage", ("sqs",)),
    Case("deliver", "app.deliver", "sqs_garbage", ("sqs",)),
    Case("settle", "app.settle", "sqs_garbage", ("sqs",)),
    Case("push", "app.push", "sqs_garbage", ("sqs",)),
    Case("sweep", "app.sweep", "schedule", ("dynamodb",)),
    Case("pull", "app.pull", "schedule"),
    Case("inquire", "app.inquire", "schedule", ("dynamodb",)),
)

_FLOOR = """
from chalice.app import Chalice, Rate

app = Chalice(app_name="floor", configure_logs=False)


def _touch():
    import os
    for service in filter(None, os.environ["FLOOR_SERVICES"].split(",")):
        import boto3
        client = boto3.client(service)
        if service == "dynamodb":
            key = {"pk": {"S": "nothing"}, "sk": {"S": "nothing"}}
            client.get_item(TableName=os.environ["BRIDGE_TABLE"], Key=key)
        else:
            client.get_queue_url(QueueName=os.environ["BRIDGE_QUEUE_PREFIX"] + "sends")


def answer(**_):
    _touch()
    return {"status": "ok"}


for path in ("/health", "/sms/{first}", "/sms/sendBatchList", "/sms/smsSign/{sign_name}",
             "/sms/smsTemplate/{template_code}", "/m/{code}", "/tencent/{token}/callback"):
    app.route(path, methods=["GET", "POST"], content_types=["*/*"], name=path)(answer)


@app.on_sqs_message(queue="floor")
def message(event):
    _touch()


@app.schedule(Rate(1, unit=Rate.HOURS))
def schedule(event):
    _touch()
"""
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| (\s*)(\S+)")


@dataclass(frozen=True)
class Imports:
    """What was imported until the first answer; `own` is each module's own time in microseconds."""

    own: Mapping[str, int]

    @property
    def milliseconds(self) -> float:
        """Of all of them."""
        return sum(self.own.values()) / 1000


class Bench:
    """An unpacked bundle with the floor's app beside it, and an AWS to talk to."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = dict(environment)
        (folder / "floor.py").write_text(_FLOOR)

    def start(self, case: Case) -> tuple[float, float]:
        """Milliseconds from process start to the bridge's first answer: of the clock, of a processor."""
        return self._start(case, case.handler, self.environment)

    def floor_start(self, case: Case) -> tuple[float, float]:
        """The same of the floor."""
        return self._start(case, self._floor_handler(case), self._floor_environment(case))

    def _start(
        self, case: Case, handler: str, environment: Mapping[str, str]
    ) -> tuple[float, float]:
        with Function(self.folder, handler, environment) as function:
            seconds = function.invoke(event(case)).seconds
            return seconds * 1000, function.cpu_seconds() * 1000

    def imports(self, case: Case) -> Imports:
        """What the bridge imported."""
        return self._imports(case, case.handler, self.environment)

    def floor_imports(self, case: Case) -> Imports:
        """What the floor imported."""
        return self._imports(case, self._floor_handler(case), self._floor_environment(case))

    def _imports(self, case: Case, handler: str, environment: Mapping[str, str]) -> Imports:
        options = ["-X", "importtime"]
        with Function(self.folder, handler, environment, options=options) as function:
            function.invoke(event(case))
            return Imports({name: int(us) for us, _, name in _IMPORT.findall(function.output())})

    def _floor_handler(self, case: Case) -> str:
        if case.event.startswith("http_"):
            return "floor.app"
        return "floor.message" if case.event.startswith("sqs_") else "floor.schedule"

    def _floor_environment(self, case: Case) -> dict[str, str]:
        return {**self.environment, "FLOOR_SERVICES": ",".join(case.services)}


def event(case: Case) -> Any:
    """A case's recorded event; signed anew, as a nonce is good for one request."""
    recorded = json.loads((EVENTS / f"{case.event}.json").read_text())
    if "nonce" in (recorded.get("queryStringParameters") or {}) and "wrong" not in case.event:
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        query = {"timestamp": timestamp, "nonce": nonce}
        recorded["queryStringParameters"] = query
        recorded["multiValueQueryStringParameters"] = {k: [v] for k, v in query.items()}
        signature = sign(DEFAULTS["QA_KEY"], timestamp, nonce)
        recorded["headers"][SIGNATURE_HEADER] = signature
        recorded["multiValueHeaders"][SIGNATURE_HEADER] = [signature]
    return recorded


@contextmanager
def prepared(kind: str) -> Iterator[Bench]:
    """Package the project, start ministack with the bridge's table and queues in it."""
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(TemporaryDirectory(prefix="bench-"))) for _ in range(3)]
        project, output, state = folders
        bundle.copy_project(project)
        packed = bundle.pack(project, "bench", output, finished=kind == "finished")
        ministack = stack.enter_context(aws.Ministack(state))
        environment = {
            **DEFAULTS,
            # Nobody listens there: what asks Tencent is refused at once.
            "TENCENT_BASE_URL": "http://127.0.0.1:9",
            **aws.environment(ministack.endpoint, {"PATH": os.environ["PATH"]}),
        }
        aws.create_resources(
            ministack.endpoint, environment["BRIDGE_TABLE"], environment["BRIDGE_QUEUE_PREFIX"]
        )
        yield Bench(stack.enter_context(unpacked(packed.bundle)), environment)


def measure(bench: Bench, case: Case, runs: int) -> tuple[list[float], list[float]]:
    """Medians, of the clock and of a processor, of the bridge's starts and its floor's.

    They start in turns; the first of each is thrown away.
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
    """Measure, print, and end with 1 where the HTTP function misses its target."""
    parser = argparse.ArgumentParser(prog="python -m bench.cold_start", description=__doc__)
    parser.add_argument("cases", nargs="*", help="names of cases; all without")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--bundle", choices=("plain", "finished"), default="finished")
    parser.add_argument("--imports", action="store_true", help="what each imports beyond its floor")
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
        console.print(f"HTTP, at most {TARGET} x its floor: {ratios[worst]:.2f} ({worst})")
        sys.exit(ratios[worst] > TARGET)


def print_imports(console: Console, case: Case, ours: Imports, floor: Imports) -> None:
    """What a case imports beyond its floor, slowest first."""
    console.print(f"\n{case.name}:")
    beyond = {name: us for name, us in ours.own.items() if name not in floor.own}
    for name, us in sorted(beyond.items(), key=lambda item: -item[1])[:60]:
        console.print(f"{us:8,} µs  {name}")


if __name__ == "__main__":
    main()
