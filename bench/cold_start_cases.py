"""The cases of the cold-start benchmark: a first event for each function, and the floor of each case.

The floor is the smallest possible function for the same event: a Chalice app in the same bundle, whose
route (or queue function) creates the same boto3 clients, calls each of them once, and answers.
"""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import setting
from local.configuration import DEFAULTS
from local.quickaudience.signature import SIGNATURE_HEADER, sign

_EVENTS = Path(__file__).parent.parent / "tests" / "deployed" / "events"


@dataclass(frozen=True)
class Case:
    """A function's first event, and the AWS services that it needs for its answer."""

    name: str
    handler: str
    event: str
    services: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the event's body that differ from the recorded ones."""
    empty_table: bool = False
    """Whether the table has nothing in it, not even a list of signs."""

    @property
    def floor_handler(self) -> str:
        """The function of `FLOOR_APP` that is triggered in the same way."""
        if self.event.startswith("http_"):
            return "floor.app"
        return "floor.message" if self.event.startswith("sqs_") else "floor.schedule"


CASES = (
    Case("health", "app.app", "http_health"),
    Case("refused signature", "app.app", "http_wrong_signature", ("dynamodb",)),
    Case("callback", "app.app", "http_callback", ("sqs",)),
    Case("page", "app.app", "http_page", ("dynamodb",)),
    Case("query template (§4)", "app.app", "http_template", ("dynamodb",)),
    Case("query sign (§1)", "app.app", "http_sign", ("dynamodb",)),
    Case("send (§6)", "app.app", "http_send", ("dynamodb",)),
    Case("read", "app.read", "sqs_garbage", ("sqs",)),
    Case("deliver", "app.deliver", "sqs_garbage", ("sqs",)),
    Case("settle", "app.settle", "sqs_garbage", ("sqs",)),
    Case("push", "app.push", "sqs_garbage", ("sqs",)),
    Case("sweep", "app.sweep", "schedule", ("dynamodb",)),
    Case("pull", "app.pull", "schedule"),
    Case("inquire", "app.inquire", "schedule", ("dynamodb",)),
)

API_CASES = (
    *CASES,
    Case(
        "send (§6), accepted",
        "app.app",
        "http_send",
        ("dynamodb", "sqs"),
        {"signName": setting.SIGN, "templateCode": setting.CODE},
    ),
    Case("send (§6), sign asked for", "app.app", "http_send", ("dynamodb",), empty_table=True),
)
"""The cases in which Tencent's two APIs are compared.

The accepted send's sign and template are known, as in a campaign. The last case has no list of signs. With API 3.0 it
asks Tencent for one, which happens once a minute at most; v5 has no list, and refuses the sign.
"""
ACCEPTED = next(case for case in API_CASES if case.name == "send (§6), accepted")

FLOOR_APP = """
from chalice.app import Chalice, Rate

app = Chalice(app_name="floor", configure_logs=False)


def _touch():
    import os
    for service in filter(None, os.environ["FLOOR_SERVICES"].split(",")):
        import boto3
        client = boto3.client(service)
        if service == "dynamodb":
            key = {"pk": {"S": "nothing"}, "sk": {"S": "nothing"}}
            client.get_item(TableName=os.environ["BRIDGE_TABLE"], Key=key)
        else:
            client.get_queue_url(QueueName=os.environ["BRIDGE_QUEUE_PREFIX"] + "sends")


def answer(**_):
    _touch()
    return {"status": "ok"}


for path in ("/health", "/sms/{first}", "/sms/sendBatchList", "/sms/smsSign/{sign_name}",
             "/sms/smsTemplate/{template_code}", "/m/{code}", "/tencent/{token}/callback"):
    app.route(path, methods=["GET", "POST"], content_types=["*/*"], name=path)(answer)


@app.on_sqs_message(queue="floor")
def message(event):
    _touch()


@app.schedule(Rate(1, unit=Rate.HOURS))
def schedule(event):
    _touch()
"""
"""Source of the floor's app."""


def event(case: Case) -> Any:
    """Return a case's recorded event, with a new signature, because a nonce is valid once."""
    recorded = json.loads((_EVENTS / f"{case.event}.json").read_text())
    if case.body:
        # Another campaign each time: a repeated one is only recognised.
        campaign = {"outId": secrets.token_hex(8), **case.body}
        recorded["body"] = json.dumps(json.loads(recorded["body"]) | campaign)
    if "nonce" in (recorded.get("queryStringParameters") or {}) and "wrong" not in case.event:
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        query = {"timestamp": timestamp, "nonce": nonce}
        recorded["queryStringParameters"] = query
        recorded["multiValueQueryStringParameters"] = {k: [v] for k, v in query.items()}
        signature = sign(DEFAULTS["QA_KEY"], timestamp, nonce)
        recorded["headers"][SIGNATURE_HEADER] = signature
        recorded["multiValueHeaders"][SIGNATURE_HEADER] = [signature]
    return recorded
