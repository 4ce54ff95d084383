"""The benchmarks: each figure beside its floor, measured in the same run.

    python -m bench [--quick]

All of it takes twenty minutes on an idle machine and writes docs/benchmarks.md; quick takes less than three minutes and
only prints. Nothing passes or fails here: counts are held by tests/bench/test_bench_costs.py and
tests/integration/test_costs.py, and times are of this machine.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from bench import accepting, campaign, check, cold_start, delay, prices, report, setting
from bench.accepting import Accepted
from bench.campaign import STAGES, Run
from bench.delay import Delay
from bench.report import Section

_console = Console(width=130)

_INTRODUCTION = """# Benchmarks

`make bench` writes this page from its own run. `make bench QUICK=1` prints a short one within three minutes.

Measured: {machine}. Other programs may have run on the machine, so the figures are CPU time, not elapsed time,
except where a table says otherwise. If a campaign was run several times, the table has the median run.

## Method
- **The bridge** is its functions, each in a process of its own (`bench/function.py`): events as Lambda passes them,
  app.py's own handlers, the answer as JSON. User and system time of the whole process are counted from the text of
  an event to the text of the answer. Process starts are not counted: the processes have handled events before.
- **The stand-in** is one lean process (`bench/stub.py`) that plays the table, the queues, Tencent and Quick
  Audience. Its own cost is not counted. ministack answers a few hundred calls a second, too few for a million
  recipients. Each run of the benchmark sends a campaign of {checked} through the stand-in and through ministack, and
  compares every message, every receipt and the number of all other items (equal: {same}).
- **The floor** makes the calls that the stand-in recorded, in the same order and with the same items, with boto3's
  low-level clients and one pooled session of requests, one after the other in one thread, and nothing else
  (`bench/floor.py`). So it has the same number of writes, reads, queue requests and HTTP calls, of the same sizes.
  It uses both libraries with their defaults. The bridge turns off boto3's checking of parameters and passes its
  calls to requests' adapter directly; the **tuned floor** does so too, and is the least that these libraries allow.
- **Recipients** are random mainland numbers; Tencent's sids are random, as long as in its documents. *bulk*: all
  get the same text, in calls of 200. *personalised*: each gets another text, in a call of its own. Statuses come in
  pushes of 100. A campaign of a million is ten requests.
