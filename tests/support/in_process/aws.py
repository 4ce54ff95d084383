"""The table and the queues, in moto, as `.chalice/resources.json` defines them."""

import copy
import functools
import json
import re
import time
from collections import deque
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from moto.core import responses
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, SQSBackend, sqs_backends

REGION = "ap-southeast-1"
ACCOUNT = "123456789012"
TABLE = "bridge-test"
PREFIX = "bridge-test-"

_make_client: Any = boto3.client
_get_value = ResponseSerializer.get_value
_query: Any = Table.query
_method_names: Any = vars(responses)["method_names_from_class"]
_underscored: Any = vars(responses)["camelcase_to_underscores"]
_lex: Any = ConditionExpressionParser._lex_condition_expression
_created: Any = None
# What moto takes for the limit.
_LARGEST_ITEM = 405_000
_TEMPLATE: dict[str, Any] = json.loads(Path(".chalice/resources.json").read_text())


def client(service: str, **options: Any) -> Any:
    """Return a cached `boto3.client`: making one takes 25 ms, and clients keep no state that a test could see."""
    config = options.get("config")
    return _client(service, config.retries["total_max_attempts"] if config else 0)


@functools.cache
def _client(service: str, attempts: int) -> Any:
    retries = {"mode": "standard", "total_max_attempts": attempts}
    config = Config(retries=retries) if attempts else None  # type: ignore[arg-type]
    return _make_client(service, region_name=REGION, config=config)


def create() -> None:
    """Create the resources of the template. Later calls copy those of the first call, which is faster."""
    global _created  # noqa: PLW0603 - the copy that all tests start from
    dynamodb: Any = dynamodb_backends[ACCOUNT][REGION]
    sqs: Any = sqs_backends[ACCOUNT][REGION]
    if _created is None:
        _create()
        _created = copy.deepcopy(dynamodb.tables), dict(sqs.queues)
    tables, queues = _created
    dynamodb.tables, sqs.queues = copy.deepcopy(tables), dict(queues)
    # Queues refer to the objects of their dead-letter queues, so they are emptied instead of copied.
    for queue in queues.values():
        queue._messages, queue._pending_messages, queue.deleted_messages = [], set(), set()


def _create() -> None:
    """Create the resources. Dead-letter queues come first, because the others name them."""
    resources = _TEMPLATE["Resources"].values()
    sqs = client("sqs")
    queues = [one["Properties"] for one in resources if one["Type"] == "AWS::SQS::Queue"]
    for queue in sorted(queues, key=lambda queue: "RedrivePolicy" in queue):
        properties = _resolve(queue)
        sqs.create_queue(
            QueueName=properties.pop("QueueName"),
            Attributes={
                name: json.dumps(value) if isinstance(value, dict) else str(value)
                for name, value in properties.items()
            },
        )
    dynamodb = client("dynamodb")
    for one in resources:
        if one["Type"] == "AWS::DynamoDB::Table":
            properties = _resolve(one["Properties"])
            del (
                properties["TimeToLiveSpecification"],
                properties["PointInTimeRecoverySpecification"],
            )
            dynamodb.create_table(**properties)


def is_message_valid_based_on_retention_period(
    self: SQSBackend, queue_name: str, message: Message
) -> bool:
    """Replace moto's function, which counts the queue's messages in five ways for each message received."""
    queue: Any = self.get_queue(queue_name)
    sent: Any = message.sent_timestamp
    return bool(sent / 1000 + queue.message_retention_period > time.time())


def get_value(self: ResponseSerializer, value: Any, key: str, shape: Any) -> Any:
    """Replace moto's function, which looks for each of an attribute's ten types under several names."""
    if isinstance(value, dict) and shape.parent.name == "AttributeValue":
        return value.get(key)
    return _get_value(self, value, key, shape)


def query(self: Table, hash_key: Any, *args: Any, **options: Any) -> Any:
    """Replace moto's function, which sorts the whole table for each query, by one that reads a partition."""
    partition: Any = object.__new__(type(self))
    found = {hash_key: self.items[hash_key]} if hash_key in self.items else {}
    vars(partition).update(vars(self) | {"items": found})
    return _query(partition, hash_key, *args, **options)


