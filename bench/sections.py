"""The measurements as sections of the page: a table each, with its explanation."""

from bench import prices, report
from bench.accepting import MEMORY, Accepted
from bench.apis import APIS, Compared
from bench.campaign import STAGES, Run
from bench.delay import Delay
from bench.rate import Sent
from bench.report import Section


def cpu(runs: list[Run]) -> Section:
    """Return the CPU time per message, beside the floor and the tuned floor."""
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


def apis(compared: list[Compared]) -> Section:
    """Return the CPU time per message with API 3.0, beside that with v5."""
    section = Section(
        "CPU per message with each of Tencent's APIs",
        (
            "campaign",
            "recipients",
            "turns",
            "v5 ms",
            "3.0 ms",
            "×",
            "of which deliver: v5 ms",
            "3.0 ms",
        ),
        text=(
            "From request to pushed receipt, in turns in the same run: v5, 3.0, 3.0, v5, and so on, each with an empty "
            "table. Times are medians; × is the median of the turns' ratios. Both APIs make as many calls with as many "
            "numbers each. 3.0 signs the body of a call, v5 its numbers."
        ),
    )
    for one in compared:
        section.rows.append(
            (
                one.kind,
                f"{one.recipients:,}",
                f"{one.turns}",
                *(f"{one.cpu(api) * 1000:.3f}" for api in APIS),
                f"{one.ratio:.3f}",
                *(f"{one.deliver_cpu(api) * 1000:.3f}" for api in APIS),
            )
        )
    return section


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
            f"time at the {MEMORY} MB that the function has, as if Lambda's CPU were this one; it leaves out "
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


def growth(runs: list[Run]) -> Section:
    """Return how the cost per message and the memory depend on the size of a campaign."""
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
    section = Section(
        "Calls a second to Tencent",
        (
            "answers take",
            "Tencent accepts a second",
            "ceiling",
            "recipients",
            "a second, all",
            "second half",
            "refused %",
            "CPU ms",
            "deliver MB",
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
    for one in sent:
        tencent = one.tencent
        section.rows.append(
            (
                f"{tencent.seconds:g} s",
                f"{tencent.per_second:,}" if tencent.per_second else "any number",
                f"{tencent.ceiling}",
                f"{one.recipients:,}",
                f"{one.per_second:.0f}",
                f"{one.adapted:.0f}",
                f"{one.share_refused * 100:.2f}",
                f"{one.cpu * 1000:.2f}",
                f"{one.memory / 2**20:.0f}",
            )
        )
    return section
