"""The messages of a queue as a function gets them, and what the function's answer says about them."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageAttributeValueOutputTypeDef, MessageTypeDef

Record = dict[str, Any]
"""A message in the format of an event."""


def record(message: "MessageTypeDef", arn: str, region: str) -> Record:
    """Return a message that was received with all its attributes in the format of an event."""
    attributes = message.get("MessageAttributes", {})
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {name: _attribute(a) for name, a in attributes.items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": region,
    }


def _attribute(value: "MessageAttributeValueOutputTypeDef") -> dict[str, Any]:
    """Return a message attribute in the format of an event."""
    attribute: dict[str, Any] = {
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
    if "StringValue" in value:
        attribute["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        attribute["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return attribute


def succeeded(records: Sequence[Record], answer: object, *, partial: bool) -> list[Record]:
    """Return the records that Lambda deletes after a function has returned this answer.

    With `partial`, the mapping has the flag ReportBatchItemFailures, and the answer may name messages that failed.
    An answer that names something else fails the whole batch. Without the flag, every answer means success.
    """
    if not partial or answer is None:
        return list(records)
    if not isinstance(answer, Mapping):
        return []
    failures = answer.get("batchItemFailures") or []
    failed = {_identifier(failure) for failure in failures if isinstance(failures, Iterable)}
    if failed - {each["messageId"] for each in records}:
        return []
    return [each for each in records if each["messageId"] not in failed]


def _identifier(failure: object) -> object:
    """Return the message that a failure names; None where it names none."""
    return failure.get("itemIdentifier") if isinstance(failure, Mapping) else None
