"""The measurements as sections of the page: a table each, with its explanation."""

from collections.abc import Callable

from bench import prices, report
from bench.accepting import MEMORY, Accepted
from bench.apis import Compared
from bench.campaign import STAGES, Run
from bench.delay import Delay
from bench.rate import Sent
from bench.report import Columns, Section

# How most tables of campaigns begin.
_CAMPAIGN: Columns[Run] = (
    ("campaign", lambda run: run.kind),
    ("recipients", lambda run: f"{run.recipients:,}"),
)


def cpu(runs: list[Run]) -> Section:
    """Return the CPU time per message, beside the floor and the tuned floor."""
    return report.table(
        "CPU per message, from request to pushed receipt",
        runs,
        (
            *_CAMPAIGN,
            ("bridge ms", lambda run: f"{run.cpu * 1000:.3f}"),
            ("floor ms", lambda run: f"{run.floor_cpu * 1000:.3f}"),
            ("×", lambda run: f"{run.cpu / run.floor_cpu:.2f}"),
            ("tuned floor ms", lambda run: f"{run.tuned_cpu * 1000:.3f}"),
            ("×", lambda run: f"{run.cpu / run.tuned_cpu:.2f}"),
        ),
        picture=f"images/{report.CPU_PLOT.name}",
    )


def apis(compared: list[Compared]) -> Section:
    """Return the CPU time per message with API 3.0, beside that with v5."""
    return report.table(
        "CPU per message with each of Tencent's APIs",
        compared,
        (
            ("campaign", lambda one: one.kind),
            ("recipients", lambda one: f"{one.recipients:,}"),
            ("turns", lambda one: f"{one.turns}"),
            ("v5 ms", lambda one: f"{one.cpu('v5') * 1000:.3f}"),
            ("3.0 ms", lambda one: f"{one.cpu('3.0') * 1000:.3f}"),
            ("×", lambda one: f"{one.ratio:.3f}"),
            ("of which deliver: v5 ms", lambda one: f"{one.deliver_cpu('v5') * 1000:.3f}"),
            ("3.0 ms", lambda one: f"{one.deliver_cpu('3.0') * 1000:.3f}"),
        ),
        text=(
            "From request to pushed receipt, in turns in the same run: v5, 3.0, 3.0, v5, and so on, each with an empty "
            "table. Times are medians; × is the median of the turns' ratios. Both APIs make as many calls with as many "
            "numbers each. 3.0 signs the body of a call, v5 its numbers."
        ),
    )


def stages(runs: list[Run]) -> Section:
    """Return the CPU time per message by stage."""
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


def units(runs: list[Run]) -> Section:
    """Return the billed units per message."""

    def per_message(figure: float, run: Run) -> str:
        return f"{figure / run.recipients:.4f}"

    return report.table(
        "What AWS bills for a message",
        runs,
        (
            *_CAMPAIGN,
            ("write units", lambda run: per_message(run.figures["write_units"], run)),
            ("read units", lambda run: per_message(run.figures["read_units"], run)),
            ("SQS requests", lambda run: per_message(run.figures["sqs_requests"], run)),
            ("invocations", lambda run: per_message(sum(run.figures["invocations"].values()), run)),
            ("$ per million", lambda run: f"{sum(prices.per_million(run).values()):.2f}"),
        ),
        text=(
            "Dollars by the prices in `docs/prices.json`, API Gateway's requests included. Lambda's seconds are the "
            "CPU time, as if Lambda's CPU were as fast as this one. Waiting for answers comes on top: half a GB for "
            "50 ms, with sixteen calls at once, costs $0.03 for a million personalised messages."
        ),
    )


def dollars(runs: list[Run]) -> Section:
    """Return the cost of a million messages by billed item."""
    section = Section("Dollars for a million messages", ("paid for", *(run.kind for run in runs)))
    columns = [prices.per_million(run) for run in runs]
    for name in columns[0]:
        amounts = (f"{column[name]:.3f}" for column in columns)
        section.rows.append((name.replace("_", " ").replace("dynamodb", "DynamoDB"), *amounts))
    return section


