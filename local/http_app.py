"""What stands between the HTTP front and the app: API Gateway, and Lambda."""

import json
from collections.abc import Callable
from typing import Any

from chalice.local import LambdaContext, LocalChalice

from local import faults
from local.hostile.gateway import NO_CONCURRENCY, GatewayAnswer
from local.http_server import Server


class LocalApp(LocalChalice):
    """Keeps the Lambda context per thread, as `LocalChalice` keeps the request."""

    @property
    def lambda_context(self) -> LambdaContext:
        """Return the context of this thread's request."""
        context: LambdaContext = self._THREAD_LOCAL.lambda_context
        return context

    @lambda_context.setter
    def lambda_context(self, context: LambdaContext) -> None:
        self._THREAD_LOCAL.lambda_context = context

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> Any:
        """Call the app as a Lambda function."""
        request = event["requestContext"]
        view = self.routes[request["resourcePath"]].get(request["httpMethod"])
        with faults.invocation(view.view_name if view else "none", own_thread=True):
            return super().__call__(event, context)


def through_gateway(
    server: Server,
    request: dict[str, Any],
    body: bytes | None,
    handle: Callable[[], dict[str, Any]],
) -> dict[str, Any] | GatewayAnswer:
    """Return the app's response to a request, or API Gateway's own where HOSTILE says so."""
    gateway = server.gateway
    if gateway.on:
        text = (body or b"").decode(errors="replace")
        event = json.dumps(request | {"body": text}, ensure_ascii=False)
        if refusal := gateway.before(len(event.encode())):
            return refusal
    with server.slots.take() as slot:
        if not slot:
            return NO_CONCURRENCY
        response: dict[str, Any] | GatewayAnswer = gateway.call(handle)
    if isinstance(response, GatewayAnswer):
        return response
    return gateway.after(len(response["body"])) or response
