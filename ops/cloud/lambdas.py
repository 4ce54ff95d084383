"""A stage's functions in Lambda, by their deployed names."""

from collections.abc import Iterable
from typing import Any

from ops.cloud import clients, polling
from ops.errors import OperatorError

_SETTLING_SECONDS = 300.0


def client() -> Any:
    """Return boto3's client."""
    return clients.of("lambda")


def configuration(name: str) -> dict[str, Any] | None:
    """Return a function's configuration; None if it does not exist."""
    functions = client()
    try:
        return dict(functions.get_function_configuration(FunctionName=name))
    except functions.exceptions.ResourceNotFoundException:
        return None


def settled(name: str) -> dict[str, Any] | None:
    """Return a function's configuration once no change of it is under way; None if it does not exist.

    Lambda refuses to change a function before that. Raises OperatorError if the function can't run.
    """

    def look() -> list[dict[str, Any] | None] | None:
        found = configuration(name)
        if found is not None:
            if found.get("State") == "Pending" or found.get("LastUpdateStatus") == "InProgress":
                return None
            _require_usable(name, found)
        return [found]

    return polling.until(look, _SETTLING_SECONDS, f"the last change of the function {name}")[0]


def _require_usable(name: str, found: dict[str, Any]) -> None:
    if found.get("State") == "Failed":
        raise OperatorError(
            f"the function {name} can't run: {found.get('StateReason', 'Lambda gives no reason')}. "
            "Delete it in Lambda's console, then deploy again"
        )


def loop_detection(name: str) -> str:
    """Return what Lambda does with chains of about 16 invocations that lead back to a function: Allow or Terminate."""
    return str(client().get_function_recursion_config(FunctionName=name)["RecursiveLoop"])


def allow_loops(names: Iterable[str]) -> list[str]:
    """Let chains of invocations lead back to these functions; return those for which this was new.

    Raises OperatorError if Lambda does not confirm it.
    """
    changed = []
    for name in names:
        if loop_detection(name) == "Allow":
            continue
        client().put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
        if loop_detection(name) != "Allow":
            raise OperatorError(
                f"Lambda still ends chains of invocations that lead back to {name}, although "
                "PutFunctionRecursionConfig was accepted. Deploy again"
            )
        changed.append(name)
    return changed


def set_variable(name: str, variable: str, value: str) -> bool:
    """Set one environment variable of a function and keep the others; return whether that changed it.

    Waits until the function has the change. Raises OperatorError if it can't.
    """
    found = settled(name)
    if found is None:
        raise OperatorError(f"the function {name} does not exist")
    variables = found.get("Environment", {}).get("Variables", {})
    if variables.get(variable) == value:
        return False
    client().update_function_configuration(
        FunctionName=name,
        Environment={"Variables": {**variables, variable: value}},
        # Another change in between would be undone otherwise.
        RevisionId=found["RevisionId"],
    )
    settled(name)
    return True


def reserved(name: str) -> int | None:
    """Return a function's reserved concurrency; None if it has none, or does not exist."""
    functions = client()
    try:
        answer = functions.get_function_concurrency(FunctionName=name)
    except functions.exceptions.ResourceNotFoundException:
        return None
    found = answer.get("ReservedConcurrentExecutions")
    return None if found is None else int(found)


def retry_limits(name: str) -> tuple[int, int] | None:
    """Return how often Lambda retries an event of a function, and for how many seconds; None if nobody set that."""
    functions = client()
    try:
        found = functions.get_function_event_invoke_config(FunctionName=name)
    except functions.exceptions.ResourceNotFoundException:
        return None
    return found.get("MaximumRetryAttempts", 2), found.get("MaximumEventAgeInSeconds", 21_600)


def limit_retries(name: str, retries: int, seconds: int) -> bool:
    """Limit the retries of a function's events, and their age; return whether that changed it."""
    if retry_limits(name) == (retries, seconds):
        return False
    client().put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=retries, MaximumEventAgeInSeconds=seconds
    )
    return True
