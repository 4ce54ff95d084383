"""Requests as Chalice makes them from API Gateway's events."""

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
    """Return a request as Chalice makes it from API Gateway's event."""
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
