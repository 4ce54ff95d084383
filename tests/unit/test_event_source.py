"""What a function's answer says about the messages of its batch."""

from typing import Any

import pytest

from local.event_source import succeeded

BATCH = [{"messageId": one} for one in "abc"]


def failures(*ids: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": one} for one in ids]}


@pytest.mark.parametrize(
    ("answer", "deleted"),
    [
        (None, "abc"),
        ({}, "abc"),
        (failures(), "abc"),
        ({"batchItemFailures": None}, "abc"),
        (failures("a"), "bc"),
        (failures("a", "b", "c"), ""),
        # As Lambda reads them, these fail the whole batch.
        (failures("a", "x"), ""),
        (failures(""), ""),
        (failures(None), ""),
        ({"batchItemFailures": [{"id": "a"}]}, ""),
        ({"batchItemFailures": ["a"]}, ""),
        ("done", ""),
        ([], ""),
    ],
)
def test_with_the_flag_an_answer_names_what_failed(answer: Any, deleted: str) -> None:
    assert [one["messageId"] for one in succeeded(BATCH, answer, partial=True)] == list(deleted)


@pytest.mark.parametrize("answer", [None, "done", failures("a"), failures("x")])
def test_without_the_flag_every_answer_deletes_the_batch(answer: Any) -> None:
    assert succeeded(BATCH, answer, partial=False) == BATCH
