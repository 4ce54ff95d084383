"""What belongs to a function: its role, its log group, and the rule of its schedule."""

from typing import Any

from ops.cloud import clients


def role_arn(name: str) -> str | None:
    """Return the ARN of a role; None if it does not exist."""
    iam = clients.of("iam")
    try:
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])
    except iam.exceptions.NoSuchEntityException:
        return None


def policy(role: str, name: str) -> dict[str, Any] | None:
    """Return an inline policy of a role; None if there is none."""
    iam = clients.of("iam")
    try:
        return dict(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    except iam.exceptions.NoSuchEntityException:
        return None


def has_log_group(name: str) -> bool:
    """Return whether a log group exists."""
    pages = clients.of("logs").get_paginator("describe_log_groups")
    return any(
        group["logGroupName"] == name
        for page in pages.paginate(logGroupNamePrefix=name)
        for group in page["logGroups"]
    )


def has_rule(name: str) -> bool:
    """Return whether a rule exists."""
    events = clients.of("events")
    try:
        events.describe_rule(Name=name)
    except events.exceptions.ResourceNotFoundException:
        return False
    return True
