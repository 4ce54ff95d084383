"""Cold starts with each of Tencent's two APIs: one and the same bundle with TENCENT_API=v5 and with 3.0, in turns.

    python -m bench.cold_start_apis [--runs 15] [CASE …]

`bench.cold_start` says how a start is measured. Each API has a table of its own: v5's has a linked sign, that of 3.0
a list of signs that Tencent gave a moment ago.
"""

import argparse
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from bench import report
from bench.apis import APIS, turns
from bench.cold_start import Bench, prepared
from bench.cold_start_cases import API_CASES, Case
from bench.report import Section

TARGET = 1.03
"""Largest allowed time of a first answer with API 3.0, as a multiple of v5's."""


@dataclass(frozen=True)
class Started:
    """A case's starts with each API: medians of the milliseconds and of those of the CPU, and the modules imported."""

    case: Case
    ms: Mapping[str, float]
    cpu_ms: Mapping[str, float]
    modules: Mapping[str, int]

    @property
    def ratio(self) -> float:
        """The time with API 3.0 as a multiple of v5's."""
        return self.ms["3.0"] / self.ms["v5"]

    @property
    def cpu_ratio(self) -> float:
        """The CPU time with API 3.0 as a multiple of v5's."""
        return self.cpu_ms["3.0"] / self.cpu_ms["v5"]


def measure(bench: Bench, cases: Sequence[Case], runs: int) -> list[Started]:
    """Measure the starts of these cases with both APIs."""
    benches = {api: bench.with_api(api) for api in APIS}
    return [_compare(benches, case, runs) for case in cases]


def _compare(benches: Mapping[str, Bench], case: Case, runs: int) -> Started:
    """Start both APIs in turns. The first start of each is discarded."""
    times: dict[str, list[tuple[float, float]]] = {api: [] for api in APIS}
    for api in turns(runs + 1):
        times[api].append(benches[api].start(case))
    return Started(
        case,
        {api: statistics.median(ms for ms, _ in found[1:]) for api, found in times.items()},
        {api: statistics.median(cpu for _, cpu in found[1:]) for api, found in times.items()},
        {api: len(benches[api].imports(case).own) for api in APIS},
    )


def section(started: Sequence[Started]) -> Section:
    """Return the starts as a table."""
    return report.table(
        "Cold start with each of Tencent's APIs",
        started,
        (
            ("first answer to", lambda one: one.case.name),
            ("v5 ms", lambda one: f"{one.ms['v5']:.0f}"),
            ("3.0 ms", lambda one: f"{one.ms['3.0']:.0f}"),
            ("×", lambda one: f"{one.ratio:.3f}"),
            ("v5 CPU ms", lambda one: f"{one.cpu_ms['v5']:.0f}"),
            ("3.0 CPU ms", lambda one: f"{one.cpu_ms['3.0']:.0f}"),
            ("×", lambda one: f"{one.cpu_ratio:.3f}"),
            ("v5 modules", lambda one: f"{one.modules['v5']}"),
            ("3.0 modules", lambda one: f"{one.modules['3.0']}"),
        ),
        text=(
            "The same bundle with TENCENT_API=v5 and with TENCENT_API=3.0, started in turns. The sign of the accepted "
            "send is linked with v5, and in the list of the account's signs with API 3.0."
        ),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.cold_start_apis", description=__doc__)
    parser.add_argument("cases", nargs="*", help="names of cases; without any: all")
    parser.add_argument("--runs", type=int, default=15)
    given = parser.parse_args()
    cases = [case for case in API_CASES if not given.cases or case.name in given.cases]
    with prepared("finished") as bench:
        found = section(measure(bench, cases, given.runs))
    found.show(Console(width=130))


if __name__ == "__main__":
    main()
