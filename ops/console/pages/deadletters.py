"""Dead letters: their counts; their contents on a click, since looking holds them; sending them again."""

from chalicelib.domain.queue_names import QueueName
from ops import deadletters, queue_counts
from ops.console.actions import Action, Question, Result
from ops.console.parts import Page, Part
from ops.console.visits import Values, Visit
from ops.errors import OperatorError

_MAX_SHOWN = 50


def _counts(_: Visit) -> Values:
    return {"counts": queue_counts.dead()}


def _contents(_: Visit) -> Values:
    found = deadletters.show(_MAX_SHOWN)
    return {"counts": found["counts"], "letters": found["messages"]}


def _ask(visit: Visit) -> Question:
    """Ask about one dead letter of a queue, all of a queue, or all of a campaign."""
    queue, out_id, one = _choice(visit)
    count: int | str = 1
    if not one:
        count = queue_counts.count(f"{queue}-dead") if queue else sum(queue_counts.dead().values())
    if out_id:
        # Which of them are the campaign's can't be counted without holding them.
        count = visit.words("count.at_most", count=count)
    facts = [
        ("campaign", out_id) if out_id else ("campaigns", visit.words("campaigns.any")),
        ("queue", queue or visit.words("queue.every")),
        ("letters", count),
    ]
    return Question(
        facts=facts,
        warning="action.replay.warning",
        kept={"queue": queue or "", "outId": out_id, "one": one},
    )


def _replay(visit: Visit) -> Result:
    queue, out_id, one = _choice(visit)
    done = deadletters.replay(queue, out_id=out_id, limit=1 if one else None)
    command = ["deadletters", "replay"]
    command += ["--queue", queue] if queue else []
    command += ["--out-id", out_id] if out_id else []
    command += ["--limit", "1"] if one else []
    return Result(
        facts=[
            ("replayed", sum(result.replayed for result in done)),
            ("passed_over", sum(result.passed_over for result in done)),
            ("undeleted", sum(result.undeleted for result in done)),
        ],
        command=command,
    )


def _choice(visit: Visit) -> tuple[QueueName | None, str, str]:
    """Return the queue, the campaign, and "1" if one dead letter is meant."""
    queue, out_id = visit.given("queue"), visit.given("outId")
    if queue and queue not in queue_counts.QUEUES:
        raise OperatorError(f"no queue {queue}")
    if not queue and not out_id:
        raise OperatorError("neither a queue nor a campaign is named")
    return queue or None, out_id, visit.given("one")


PAGE = Page(
    "deadletters",
    (Part("dead_counts", _counts, seconds=5), Part("dead_contents", _contents, asked=True)),
)
ACTIONS = (Action("replay", _ask, _replay),)
