"""JSON logs, with phone numbers masked before they get there."""

from aws_lambda_powertools import Logger

log = Logger(service="qa-sms-bridge")


def mask(phone: str) -> str:
    """A phone number as it may stand in a log: the last four digits, which is what Quick Audience shows."""
    return f"…{phone[-4:]}"
