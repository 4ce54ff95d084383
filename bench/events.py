"""Events as JSON text, as Lambda passes them to the functions for calls by API Gateway and SQS."""

import json
import time
import uuid
from typing import Any
from urllib.parse import urlencode

from local.configuration import DEFAULTS
from local.quickaudience.signature import SIGNATURE_HEADER, new_nonce, new_timestamp, sign

QUEUES = {"deliver": "sends", "settle": "callbacks", "push": "receipts"}
"""The functions that a queue triggers, with their queues."""

_CALLBACK = "/tencent/{token}/callback"
_SEND = "/sms/sendBatchList"


def send(body: dict[str, Any]) -> bytes:
    """Return the event of a signed request of §6. Its body is compact JSON, as most clients write it."""
    query = {"timestamp": new_timestamp(), "nonce": new_nonce()}
    signature = sign(DEFAULTS["QA_KEY"], query["timestamp"], query["nonce"])
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return _request(_SEND, _SEND, text, query, {SIGNATURE_HEADER: signature})


def callback(statuses: list[dict[str, Any]]) -> bytes:
    """Return the event of a push of Tencent's."""
    token = DEFAULTS["TENCENT_CALLBACK_TOKENS"]
    text = json.dumps(statuses, ensure_ascii=False)
    path = _CALLBACK.replace("{token}", token)
    return _request(path, _CALLBACK, text, {}, {}, {"token": token})


def messages(queue: str, bodies: list[str]) -> bytes:
    """Return the event of a batch of messages from a queue."""
    sent = str(int(time.time() * 1000))
    records = [
        {
            "messageId": str(uuid.uuid4()),
            "receiptHandle": uuid.uuid4().hex * 4,
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": sent,
                "SenderId": "AROAEXAMPLE:bridge",
                "ApproximateFirstReceiveTimestamp": sent,
            },
            "messageAttributes": {},
            "md5OfBody": "0" * 32,
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue}",
            "awsRegion": "us-east-1",
        }
        for body in bodies
    ]
    return json.dumps({"Records": records}).encode()


def _request(
    path: str,
    resource: str,
    body: str,
    query: dict[str, str],
    headers: dict[str, str],
    parameters: dict[str, str] | None = None,
) -> bytes:
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "Host": "bench.execute-api.us-east-1.amazonaws.com",
        "User-Agent": "Java/1.8.0_312",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
        **headers,
    }
    event = {
        "resource": resource,
        "path": path,
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {n: [v] for n, v in query.items()} or None,
        "pathParameters": parameters,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": "POST",
            "path": f"/api{path}?{urlencode(query)}",
            "stage": "api",
            "requestId": str(uuid.uuid4()),
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "Java/1.8.0_312"},
        },
        "body": body,
        "isBase64Encoded": False,
    }
    return json.dumps(event, ensure_ascii=False).encode()