- **Units** are counted by the stand-in as AWS counts them: a write unit for each KB of an item, half a read unit
  for 4 KB, a queue request for 64 KB, Lambda's own receiving and deleting included. Lambda's polling of empty
  queues is not included: it costs the same without any campaign."""


@contextmanager
def _telling(what: str) -> Iterator[None]:
    with _console.status(what):
        yield
    _console.print(f"[green]✓[/] {what}")


def _measure(kind: str, count: int, repeats: int = 1, *, floor: bool = True) -> Run:
    """Of several runs, the one in the middle."""
    runs = []
    for number in range(repeats):
        with _telling(f"{kind} campaign of {count:,}, run {number + 1} of {repeats}"):
            runs.append(campaign.measure(kind, count, floor=floor))
    return sorted(runs, key=lambda run: run.cpu / (run.floor_cpu or 1))[len(runs) // 2]


def _cpu(runs: list[Run]) -> Section:
    section = Section(
        "CPU per message, from request to pushed receipt",
        ("campaign", "recipients", "bridge ms", "floor ms", "×", "tuned floor ms", "×"),
        picture=f"images/{report.CPU_PLOT.name}",
    )
    for run in runs:
        ours, floor, tuned = run.cpu * 1000, run.floor_cpu * 1000, run.tuned_cpu * 1000
        section.rows.append(
            (
                run.kind,
                f"{run.recipients:,}",
                f"{ours:.3f}",
                f"{floor:.3f}",
                f"{ours / floor:.2f}",
                f"{tuned:.3f}",
                f"{ours / tuned:.2f}",
            )
        )
    return section


def _stages(runs: list[Run]) -> Section:
    section = Section(
        "The same by stage",
        ("campaign", "stage", "invocations", "bridge µs", "floor µs", "tuned floor µs"),
        text="*deliver* sends, *settle* processes statuses; docs/architecture.md describes the stages.",
    )
    for run in runs:
        for name, stage in run.stages.items():
            seconds = (stage.cpu, run.floor[name], run.tuned[name])
            section.rows.append(
                (
                    f"{run.kind}, {run.recipients:,}",
                    name,
                    f"{stage.events:,}",
                    *(f"{one / run.recipients * 1e6:.0f}" for one in seconds),
                )
            )
    return section


def _units(runs: list[Run]) -> Section:
    section = Section(
        "What AWS bills for a message",
        (
            "campaign",
            "recipients",
            "write units",
            "read units",
            "SQS requests",
            "invocations",
            "$ per million",
        ),
        text=(
            "Dollars by the prices in `docs/prices.json`, API Gateway's requests included. Lambda's seconds are the "
            "CPU time, as if Lambda's CPU were as fast as this one. Waiting for answers comes on top: half a GB for "
            "50 ms, with sixteen calls at once, costs $0.03 for a million personalised messages."
        ),
    )
    for run in runs:
        used = (run.figures[name] for name in ("write_units", "read_units", "sqs_requests"))
        invocations = sum(run.figures["invocations"].values())
        section.rows.append(
            (
                run.kind,
                f"{run.recipients:,}",
                *(f"{one / run.recipients:.4f}" for one in (*used, invocations)),
                f"{sum(prices.per_million(run).values()):.2f}",
            )
        )
    return section


def _dollars(runs: list[Run]) -> Section:
    section = Section("Dollars for a million messages", ("paid for", *(run.kind for run in runs)))
    columns = [prices.per_million(run) for run in runs]
    for name in columns[0]:
        amounts = (f"{column[name]:.3f}" for column in columns)
        section.rows.append((name.replace("_", " ").replace("dynamodb", "DynamoDB"), *amounts))
    return section


def _accepting(accepted: list[Accepted]) -> Section:
    section = Section(
        "Accepting one request",
        (
            "request",
            "recipients",
            "MB",
            "CPU s",
            "floor s",
            "×",
            "memory MB",
            "at start",
            "s on Lambda",
        ),
        text=(
            "The floor parses the JSON of the event and of the body, and makes the same calls. Memory is the process's "
            "peak. The largest requests are as large as Lambda accepts (6 MB of event, in which the body is a string, "
            "so that each quotation mark takes two bytes); API Gateway would wait 29 s. The last column is the CPU "
            f"time at the {accepting.MEMORY} MB that the function has, as if Lambda's CPU were this one; it leaves out "
            "waiting for AWS. The bridge does more than the floor: it checks each number and each parameter, brings "
            "the recipients into one order and digests them (the same request may come again in another order), "
            "plans the calls and packs the plan."
        ),
    )
    for one in accepted:
        section.rows.append(
            (
                one.kind,
                f"{one.recipients:,}",
                f"{one.bytes / 1e6:.2f}",
                f"{one.cpu:.3f}",
                f"{one.floor:.3f}",
                f"{one.cpu / one.floor:.2f}",
                f"{one.memory / 2**20:.0f}",
                f"{one.started_with / 2**20:.0f}",
                f"{one.seconds_on_lambda:.1f}",
            )
        )
    return section


def _growth(runs: list[Run]) -> Section:
    functions = list(dict.fromkeys(STAGES.values()))
    section = Section(
        "Growth",
        ("campaign", "recipients", "CPU ms", "write units", *(f"{name} MB" for name in functions)),
        text=(
            "CPU time and write units per message, and the peak memory of each function's process, Python and "
            "libraries included. `api_handler` processes a request of up to 100,000 recipients at once."
        ),
        picture=f"images/{report.GROWTH_PLOT.name}",
    )
    for run in runs:
        memory = {function: run.stages[stage].memory for stage, function in STAGES.items()}
        section.rows.append(
            (
                run.kind,
                f"{run.recipients:,}",
                f"{run.cpu * 1000:.3f}",
                f"{run.figures['write_units'] / run.recipients:.4f}",
                *(f"{memory[name] / 2**20:.0f}" for name in functions),
            )
        )
    return section


def _burst(run: Run) -> Section:
    taken = run.stages["callback"].cpu
    settled = taken + run.stages["settle"].cpu
    pushed = settled + run.stages["push"].cpu
    section = Section(
        f"A burst of {run.recipients:,} statuses in pushes of 100",
        ("up to", "CPU s", "statuses per CPU second"),
    )
    for name, seconds in (("queued", taken), ("settled", settled), ("pushed", pushed)):
        section.rows.append((name, f"{seconds:.2f}", f"{run.recipients / seconds:,.0f}"))
    return section


def _delay(found: Delay) -> Section:
    return Section(
        "Forwarding delay",
        ("statuses", "per second", "median s", "99 % s", "longest s"),
        [
            (
                f"{found.statuses:,}",
                f"{found.per_second:.0f}",
                f"{found.median:.2f}",
                f"{found.p99:.2f}",
                f"{found.longest:.2f}",
            )
        ],
        text=(
            "On the whole local stack (`make up`) with ministack: elapsed seconds from the answer to Tencent's push "
            "to the receipt's arrival at Quick Audience. They include two batching windows of a second "
            "(`maximum_batching_window_in_seconds` of settle and push), which trade delay for fewer requests."
        ),
    )


def _cold_starts(runs: int) -> Section:
    section = Section(
        "Cold start",
        ("first answer to", "ms median", "floor ms", "×"),
        text="From process start to the first answer, under Lambda's own runtime client; docs/cold-start.md has more.",
    )
    names = ("health", "callback", "send (§6)", "deliver", "settle", "push")
    with cold_start.prepared("finished") as bench:
        for case in cold_start.CASES:
            if case.name in names:
                (ms, _), (floor, _) = cold_start.measure(bench, case, runs)
                section.rows.append((case.name, f"{ms:.0f}", f"{floor:.0f}", f"{ms / floor:.2f}"))
    return section


def _targets(runs: list[Run], accepted: list[Accepted], growth: list[Run]) -> Section:
    section = Section("Targets", ("figure", "measured", "target", ""))

    def add(figure: str, measured: float, most: float, unit: str = "") -> None:
        met = "met" if measured <= most else "not met"
        section.rows.append((figure, f"{measured:.3g}{unit}", f"≤ {most:g}{unit}", met))

    for run in runs:
        size = f"{run.kind}, {run.recipients:,}"
        add(f"CPU per message, {size}", run.cpu / run.floor_cpu, 1.3, " × floor")
        used = {name: run.figures[name] / run.recipients for name in ("write_units", "read_units")}
        add(f"write units per message, {size}", used["write_units"], 2.15)
        add(f"read units per message, {size}", used["read_units"], 0.6)
        if run.kind == "bulk":
            requests = run.figures["sqs_requests"] / run.recipients
            add(f"SQS requests per message, {size}", requests, 0.06)
        invocations = sum(run.figures["invocations"].values()) / run.recipients
        add(f"Lambda invocations per message, {size}", invocations, 0.03)
    for one in accepted:
        size = f"{one.kind}, {one.recipients:,}"
        if one.recipients == 100_000:
            add(f"accepting, {size}", one.cpu / one.floor, 1.5, " × floor")
        add(f"accepting, {size}: memory", one.memory / 2**20, 256, " MB")
    first = {run.kind: run for run in growth if run.recipients == 10_000}
    for run in growth:
        if run.recipients > 10_000 and run.kind in first:
            size = f"{run.kind}, {run.recipients:,}"
            grown = run.cpu / first[run.kind].cpu
            if run.floor_cpu:
                # Minutes lie between the two, in which a shared machine changes its speed.
                grown /= run.floor_cpu / first[run.kind].floor_cpu
                size += " (each relative to its floor)"
            add(f"CPU per message, {size}, compared with 10,000", grown, 1.05, " ×")
    return section


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, once each; writes nothing"
    )
    quick = parser.parse_args().quick
    sizes = (5_000,) if quick else (10_000, 100_000)
    checked = 300 if quick else 1_000

    with _telling(f"a campaign of {checked:,} ends in the same state here as on ministack"):
        same = all(check.same_state(kind, checked) for kind in setting.KINDS)
    if not same:
        _console.print("[red]but it did not: no figure below is worth anything[/]")

    runs = [
        _measure(kind, size, 3 if size == 10_000 else 1) for kind in setting.KINDS for size in sizes
    ]
    accepted = []
    for kind in setting.KINDS:
        for count in (200, 10_000, 100_000, accepting.largest(kind)):
            with _telling(f"accepting {count:,}, {kind}"):
                accepted.append(accepting.measure(kind, count, 1 if quick else 5))
    more = [_measure(kind, 1_000, floor=False) for kind in setting.KINDS]
    growth = sorted([*runs, *more], key=_by_size)
    statuses, pace = (2_000, 5.0) if quick else (20_000, 5.0)
    with _telling(f"{statuses:,} statuses through the local stack"):
        forwarded = delay.measure(statuses, pace)

    cold = None
    if not quick:
        with _telling("cold starts"):
            cold = _cold_starts(5)
    largest = [run for run in runs if run.recipients == sizes[-1]]

    def sections() -> list[Section]:
        found = [
            _targets(runs, accepted, growth),
            _cpu(runs),
            _stages(largest),
            _units(runs),
            _dollars(largest),
            _accepting(accepted),
            _growth(growth),
            _delay(forwarded),
            _burst(largest[0]),
        ]
        return [*found, cold] if cold else found

    def write() -> None:
        report.draw_cpu(largest)
        report.draw_growth(growth)
        introduction = _INTRODUCTION.format(
            machine=report.machine(), checked=f"{checked:,}", same="yes" if same else "NO"
        )
        report.write(introduction, sections())
        _console.print(f"written: {report.PAGE.relative_to(report.DOCS.parent)}")

    if not quick:
        # The longest of all: what was measured before it is written down first.
        write()
        growth.append(_measure("bulk", 1_000_000, floor=False))
        growth.sort(key=_by_size)
        write()
    for section in sections():
        section.show(_console)


def _by_size(run: Run) -> tuple[str, int]:
    return run.kind, run.recipients


if __name__ == "__main__":
    main()