@functools.cache
def method_names_from_class(of: type) -> list[str]:
    """Remember what moto's function finds, which reads a class of a hundred methods for each call."""
    found: list[str] = _method_names(of)
    return found


@functools.cache
def camelcase_to_underscores(argument: str) -> str:
    """Cache the results of moto's function: it is called with the names of only a few actions."""
    found: str = _underscored(argument)
    return found


@functools.cache
def _nodes(expression: str) -> tuple[Any, ...]:
    return tuple(_lex(ConditionExpressionParser(expression, None, None)))


def lex_condition_expression(self: ConditionExpressionParser) -> deque[Any]:
    """Cache the results of moto's function, which compiles a dozen patterns for each word of an expression."""
    return deque(_nodes(self.condition_expression or ""))


def keep(self: Item, hash_key: Any, range_key: Any, attrs: dict[str, Any]) -> None:
    """Replace how moto makes an item: it adds up the sizes of all attributes for each attribute that it sets."""
    self.hash_key, self.range_key, self.attrs = hash_key, range_key, LimitedSizeDict()
    # That of a dictionary sets several at once, without a look at sizes.
    self.attrs.update((name, DynamoType(value)) for name, value in attrs.items())
    if self.size() > _LARGEST_ITEM:
        raise ItemSizeTooLarge


def resolve_endpoint_ruleset(self: Any, *_: Any, **__: Any) -> tuple[str, dict[str, str], Any]:
    """Replace botocore's function, which reads the rules for the endpoints of all regions."""
    return f"https://{self.meta.service_model.service_name}.{REGION}.amazonaws.com", {}, {}


def add_auth(self: Any, request: Any) -> None:
    """Name the region and the service, which is all that moto reads of a signature."""
    scope = f"tests/20260302/{self._region_name}/{self._service_name}/aws4_request"
    request.headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    )


def change_message_visibility(
    backend: SQSBackend, queue_name: str, receipt_handle: str, visibility_timeout: int
) -> None:
    """Change a visibility with the limit of SQS.

    The limit of 12 hours counts "from the time that Amazon SQS receives the ReceiveMessage request"
    (SQS Developer Guide); moto counts from the day the message was sent.
    """
    for message in backend.get_queue(queue_name)._messages:
        if message.receipt_handle == receipt_handle:
            assert 0 <= visibility_timeout <= 12 * 3600 - 60
            message.change_visibility(visibility_timeout)
            return
    raise ReceiptHandleIsInvalid


def batch_execute_statement(
    backend: DynamoDBBackend, statements: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Execute the bridge's one kind of statement as DynamoDB does: moto does not report conditions that fail."""
    responses: list[dict[str, Any]] = []
    for statement in statements:
        match = re.fullmatch(_STATEMENT, statement["Statement"])
        assert match, statement
        name = match["table"]
        new, pk, sk, old = statement["Parameters"]
        item = backend.get_item(name, {"pk": pk, "sk": sk})
        kept = item.to_json()["Attributes"] if item else None
        if kept is None or kept.get(match["attribute"]) != old:
            error = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
            responses.append({"TableName": name, "Error": error | ({"Item": kept} if kept else {})})
            continue
        backend.put_item(name, kept | {match["attribute"]: new})
        responses.append({"TableName": name})
    return responses


_STATEMENT = (
    r'UPDATE "(?P<table>[^"]+)" SET "(?P<attribute>\w+)"=\? '
    r'WHERE "pk"=\? AND "sk"=\? AND "(?P=attribute)"=\?'
)


def most_receives(queue: str) -> int:
    """Return how often a message of a queue is received before it becomes a dead letter, by the template."""
    default: int = _TEMPLATE["Parameters"][f"{queue.capitalize()}Receives"]["Default"]
    return default


def _resolve(value: Any) -> Any:
    if isinstance(value, list):
        return [_resolve(one) for one in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": "Table"}:
            return TABLE
        case {"Ref": name}:
            return _TEMPLATE["Parameters"][name]["Default"]
        case {"Fn::Sub": text}:
            return text.replace("${QueuePrefix}", PREFIX)
        case {"Fn::GetAtt": [name, "Arn"]}:
            queue = _resolve(_TEMPLATE["Resources"][name]["Properties"]["QueueName"])
            return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
    return {name: _resolve(one) for name, one in value.items()}
