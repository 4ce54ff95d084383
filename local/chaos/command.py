"""`make chaos`: run one storm on a stack of its own, and print the result."""

import random
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local import oss
from local.chaos import audit
from local.chaos.arena import Arena
from local.chaos.audit import Facts
from local.chaos.storm import Storm
from local.hostile.switches import SEED_VARIABLE, VARIABLE
from local.ports import free_port
from local.processes import StackError


def run(*, seconds: float, seed: str, hostile: str) -> int:
    """Run a storm for `seconds`, print the result, and return the exit code.

    `hostile` names the switches of AWS at its worst that are on.
    """
    console = Console(highlight=False)
    # Both ways in which a mapping can treat a batch of which a message fails.
    partial = random.Random(seed).choice(("on", "off"))
    console.print(f"SEED={seed} SECONDS={seconds:.0f} HOSTILE={hostile}, partial batches {partial}")
    environ = {
        VARIABLE: hostile,
        SEED_VARIABLE: seed,
        "BRIDGE_PARTIAL_BATCHES": partial,
    }
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    try:
        facts, problems, storm = _storm(folder, seconds, seed, environ, console)
    except StackError as error:
        problems = [str(error)]
    else:
        console.print(_table(facts, storm))
    if not problems:
        console.print(
            "[green]✓[/] every recipient was sent to at most once, and reached one final state"
        )
        return 0
    console.print(audit.shortened(problems), style="red", markup=False, soft_wrap=True)
    settings = [f"SEED={seed}", f"SECONDS={seconds:.0f}", f"{VARIABLE}={hostile}"]
    again = shlex.join(["make", "chaos", *settings])
    console.print(f"\nA similar run:       {again}\nLogs, data, deaths:  {folder}")
    return 1


def _storm(
    folder: Path, seconds: float, seed: str, environ: Mapping[str, str], console: Console
) -> tuple[Facts, list[str], Storm]:
    with oss.serving() as files:
        arena = Arena(
            folder,
            port=free_port(),
            timeouts={"settle": 10, "push": 60},
            # Deaths are far more frequent here than on AWS. A message that would be poisonous there may
            # merely have been unlucky here.
            receives={"sends": 50, "callbacks": 50},
            environ={"OSS_ALLOWED_HOSTS": f".aliyuncs.com,{files.origin}", **environ},
        )
        with arena:
            storm = Storm(arena, files, seed, console)
            storm.run(seconds)
            facts, problems = storm.settle()
            storm.counts |= {f"AWS: {switch}": n for switch, n in sorted(arena.notes().items())}
            return facts, problems, storm


def _table(facts: Facts, storm: Storm) -> Table:
    table = Table(title="Result", title_justify="left", show_header=False)
    counts = {
        **storm.counts,
        "requests without an answer": storm.campaigns.cut_off,
        "campaigns": len(storm.campaigns.all),
        **audit.summary(facts),
    }
    for name, count in counts.items():
        table.add_row(name, f"{count:,}")
    return table
