"""The DynamoDB table. It outlives the stack: neither deleting nor replacing it deletes any data."""

from typing import Any

from ops.resources.intrinsics import attribute, ref, text

PARAMETERS = {"Table": text("Name of the DynamoDB table (BRIDGE_TABLE)", MinLength=3)}

RESOURCES: dict[str, Any] = {
    "Records": {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "TableName": ref("Table"),
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "DeletionProtectionEnabled": True,
        },
    }
}

OUTPUTS = {
    "Table": {"Value": ref("Records")},
    "TableArn": {"Value": attribute("Records", "Arn")},
}
