"""The targets of the benchmarks, and whether the measured figures meet them."""

from bench import apis, cold_start_apis
from bench.accepting import Accepted
from bench.apis import Compared
from bench.campaign import Run
from bench.cold_start_apis import Started
from bench.rate import LIMITED, Sent
from bench.report import Section


def section(
    runs: list[Run],
    accepted: list[Accepted],
    growth: list[Run],
    sent: list[Sent],
    compared: list[Compared],
    started: list[Started],
) -> Section:
    """Compare the measured figures with their targets."""
    targets = Section("Targets", ("figure", "measured", "target", ""))

    def add(figure: str, measured: float, limit: float, unit: str = "") -> None:
        met = "met" if measured <= limit else "not met"
        targets.rows.append((figure, f"{measured:.3g}{unit}", f"≤ {limit:g}{unit}", met))

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
                # The runs are minutes apart, and a shared machine changes its speed meanwhile.
                grown /= run.floor_cpu / first[run.kind].floor_cpu
                size += " (each relative to its floor)"
            add(f"CPU per message, {size}, compared with 10,000", grown, 1.05, " ×")
    for both in compared:
        if both.kind == "personalised":
            name = f"CPU per message with API 3.0, {both.kind}, {both.recipients:,}"
            add(name, both.ratio, apis.CPU_TARGET, " × v5's")
    for start in started:
        add(
            f"cold start with API 3.0, {start.case.name}",
            start.ratio,
            cold_start_apis.TARGET,
            " × v5's",
        )
    for campaign in sent:
        if campaign.tencent == LIMITED:
            name = "calls a second, answers after 1 s, 400 accepted"
            met = "met" if campaign.adapted >= 300 else "not met"
            targets.rows.append((name, f"{campaign.adapted:.0f}", "≥ 300", met))
            add(f"{name}: refused", campaign.share_refused * 100, 2, " %")
    return targets