def accepting(accepted: list[Accepted]) -> Section:
    """Return the cost of accepting one request, by its size."""
    return report.table(
        "Accepting one request",
        accepted,
        (
            ("request", lambda one: one.kind),
            ("recipients", lambda one: f"{one.recipients:,}"),
            ("MB", lambda one: f"{one.bytes / 1e6:.2f}"),
            ("CPU s", lambda one: f"{one.cpu:.3f}"),
            ("floor s", lambda one: f"{one.floor:.3f}"),
            ("×", lambda one: f"{one.cpu / one.floor:.2f}"),
            ("memory MB", lambda one: f"{one.memory / 2**20:.0f}"),
            ("at start", lambda one: f"{one.started_with / 2**20:.0f}"),
            ("s on Lambda", lambda one: f"{one.seconds_on_lambda:.1f}"),
        ),
        text=(
            "The floor parses the JSON of the event and of the body, and makes the same calls. Memory is the process's "
            "peak. The largest requests are as large as Lambda accepts (6 MB of event, in which the body is a string, "
            "so that each quotation mark takes two bytes); API Gateway would wait 29 s. The last column is the CPU "
            f"time at the {MEMORY} MB that the function has, as if Lambda's CPU were this one; it leaves out "
            "waiting for AWS. The bridge does more than the floor: it checks each number and each parameter, brings "
            "the recipients into one order and digests them (the same request may come again in another order), "
            "plans the calls and packs the plan."
        ),
    )


def growth(runs: list[Run]) -> Section:
    """Return how the cost per message and the memory depend on the size of a campaign."""

    def memory(stage: str) -> Callable[[Run], str]:
        return lambda run: f"{run.stages[stage].memory / 2**20:.0f}"

    # The last stage of each function, at which the memory of its process was highest.
    last = {function: stage for stage, function in STAGES.items()}
    return report.table(
        "Growth",
        runs,
        (
            *_CAMPAIGN,
            ("CPU ms", lambda run: f"{run.cpu * 1000:.3f}"),
            ("write units", lambda run: f"{run.figures['write_units'] / run.recipients:.4f}"),
            *((f"{function} MB", memory(stage)) for function, stage in last.items()),
        ),
        text=(
            "CPU time and write units per message, and the peak memory of each function's process, Python and "
            "libraries included. `api_handler` processes a request of up to 100,000 recipients at once."
        ),
        picture=f"images/{report.GROWTH_PLOT.name}",
    )


def burst(run: Run) -> Section:
    """Return the throughput for a burst of statuses: queued, settled, pushed."""
    queued = run.stages["callback"].cpu
    settled = queued + run.stages["settle"].cpu
    pushed = settled + run.stages["push"].cpu
    section = Section(
        f"A burst of {run.recipients:,} statuses in pushes of 100",
        ("up to", "CPU s", "statuses per CPU second"),
    )
    for name, seconds in (("queued", queued), ("settled", settled), ("pushed", pushed)):
        section.rows.append((name, f"{seconds:.2f}", f"{run.recipients / seconds:,.0f}"))
    return section


def forwarding(found: Delay) -> Section:
    """Return how long the receipts of a campaign take through the local stack."""
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


def rate(sent: list[Sent]) -> Section:
    """Return how fast a personalised campaign is sent within a limit of Tencent's, and without one."""

    def accepts(per_second: int) -> str:
        return f"{per_second:,}" if per_second else "any number"

    return report.table(
        "Calls a second to Tencent",
        sent,
        (
            ("answers take", lambda one: f"{one.tencent.seconds:g} s"),
            ("Tencent accepts a second", lambda one: accepts(one.tencent.per_second)),
            ("ceiling", lambda one: f"{one.tencent.ceiling}"),
            ("recipients", lambda one: f"{one.recipients:,}"),
            ("a second, all", lambda one: f"{one.per_second:.0f}"),
            ("second half", lambda one: f"{one.adapted:.0f}"),
            ("refused %", lambda one: f"{one.share_refused * 100:.2f}"),
            ("CPU ms", lambda one: f"{one.cpu * 1000:.2f}"),
            ("deliver MB", lambda one: f"{one.memory / 2**20:.0f}"),
        ),
        text=(
            "Elapsed time: four `deliver` processes at once send a personalised campaign, a call for each message. The "
            "stand-in takes the given time for an answer, and refuses (1013) all but the first calls of each second of "
            "its clock. The ceiling is TENCENT_PARALLEL_CALLS; TENCENT_CALLS_PER_SECOND is 1,000, the default. Each "
            "process begins with four calls at once and finds its rate by itself (docs/decisions/0054), which the "
            "second half of the campaign shows. CPU time per message is that of `deliver`. Calls that were refused are "
            "repeated after 30 s and more, which is left out. With the default ceiling, two cores are the limit."
        ),
    )
