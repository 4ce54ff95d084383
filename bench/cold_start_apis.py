"""Cold starts with each of Tencent's two APIs: one and the same bundle with TENCENT_API=v5 and with 3.0, in turns.

    python -m bench.cold_start_apis [--runs 15] [CASE …]

`bench.cold_start` says how a start is measured. Each API has a table of its own: v5's has a linked sign, that of 3.0
a list of signs that Tencent gave a moment ago.

The difference is smaller than what other programs do to a single start. So v5 is started twice in each round, and the
ratio of its two starts shows how exact the figures are. Times are compared by their lower quartiles, because other
programs only make a start slower. Where valgrind is installed, the instructions of a start are counted, too: they
differ by less than a thousandth between two starts of the same code, whatever else the machine does.
"""

import argparse
import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from bench import report
from bench.apis import APIS
from bench.cold_start import Bench, counts_instructions, prepared
from bench.cold_start_cases import API_CASES, Case
from bench.report import Section

TARGET = 1.03
"""Largest allowed cost of a first answer with API 3.0, as a multiple of v5's."""
AGAIN = "v5 again"
"""The second start with v5 in each round."""
_STARTS = (*APIS, AGAIN)
_ORDERS = tuple(itertools.permutations(_STARTS))


@dataclass(frozen=True)
class Started:
    """A case's starts, by API and `AGAIN`: milliseconds and those of the CPU, instructions, and modules imported.

    `instructions` is empty where they can't be counted.
    """

    case: Case
    times: Mapping[str, Sequence[tuple[float, float]]]
    instructions: Mapping[str, int]
    modules: Mapping[str, int]

    def ms(self, which: str) -> float:
        """Return the lower quartile of the elapsed milliseconds."""
        return _lower_quartile([ms for ms, _ in self.times[which]])

    def cpu_ms(self, which: str) -> float:
        """Return the lower quartile of the CPU's milliseconds."""
        return _lower_quartile([cpu for _, cpu in self.times[which]])

    def cpu_ratio(self, which: str = "3.0") -> float:
        """Return the CPU time as a multiple of v5's."""
        return self.cpu_ms(which) / self.cpu_ms("v5")

    def instruction_ratio(self, which: str = "3.0") -> float | None:
        """Return the instructions as a multiple of v5's; None if they were not counted."""
        return self.instructions[which] / self.instructions["v5"] if self.instructions else None

    @property
    def ratio(self) -> float:
        """The cost with API 3.0 as a multiple of v5's: in instructions, or in CPU time if these were not counted."""
        return self.instruction_ratio() or self.cpu_ratio()


def measure(bench: Bench, cases: Sequence[Case], runs: int) -> list[Started]:
    """Measure the starts of these cases with both APIs."""
    benches = {api: bench.with_api(api) for api in APIS}
    return [_compare({**benches, AGAIN: benches["v5"]}, case, runs) for case in cases]


def rounds_order(number: int) -> tuple[str, ...]:
    """Return the order of the starts in a round: in six rounds, each order occurs once."""
    return _ORDERS[number * 5 % len(_ORDERS)]


def _compare(benches: Mapping[str, Bench], case: Case, runs: int) -> Started:
    """Start all in turns. The first start of each is discarded."""
    times: dict[str, list[tuple[float, float]]] = {which: [] for which in _STARTS}
    for number in range(runs + 1):
        for which in rounds_order(number):
            times[which].append(benches[which].start(case))
    instructions = {}
    if counts_instructions():
        instructions = {which: benches[which].instructions(case) for which in _STARTS}
    return Started(
        case,
        {which: found[1:] for which, found in times.items()},
        instructions,
        {api: len(benches[api].imports(case).own) for api in APIS},
    )


def _lower_quartile(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=4, method="inclusive")[0] if values[1:] else values[0]


def section(started: Sequence[Started]) -> Section:
    """Return the starts as a table."""
    return report.table(
        "Cold start with each of Tencent's APIs",
        started,
        (
            ("first answer to", lambda one: one.case.name),
            ("v5 ms", lambda one: f"{one.ms('v5'):.0f}"),
            ("3.0 ms", lambda one: f"{one.ms('3.0'):.0f}"),
            ("v5 CPU ms", lambda one: f"{one.cpu_ms('v5'):.0f}"),
            ("3.0 CPU ms", lambda one: f"{one.cpu_ms('3.0'):.0f}"),
            ("×", lambda one: f"{one.cpu_ratio():.3f}"),
            ("v5 twice ×", lambda one: f"{one.cpu_ratio(AGAIN):.3f}"),
            ("v5 M instructions", lambda one: _millions(one, "v5")),
            ("3.0", lambda one: _millions(one, "3.0")),
            ("×", lambda one: _decimals(one.instruction_ratio())),
            ("v5 twice ×", lambda one: _decimals(one.instruction_ratio(AGAIN))),
            ("v5 modules", lambda one: f"{one.modules['v5']}"),
            ("3.0", lambda one: f"{one.modules['3.0']}"),
        ),
        text=(
            "The same bundle with TENCENT_API=v5 and with TENCENT_API=3.0, started in turns; lower quartiles of the "
            "times. *v5 twice* compares a second start with v5 in each round to the first: it shows how exact the "
            "figures are. The sign of the accepted send is linked with v5, and in the list of the account's signs with "
            "API 3.0. *Sign asked for* has no such list: API 3.0 asks Tencent for it (no connection, here), and v5 "
            "refuses without asking."
        ),
    )


def _millions(one: Started, which: str) -> str:
    return f"{one.instructions[which] / 1e6:.0f}" if one.instructions else "–"


def _decimals(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.3f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.cold_start_apis", description=__doc__)
    parser.add_argument("cases", nargs="*", help="names of cases; without any: all")
    parser.add_argument("--runs", type=int, default=15)
    given = parser.parse_args()
    cases = [case for case in API_CASES if not given.cases or case.name in given.cases]
    with prepared("finished") as bench:
        found = section(measure(bench, cases, given.runs))
    found.show(Console(width=170))


if __name__ == "__main__":
    main()
