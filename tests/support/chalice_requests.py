"""Requests as Chalice makes them of API Gateway's events."""

from collections.abc import Mapping

from chalice.app import Request


def request(
    body: bytes | str | None = b"",
    *,
    method: str = "POST",
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    uri_params: Mapping[str, str] | None = None,
) -> Request:
    """A request as Chalice makes it of API Gateway's event."""
    return Request(
        {
            "multiValueQueryStringParameters": query and {k: [v] for k, v in query.items()},
            "headers": dict(headers or {}),
            "pathParameters": uri_params,
            "requestContext": {"httpMethod": method, "resourcePath": "/sms/x", "path": "/api/x"},
            "body": body,
            "stageVariables": None,
        }
    )
