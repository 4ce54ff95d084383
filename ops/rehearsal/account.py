"""Steps that read: the account's quotas, and what DynamoDB says of a condition that fails."""

import uuid

from botocore.exceptions import ClientError

from chalicelib import aws, settings
from ops import quota
from ops.cloud import clients
from ops.rehearsal.step import Answer, Context, Step

_HIGH_THROUGHPUT = "/ssm/parameter-store/high-throughput-enabled"


def quotas(context: Context) -> Answer:
    """Read the account's limits."""
    concurrency = quota.read()
    throttle = clients.of("apigateway").get_account().get("throttleSettings", {})
    text = (
        f"Lambda: {concurrency.limit} functions at once, {concurrency.unreserved} unreserved. "
        f"API Gateway: {throttle.get('rateLimit', '?')} requests a second, {throttle.get('burstLimit', '?')} at once. "
        f"Parameter store, higher throughput: {_parameter_store()}"
    )
    return Answer(text, not quota.problem(concurrency))


def _parameter_store() -> str:
    try:
        found = clients.of("ssm").get_service_setting(SettingId=_HIGH_THROUGHPUT)
    except ClientError as error:
        return f"can't be read ({error.response['Error']['Code']})"
    return str(found["ServiceSetting"]["SettingValue"])


def failed_condition(context: Context) -> Answer:
    """Let a statement's condition fail, and look for the item in the error."""
    table, key = settings.load().table, {"pk": f"REHEARSAL#{uuid.uuid4().hex}", "sk": "1"}
    client = clients.of("dynamodb")
    typed = {name: {"S": value} for name, value in key.items()}
    context.cleanup.callback(client.delete_item, TableName=table, Key=typed)
    aws.dynamodb().put_item(TableName=table, Item={**typed, "state": {"S": "old"}})
    parameters = [{"S": value} for value in ("new", key["pk"], key["sk"], "other")]
    statement = f'UPDATE "{table}" SET "state"=? WHERE "pk"=? AND "sk"=? AND "state"=?'  # noqa: S608 -- no input
    answer = client.batch_execute_statement(
        Statements=[
            {
                "Statement": statement,
                "Parameters": parameters,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        ]
    )
    error = answer["Responses"][0].get("Error", {})
    item = "Item" in error
    text = f"Error.Code is {error.get('Code', 'missing')}, Error.Item is {'there' if item else 'missing'}"
    return Answer(text, item and error.get("Code") == "ConditionalCheckFailed")


STEPS = (
    Step(
        "quotas",
        "What may this account do at once?",
        f"At least {quota.MIN_CONCURRENCY} concurrent functions; by default 1,000. API Gateway: 10,000 requests a "
        "second, 5,000 at once. Parameter store: higher throughput is off, so 40 reads a second",
        "nothing",
        quotas,
    ),
    Step(
        "failed-condition",
        "Does a PartiQL batch return the old item of a condition that failed?",
        "Error.Code ConditionalCheckFailed, and Error.Item. Without the item the bridge reads it, which costs more",
        "a few request units",
        failed_condition,
    ),
)
