"""The benchmarks: each figure beside its floor, measured in the same run.

    python -m bench [--quick | --apis]

The full run takes twenty-five minutes on an idle machine and writes docs/benchmarks.md. The quick run takes less
than three minutes and only prints. `--apis` compares Tencent's two APIs in ten minutes and only prints.
Nothing passes or fails here: tests/bench/test_bench_costs.py and tests/integration/test_costs.py assert the
counts, and the times are those of this machine.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from bench import (
    accepting,
    apis,
    campaign,
    check,
    cold_start,
    cold_start_apis,
    delay,
    drawings,
    rate,
    report,
    sections,
    setting,
    targets,
)
from bench.apis import Compared
from bench.campaign import Run
from bench.cold_start import Bench
from bench.cold_start_apis import Started
from bench.cold_start_cases import API_CASES, CASES
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
  compares every message, every receipt and the number of all other items (equal: {same}). Tencent's API is v5, unless a
  table says otherwise.
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
def _step(description: str) -> Iterator[None]:
    with _console.status(description):
        yield
    _console.print(f"[green]✓[/] {description}")


def _measure(kind: str, count: int, repeats: int = 1, *, floor: bool = True) -> Run:
    """Measure a campaign several times, and return the median run."""
    runs = []
    for number in range(repeats):
        with _step(f"{kind} campaign of {count:,}, run {number + 1} of {repeats}"):
            runs.append(campaign.measure(kind, count, floor=floor))
    return sorted(runs, key=lambda run: run.cpu / (run.floor_cpu or 1))[len(runs) // 2]


def _cold_starts(bench: Bench, runs: int) -> Section:
    """Measure the main cold starts."""
    section = Section(
        "Cold start",
        ("first answer to", "ms median", "floor ms", "×"),
        text="From process start to the first answer, under Lambda's own runtime client; docs/cold-start.md has more.",
    )
    names = ("health", "callback", "send (§6)", "deliver", "settle", "push")
    for case in CASES:
        if case.name in names:
            (ms, _), (floor, _) = cold_start.measure(bench, case, runs)
            section.rows.append((case.name, f"{ms:.0f}", f"{floor:.0f}", f"{ms / floor:.2f}"))
    return section


def _apis(count: int, rounds: int) -> list[Compared]:
    """Measure campaigns with each of Tencent's APIs."""
    compared = []
    for kind in setting.KINDS:
        with _step(f"{kind} campaign of {count:,} with each API, {rounds} of each in turns"):
            compared.append(apis.measure(kind, count, rounds))
    return compared


def _cold_starts_of_apis(bench: Bench, runs: int) -> list[Started]:
    """Measure the cold starts that callers wait for, and those that send, with each of Tencent's APIs."""
    names = ("health", "callback", "deliver", "settle", "push", "send (§6), accepted")
    cases = [case for case in API_CASES if case.name in names]
    return cold_start_apis.measure(bench, cases, runs)


def main() -> None:
    """Run the benchmarks that the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options = parser.add_mutually_exclusive_group()
    options.add_argument(
        "--quick", action="store_true", help="small sizes, each measured once; write nothing"
    )
    options.add_argument(
        "--apis", action="store_true", help="only compare Tencent's two APIs; write nothing"
    )
    arguments = parser.parse_args()
    if arguments.apis:
        _compare_apis()
    else:
        _measure_all(quick=arguments.quick)


def _compare_apis() -> None:
    """Compare Tencent's two APIs, and print the tables."""
    sections.apis(_apis(10_000, 5)).show(_console)
    with _step("cold starts with each API"), cold_start.prepared("finished") as bench:
        started = _cold_starts_of_apis(bench, 15)
    cold_start_apis.section(started).show(_console)


def _measure_all(*, quick: bool) -> None:
    """Run all benchmarks, print them, and unless `quick`, write the page."""
    sizes = (5_000,) if quick else (10_000, 100_000)
    checked = 300 if quick else 1_000

    with _step(f"comparing a campaign of {checked:,} with the same on ministack"):
        same = all(check.same_state(kind, checked) for kind in setting.KINDS)
    if not same:
        _console.print("[red]The final states differ, so the figures below are worthless.[/]")

    runs = [
        _measure(kind, size, 3 if size == 10_000 else 1) for kind in setting.KINDS for size in sizes
    ]
    accepted = []
    for kind in setting.KINDS:
        for count in (200, 10_000, 100_000, accepting.largest(kind)):
            with _step(f"accepting {count:,}, {kind}"):
                accepted.append(accepting.measure(kind, count, 1 if quick else 5))
    more = [_measure(kind, 1_000, floor=False) for kind in setting.KINDS]
    growth = sorted([*runs, *more], key=_by_size)
    statuses, pace = (2_000, 5.0) if quick else (20_000, 5.0)
    with _step(f"{statuses:,} statuses through the local stack"):
        forwarded = delay.measure(statuses, pace)

    sent = []
    for tencent in (rate.LIMITED, rate.DEFAULT):
        count = 8_000 if quick else 30_000
        with _step(f"{count:,} calls to a Tencent that answers after {tencent.seconds:g} s"):
            sent.append(rate.measure(tencent, count))

    compared = _apis(*((1_000, 1) if quick else (10_000, 3)))
    cold, started = None, list[Started]()
    if not quick:
        with _step("cold starts"), cold_start.prepared("finished") as bench:
            cold, started = _cold_starts(bench, 5), _cold_starts_of_apis(bench, 15)
    largest = [run for run in runs if run.recipients == sizes[-1]]

    def results() -> list[Section]:
        found = [
            targets.section(runs, accepted, growth, sent, compared, started),
            sections.cpu(runs),
            sections.stages(largest),
            sections.apis(compared),
            sections.units(runs),
            sections.dollars(largest),
            sections.accepting(accepted),
            sections.growth(growth),
            sections.rate(sent),
            sections.forwarding(forwarded),
            sections.burst(largest[0]),
        ]
        return [*found, cold, cold_start_apis.section(started)] if cold else found

    def write() -> None:
        drawings.draw_cpu(largest)
        drawings.draw_growth(growth)
        introduction = _INTRODUCTION.format(
            machine=report.machine(), checked=f"{checked:,}", same="yes" if same else "NO"
        )
        report.write(introduction, results())
        _console.print(f"written: {report.PAGE.relative_to(report.DOCS.parent)}")

    if not quick:
        # The largest campaign takes longest, so the other figures are written to the page first.
        write()
        growth.append(_measure("bulk", 1_000_000, floor=False))
        growth.sort(key=_by_size)
        write()
    for section in results():
        section.show(_console)


def _by_size(run: Run) -> tuple[str, int]:
    return run.kind, run.recipients


if __name__ == "__main__":
    main()
