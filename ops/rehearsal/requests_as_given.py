"""How API Gateway passes requests on: escaped paths, bodies that are not UTF-8, compressed bodies."""

import gzip
import json

import requests

from ops.cloud import clients, lambdas, polling, rest_apis
from ops.rehearsal import trial
from ops.rehearsal.step import Answer, Context, Step

_SECONDS = 60.0
_STAGE = "rehearsal"
_GBK = "回复".encode("gbk")
_TEXT = "你好"

# Returns its event as the answer. Characters beyond ASCII are escaped, so that nothing changes on the way back.
_ECHO = """
import json
def handler(event, context):
    given = {name: event.get(name) for name in ("path", "pathParameters", "body", "isBase64Encoded")}
    return {"statusCode": 200, "body": json.dumps(given)}
"""


def run(context: Context) -> Answer:
    """Make an API whose answer is the event of its function; send it what Tencent and Quick Audience may send."""
    arn = trial.function(context, "echo", _ECHO, {})
    address = _api(context, arn)
    polling.until(lambda: _ask(f"{address}/ready") and True, _SECONDS, f"the API {address}")
    path = _ask(f"{address}/%E4%BD%A0%E5%A5%BD")
    plain = _ask(f"{address}/body", _TEXT.encode())
    gbk = _ask(f"{address}/body", _GBK, "text/plain; charset=gbk")
    packed = _ask(f"{address}/body", gzip.compress(_TEXT.encode()), encoding="gzip")
    found = {
        "path parameter": path and path.get("pathParameters"),
        "UTF-8 body": plain and plain.get("body"),
        "GBK body": gbk and {"body": gbk.get("body"), "base64": gbk.get("isBase64Encoded")},
        "gzip body": packed and packed.get("body"),
    }
    parameter = str((path or {}).get("pathParameters"))
    readable = _TEXT in parameter or "%E4%BD%A0" in parameter
    whole = (plain or {}).get("body") == _TEXT == (packed or {}).get("body")
    return Answer(json.dumps(found, ensure_ascii=False), readable and whole)


def _api(context: Context, function_arn: str) -> str:
    gateway, account = clients.of("apigateway"), context.identity
    api = gateway.create_rest_api(
        name=context.name("echo"), endpointConfiguration={"types": ["REGIONAL"]}
    )["id"]
    context.cleanup.callback(gateway.delete_rest_api, restApiId=api)
    [root] = gateway.get_resources(restApiId=api)["items"]
    resource = gateway.create_resource(restApiId=api, parentId=root["id"], pathPart="{proxy+}")[
        "id"
    ]
    where = {"restApiId": api, "resourceId": resource, "httpMethod": "ANY"}
    gateway.put_method(**where, authorizationType="NONE")
    gateway.put_integration(
        **where,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:{account.partition}:apigateway:{account.region}:lambda:path/2015-03-31/functions/{function_arn}"
        "/invocations",
    )
    lambdas.client().add_permission(
        FunctionName=context.name("echo"),
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=account.arn("execute-api", f"{api}/*"),
    )
    gateway.create_deployment(restApiId=api, stageName=_STAGE)
    return rest_apis.address(account, api, _STAGE)


def _ask(
    url: str, body: bytes | None = None, kind: str = "application/json", *, encoding: str = ""
) -> dict[str, object] | None:
    """Return the event that the function got; None if the API does not answer with HTTP 200."""
    headers = {"Content-Type": kind} | ({"Content-Encoding": encoding} if encoding else {})
    answer = requests.request(
        "GET" if body is None else "POST", url, data=body, headers=headers, timeout=30
    )
    if answer.status_code != 200:
        return None
    given: dict[str, object] = answer.json()
    return given


STEPS = (
    Step(
        "requests",
        "How do escaped path parameters, GBK bodies and compressed bodies arrive?",
        "A path parameter as sent (%E4…) or decoded: the bridge reads both. UTF-8 whole. Compressed bodies unpacked. "
        "GBK is not certain",
        "a dozen requests",
        run,
    ),
)
