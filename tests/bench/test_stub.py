"""The benchmark's stub of AWS, which has to behave like ministack."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import Request

import boto3
import pytest

from bench import check, setting
from bench.processes import Stub, stub
from local import aws
from tests.support.thoroughness import some

ITEM = {"pk": {"S": "P"}, "sk": {"S": "1"}, "receipt": {"S": ""}, "packed": {"B": b"\x00\xff"}}
KEY = {"pk": ITEM["pk"], "sk": ITEM["sk"]}


@pytest.mark.parametrize("kind", some(setting.KINDS, 2))
def test_a_campaign_ends_in_the_same_state_as_on_ministack(kind: str) -> None:
    assert check.same_state(kind, 250)


def test_a_different_message_is_found() -> None:
    receipt = {"M": {"state": {"S": "delivered"}, "by": {"S": "x"}}}
    message = {"pk": {"S": "PHONE#86"}, "sk": {"S": "SID#1"}, "sentAt": {"N": "1"}}
    one = check._comparable([message | {"receipt": receipt}])
    later = message | {"sentAt": {"N": "2"}, "receipt": {"M": receipt["M"] | {"by": {"S": "y"}}}}
    failed = message | {"receipt": {"M": receipt["M"] | {"state": {"S": "failed"}}}}
    assert check._comparable([later]) == one
    assert check._comparable([failed]) != one
    assert check._comparable([]) != one


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stub]:
    with stub(tmp_path_factory.mktemp("stub")) as running:
        yield running


@pytest.fixture
def here(running: Stub) -> Stub:
    """Return a stub that is as if it had just started."""
    running.call("reset")
    return running


@pytest.fixture(scope="module")
def client(running: Stub) -> Any:
    return boto3.client("dynamodb", **aws.client_options(running.url))


@pytest.fixture
def dynamodb(here: Stub, client: Any) -> Any:
    return client


def test_a_written_line_is_read_back(dynamodb: Any) -> None:
    dynamodb.put_item(TableName="t", Item=ITEM)
    assert dynamodb.get_item(TableName="t", Key=KEY)["Item"] == ITEM
    found = dynamodb.batch_get_item(RequestItems={"t": {"Keys": [KEY, KEY | {"sk": {"S": "2"}}]}})
    assert found["Responses"] == {"t": [ITEM]}
    dynamodb.delete_item(TableName="t", Key=KEY)
    assert "Item" not in dynamodb.get_item(TableName="t", Key=KEY)


def test_a_failed_condition_changes_nothing_and_returns_the_stored_item(dynamodb: Any) -> None:
    new = {"TableName": "t", "ConditionExpression": "attribute_not_exists(pk)"}
    dynamodb.put_item(**new, Item=ITEM)
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as caught:
        dynamodb.put_item(**new, Item=ITEM | {"receipt": {"S": "x"}})
    assert caught.value.response["Item"] == ITEM
    assert dynamodb.get_item(TableName="t", Key=KEY)["Item"] == ITEM


def test_of_two_statements_one_wins(dynamodb: Any) -> None:
    dynamodb.put_item(TableName="t", Item=ITEM)

    def exchange(new: str) -> Any:
        text = 'UPDATE "t" SET "receipt"=? WHERE "pk"=? AND "sk"=? AND "receipt"=?'
        parameters = [{"S": new}, KEY["pk"], KEY["sk"], {"S": ""}]
        answer = dynamodb.batch_execute_statement(
            Statements=[{"Statement": text, "Parameters": parameters}]
        )
        return answer["Responses"][0]

    assert "Error" not in exchange("first")
    assert exchange("second")["Error"]["Item"]["receipt"] == {"S": "first"}


def test_a_query_is_in_order_and_within_its_bounds(dynamodb: Any) -> None:
    for sort in ("b2", "a", "b1", "c"):
        dynamodb.put_item(TableName="t", Item={"pk": {"S": "P"}, "sk": {"S": sort}})

    def query(condition: str, **more: Any) -> list[str]:
        values = {name: {"S": value} for name, value in more.pop("values").items()}
        found = dynamodb.query(
            TableName="t",
            KeyConditionExpression=condition,
            ExpressionAttributeValues={":pk": {"S": "P"}} | values,
            **more,
        )
        return [item["sk"]["S"] for item in found["Items"]]

    begins = "pk = :pk AND begins_with(sk, :prefix)"
    between = "pk = :pk AND sk BETWEEN :first AND :last"
    assert query("pk = :pk", values={}) == ["a", "b1", "b2", "c"]
    assert query(begins, values={":prefix": "b"}) == ["b1", "b2"]
    assert query(begins, values={":prefix": "b"}, ScanIndexForward=False, Limit=1) == ["b2"]
    assert query(between, values={":first": "b2", ":last": "c"}) == ["b2", "c"]


def test_units_are_counted_as_aws_counts_them(here: Stub, dynamodb: Any) -> None:
    here.call("forget")
    kilobyte = {"S": "x" * 1024}
    dynamodb.put_item(TableName="t", Item=ITEM | {"large": kilobyte})
    dynamodb.put_item(TableName="t", Item=ITEM)
    dynamodb.get_item(TableName="t", Key=KEY, ConsistentRead=True)
    dynamodb.get_item(TableName="t", Key=KEY)
    figures = here.call("figures")
    # Two for two kilobytes, and two more because the overwritten item counts.
    assert figures["write_units"] == 4
    assert figures["read_units"] == 1.5


def test_messages_are_passed_to_the_function_of_their_queue(here: Stub) -> None:
    sqs = boto3.client("sqs", **aws.client_options(here.url))
    url = sqs.get_queue_url(QueueName="bridge-receipts")["QueueUrl"]
    bodies = [f"{number} {'x' * 30_000}" for number in range(3)]
    entries: Any = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert here.event("settle") is None
    records = here.event("push")["Records"]
    assert [record["body"] for record in records] == bodies[:1]
    # 90 KB to send, 30 KB to receive, and requests for the URL of the queue and the deletion.
    assert here.call("figures")["sqs_requests"] == 2 + 1 + 1 + 1
    assert json.dumps(here.call("figures")["invocations"]) == '{"push": 1}'


def test_tencent_refuses_calls_above_its_limit_and_takes_its_time(here: Stub) -> None:
    here.call("tencent", seconds=0.2, per_second=3)

    def send(number: int) -> int:
        body = json.dumps({"tel": {"mobile": f"1390000000{number}"}}).encode()
        with here._open(f"{here.url}/v5/tlssmssvr/sendsms", data=body) as response:
            return int(json.loads(response.read())["result"])

    # Not across the end of a second.
    time.sleep(1 - time.time() % 1)
    began = time.monotonic()
    with ThreadPoolExecutor(5) as pool:
        results = list(pool.map(send, range(5)))
    assert time.monotonic() - began >= 0.2
    assert sorted(results) == [0, 0, 0, 1013, 1013]
    assert here.call("figures")["refused"] == 2
    assert len(here.call("accepted")) == 3


def test_api_3_0_has_the_same_limit_and_takes_the_same_time(here: Stub) -> None:
    here.call("tencent", seconds=0.2, per_second=1)

    def send() -> Any:
        fields = {"PhoneNumberSet": ["+8613900000001"], "SessionContext": "b:0"}
        headers = {"X-TC-Action": "SendSms"}
        request = Request(here.url + "/", json.dumps(fields).encode(), headers)  # noqa: S310
        with here._open(request) as response:
            return json.loads(response.read())["Response"]

    time.sleep(1 - time.time() % 1)
    began = time.monotonic()
    [row] = send()["SendStatusSet"]
    assert time.monotonic() - began >= 0.2
    assert {"PhoneNumber": "+8613900000001", "Code": "Ok", "SessionContext": "b:0"}.items() <= (
        row.items()
    )
    assert row["SerialNo"]
    assert send()["Error"]["Code"] == "RequestLimitExceeded"
    figures = here.call("figures")
    assert (figures["sent"], figures["refused"], figures["calls"]["SendSms"]) == (1, 1, 2)
