"""The account and region that AWS's names contain."""

from dataclasses import dataclass

import boto3

from ops.cloud import clients


@dataclass(frozen=True, slots=True)
class Identity:
    """An account, its region, and the partition of AWS that both belong to."""

    account: str
    region: str
    partition: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


def current() -> Identity:
    """Return the identity that boto3 finds. Raises ClientError or BotoCoreError without credentials."""
    found = clients.of("sts").get_caller_identity()
    region = boto3.session.Session().region_name
    return Identity(found["Account"], region or "", found["Arn"].split(":")[1])
