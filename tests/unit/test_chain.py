"""Lambda's detection of loops: counting in headers, refusing, and the functions' setting."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.hostile import chain
from local.hostile.chain import MAX_HOPS, Chain, Recursion

ROOT = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"


@pytest.mark.parametrize(
    ("headers", "hops"),
    [
        ([], 0),
        ([None, ""], 0),
        ([ROOT], 0),
        ([f"{ROOT};Lineage=1:a1b2c3d4:3"], 3),
        ([f"{ROOT};Lineage=a1b2c3d4:3|00ff00ff:12"], 12),
        ([f"{ROOT};Lineage=1:a1b2c3d4:3;More=1"], 3),
        ([None, f"{ROOT};Lineage=1:a:3", f"{ROOT};Lineage=1:b:9", ROOT], 9),
    ],
)
def test_hops_are_those_of_the_longest_chain(headers: list[str | None], hops: int) -> None:
    assert chain.hops(headers) == hops


def test_what_a_function_sends_is_one_hop_further() -> None:
    made = Chain()
    header: str | None = None
    for expected in range(1, 40):
        with made.running([None, header]):
            header = made.header()
        assert chain.hops([header]) == expected


def test_what_no_message_caused_begins_a_chain() -> None:
    made = Chain()
    with made.running([f"{ROOT};Lineage=1:a:9"]):
        pass
    assert chain.hops([made.header()]) == 1


def test_every_message_of_a_call_gets_the_header() -> None:
    made = Chain()
    with made.running([f"{ROOT};Lineage=1:a:9"]):
        one = made.stamp("SendMessage", {"MessageBody": "x"})
        many = made.stamp("SendMessageBatch", {"Entries": [{"Id": "0"}, {"Id": "1"}]})
        other = {"QueueUrl": "q"}
        assert made.stamp("ReceiveMessage", other) == other
    for message in [one, *many["Entries"]]:
        header = message["MessageSystemAttributes"]["AWSTraceHeader"]
        assert header["DataType"] == "String"
        assert chain.hops([header["StringValue"]]) == 10


def test_headers_are_found_in_an_event() -> None:
    event: list[dict[str, Any]] = [
        {"attributes": {"AWSTraceHeader": ROOT}},
        {"attributes": {}},
        {},
    ]
    assert chain.of_records(event) == [ROOT, None, None]


def of(hops: int) -> list[str | None]:
    return [f"{ROOT};Lineage=1:a:{hops}"]


def test_the_invocation_after_the_sixteenth_is_refused() -> None:
    assert not chain.stops(of(MAX_HOPS - 1), allowed=False)
    assert chain.stops(of(MAX_HOPS), allowed=False)
    assert not chain.stops(of(1000), allowed=True)


@pytest.mark.parametrize(
    ("setting", "deliver", "settle"),
    [
        ("", False, False),
        ("Allow", True, True),
        ("Terminate", False, False),
        ("deliver=Allow", True, False),
        ("deliver=Allow, settle=Terminate", True, False),
    ],
)
def test_the_setting_is_local(setting: str, *, deliver: bool, settle: bool) -> None:
    made = Recursion(setting)
    assert made.allows("deliver", "bridge-deliver") is deliver
    assert made.allows("settle", "bridge-settle") is settle


def test_otherwise_lambda_is_asked_once_a_minute() -> None:
    class Lambda:
        asked: list[str] = []  # noqa: RUF012

        def get_function_recursion_config(self, FunctionName: str) -> dict[str, str]:  # noqa: N803
            self.asked.append(FunctionName)
            if FunctionName == "bridge-settle":
                error: Any = {"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}
                raise ClientError(error, "GetFunctionRecursionConfig")
            return {"RecursiveLoop": "Allow"}

    made = Recursion("push=Allow", chain.ask_lambda(Lambda()))
    for _ in range(3):
        assert made.allows("deliver", "bridge-deliver")
        assert not made.allows("settle", "bridge-settle")
        assert made.allows("push", "bridge-push")
    assert Lambda.asked == ["bridge-deliver", "bridge-settle"]
