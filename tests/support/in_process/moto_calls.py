"""Calls of boto3 that moto's handlers answer directly, without the HTTP in between."""

import base64
import json
import re
import threading
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

from botocore.client import BaseClient
from moto.core.responses import ActionResult, BaseResponse
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.responses import DynamoHandler
from moto.sqs.responses import SQSResponse
from requests.structures import CaseInsensitiveDict

from tests.support.in_process.aws import ACCOUNT, REGION

_make_request: Any = BaseClient._make_request  # type: ignore[attr-defined]
# `deliver` works through several chunks at once, and moto isn't made for several threads.
_one_at_a_time = threading.Lock()


def make_request(self: Any, operation: Any, request: dict[str, Any], context: Any) -> Any:
    """Replace botocore's function: ask moto directly, or answer without moto if nothing would be found.

    Each minute the bridge asks in vain whether something waits, and moto takes as long for that as for an answer.
    """
    with _one_at_a_time:
        return _asked(self, operation, request, context)


def _asked(self: Any, operation: Any, request: dict[str, Any], context: Any) -> Any:
    if operation.name in _PLAIN_PARAMETERS:
        answer = nothing_found(operation.name, json.loads(request["body"]))
        if answer is not None:
            return SimpleNamespace(status_code=200), answer | _metadata()
    if operation.service_model.service_name not in _HANDLERS:
        return _make_request(self, operation, request, context)
    asked = ask_handler(operation, request)
    if isinstance(asked, dict):
        return SimpleNamespace(status_code=200), asked | _metadata()
    status, headers, body = asked
    answer = {"status_code": status, "headers": CaseInsensitiveDict(headers), "body": body}
    parsed = self._response_parser.parse(answer, operation.output_shape)
    error = operation.service_model.shape_for_error_code(parsed.get("Error", {}).get("Code", ""))
    if error:
        # What the error has beside its code, such as the existing item.
        parsed |= self._response_parser.parse(answer, error)
    parsed["ResponseMetadata"].setdefault("RetryAttempts", 0)
    return SimpleNamespace(status_code=status), parsed


def _metadata() -> dict[str, Any]:
    found = {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
    return {"ResponseMetadata": found}


_HANDLERS: dict[str, Callable[[], Any]] = {"dynamodb": DynamoHandler, "sqs": SQSResponse}
# The calls whose parameters and answers hold items, and are the same in Python and in JSON but for binary values.
_OF_ITEMS = {
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactWriteItems",
    "UpdateItem",
}


def ask_handler(
    operation: Any, request: dict[str, Any]
) -> dict[str, Any] | tuple[int, dict[str, str], bytes]:
    """Call moto's handler with a serialized request, and return its answer.

    That leaves out the HTTP in between, which takes half of a call: signing, sending, the search for the service of an
    address, and random ids. None of moto's answers would make botocore try again.

    Of a call of DynamoDB that succeeds, return the answer as botocore would read it. Of others, return the status,
    headers and body.
    """
    handler = _HANDLERS[operation.service_model.service_name]()
    handler.headers = {"x-amz-target": operation.name, **request["headers"]}
    handler.querystring, handler.response_headers, handler.uri_match = {}, {}, {}
    handler.uri, handler.path = request["url"], request["url_path"]
    handler.region, handler.current_account, handler.partition = REGION, ACCOUNT, "aws"
    handler.access_key = ""
    handler._enrich_response = lambda headers, body: (headers, body)
    results: list[dict[str, Any]] = []
    if operation.name in _OF_ITEMS:
        handler.params = json.loads(request["body"], object_hook=_with_bytes)
        handler.serialized = partial(_serialized, handler, operation, results)
    else:
        handler.parse_parameters(
            SimpleNamespace(
                method=request["method"],
                content_type=request["headers"]["Content-Type"],
                values={},
                headers=handler.headers,
                data=request["body"],
                path=request["url_path"],
            )
        )
    status, headers, body = handler.call_action()
    if results:
        return results[0]
    return int(status), headers, body.encode() if isinstance(body, str) else body


def _with_bytes(found: dict[str, Any]) -> dict[str, Any]:
    """Read the value of an attribute that is binary; return all other objects of JSON unchanged."""
    value = found.get("B")
    return {"B": base64.b64decode(value)} if isinstance(value, str) else found


def _serialized(
    handler: Any, operation: Any, results: list[dict[str, Any]], answer: ActionResult
) -> Any:
    """Keep a result instead of writing it as JSON, which botocore would read again; write an error."""
    result: Any = answer.result
    if isinstance(result, Exception):
        return BaseResponse.serialized(handler, answer)
    documented = operation.output_shape.members
    results.append(_copied({name: one for name, one in result.items() if name in documented}))
    return 200, {}, ""


def _copied(value: Any) -> Any:
    """Return a copy without what is None, as JSON would make it."""
    if isinstance(value, dict):
        return {name: _copied(one) for name, one in value.items() if one is not None}
    return [_copied(one) for one in value] if isinstance(value, list) else value


# With others, such as an index or a projection, a read may have another answer.
_PLAIN_PARAMETERS = {
    "GetItem": {"TableName", "Key", "ConsistentRead"},
    "Query": {
        "TableName",
        "KeyConditionExpression",
        "ExpressionAttributeValues",
        "ScanIndexForward",
        "ConsistentRead",
        "Limit",
        "ExclusiveStartKey",
    },
}


def nothing_found(operation: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """Return the answer to a query of an empty partition or to a read of a missing item; None for other reads."""
    if not params.keys() <= _PLAIN_PARAMETERS[operation]:
        return None
    table: Any = dynamodb_backends[ACCOUNT][REGION].tables.get(params["TableName"])
    if table is None:
        return None
    if operation == "GetItem":
        if params["Key"].keys() != {"pk", "sk"}:
            return None
        pk, sk = (DynamoType(params["Key"][name]) for name in ("pk", "sk"))
        return None if sk in table.items.get(pk, {}) else {}
    if not re.match("pk = :pk( AND |$)", params["KeyConditionExpression"]):
        return None
    pk = DynamoType(params["ExpressionAttributeValues"][":pk"])
    return None if table.items.get(pk) else {"Items": [], "Count": 0, "ScannedCount": 0}
