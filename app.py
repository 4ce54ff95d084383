"""Table of contents: every route, queue and schedule of the bridge, each one line into chalicelib.

The imports stand inside the functions on purpose. One bundle serves every Lambda function, and what
this module imports is paid by each of them at every cold start; so a function imports what it
needs when it is first called, and nothing else.
"""

import os
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, Rate, Request, Response, SQSEvent

from chalicelib import garbage_collection

garbage_collection.postpone()
# Logs are ours, in JSON: Chalice would print each line of that logger once more, as text.
app = Chalice(app_name="qa-sms-bridge", configure_logs=False)
app.register_middleware(garbage_collection.resume)
# The callers may use any content type: bodies are read by us, not by Chalice.
ANY = ["*/*"]
# Functions that send at once: they share the ceilings of calls to Tencent between them.
SENDERS = 4
QUEUES = os.environ.get("BRIDGE_QUEUE_PREFIX") or "qa-sms-bridge-local-"


@app.route("/sms/smsSign/{sign_name}", content_types=ANY)
def query_sign(sign_name: str) -> Response:
    """§1."""
    from chalicelib.endpoints import envelope, signs

    return envelope.answer(_request(), signs.FIELDS, lambda _: signs.query(sign_name))


@app.route("/sms/smsTemplate", methods=["POST"], content_types=ANY)
def create_template() -> Response:
    """§2."""
    from chalicelib.endpoints import envelope, text_templates

    return envelope.answer(_request(), text_templates.CREATE_FIELDS, text_templates.create)


@app.route("/sms/smsTemplate/{template_code}", methods=["PUT"], content_types=ANY)
def modify_template(template_code: str) -> Response:
    """§3."""
    from chalicelib.endpoints import envelope, text_templates

    return envelope.answer(
        _request(),
        text_templates.CREATE_FIELDS,
        lambda body: text_templates.modify(template_code, body),
    )


@app.route("/sms/smsTemplate/{template_code}", methods=["GET"], content_types=ANY)
def query_template(template_code: str) -> Response:
    """§4."""
    from chalicelib.endpoints import envelope, text_templates

    return envelope.answer(
        _request(), text_templates.QUERY_FIELDS, lambda _: text_templates.query(template_code)
    )


@app.route("/sms/digitalSmsTemplate", methods=["POST"], content_types=ANY)
def create_digital_template() -> Response:
    """§7."""
    from chalicelib.endpoints import digital_templates, envelope

    request = _request()
    return envelope.answer(
        request,
        digital_templates.CREATE_FIELDS,
        lambda body: digital_templates.create(body, request),
    )


@app.route("/sms/digitalSmsTemplate/{template_code}", methods=["PUT"], content_types=ANY)
def modify_digital_template(template_code: str) -> Response:
    """§8."""
    from chalicelib.endpoints import digital_templates, envelope

    request = _request()
    return envelope.answer(
        request,
        digital_templates.CREATE_FIELDS,
        lambda body: digital_templates.modify(template_code, body, request),
    )


@app.route("/sms/digitalSmsTemplate/{template_code}", methods=["DELETE"], content_types=ANY)
def delete_digital_template(template_code: str) -> Response:
    """§9."""
    from chalicelib.endpoints import digital_templates, envelope

    return envelope.answer(
        _request(),
        digital_templates.CREATE_FIELDS,
        lambda _: digital_templates.delete(template_code),
    )


@app.route("/sms/digitalSmsTemplate/{template_code}", methods=["GET"], content_types=ANY)
def query_digital_template(template_code: str) -> Response:
    """§10."""
    from chalicelib.endpoints import digital_templates, envelope

    return envelope.answer(
        _request(), digital_templates.QUERY_FIELDS, lambda _: digital_templates.query(template_code)
    )


@app.route("/sms/sendBatch", methods=["POST"], content_types=ANY)
def send_batch() -> Response:
    """§5."""
    from chalicelib.endpoints import envelope, send_file

    return envelope.answer(_request(), send_file.FIELDS, send_file.send_batch)


@app.route("/sms/sendBatchList", methods=["POST"], content_types=ANY)
def send_batch_list() -> Response:
    """§6."""
    from chalicelib.endpoints import envelope, send_list

    return envelope.answer(_request(), send_list.FIELDS, send_list.send_batch_list)


@app.route("/sms/sendDigitalBatchList", methods=["POST"], content_types=ANY)
def send_digital_batch_list() -> Response:
    """§11."""
    from chalicelib.endpoints import envelope, send_list

    return envelope.answer(_request(), send_list.FIELDS, send_list.send_digital_batch_list)


@app.route("/sms/sendDetails", methods=["POST"], content_types=ANY)
def send_details() -> Response:
    """§12."""
    from chalicelib.endpoints import envelope, send_details

    return envelope.answer(_request(), send_details.FIELDS, send_details.query)


@app.route("/tencent/{token}/callback", methods=["POST", "GET"], content_types=ANY)
def tencent_callback(token: str) -> Response:
    """Delivery statuses and replies."""
    from chalicelib.endpoints import tencent_callback

    return tencent_callback.receive(token, _request())


@app.route("/m/{code}", methods=["GET", "HEAD"], content_types=ANY)
def digital_page(code: str) -> Response:
    """The page of a digital message."""
    from chalicelib.endpoints import message_page

    return message_page.show(code, _request())


@app.route("/health", content_types=ANY)
def health() -> Response:
    """For monitors: the function answers. It calls nothing of AWS and shows no secret."""
    return Response({"status": "ok"})


@app.on_sqs_message(queue=QUEUES + "files", batch_size=1, maximum_concurrency=2)
def read(event: SQSEvent) -> None:
    """Files of §5 to chunks."""
    from chalicelib.functions import read as function

    function.handle(event.to_dict(), _seconds_left(event))


@app.on_sqs_message(queue=QUEUES + "sends", batch_size=5, maximum_concurrency=SENDERS)
def deliver(event: SQSEvent) -> None:
    """Chunks to Tencent."""
    from chalicelib.functions import deliver as function

    function.handle(event.to_dict(), _seconds_left(event), SENDERS)


@app.on_sqs_message(
    queue=QUEUES + "callbacks",
    batch_size=10,
    maximum_batching_window_in_seconds=1,
    maximum_concurrency=4,
)
def settle(event: SQSEvent) -> None:
    """Statuses and replies to receipts."""
    from chalicelib.functions import settle as function

    function.handle(event.to_dict())


@app.on_sqs_message(
    queue=QUEUES + "receipts",
    batch_size=10,
    maximum_batching_window_in_seconds=1,
    maximum_concurrency=4,
)
def push(event: SQSEvent) -> None:
    """Receipts and replies to Quick Audience."""
    from chalicelib.functions import push as function

    function.handle(event.to_dict(), _seconds_left(event))


@app.schedule(Rate(1, unit=Rate.HOURS))
def sweep(event: CloudWatchEvent) -> None:
    """Close what has no final state after 72 hours."""
    from chalicelib.functions import sweep as function

    function.handle(_seconds_left(event))


@app.schedule(Rate(1, unit=Rate.MINUTES))
def pull(event: CloudWatchEvent) -> None:
    """Tencent's queue of statuses and replies, where TENCENT_RECEIPTS=pull."""
    from chalicelib.functions import pull as function

    function.handle(_seconds_left(event))


@app.schedule(Rate(1, unit=Rate.HOURS))
def inquire(event: CloudWatchEvent) -> None:
    """Messages without a receipt after some hours."""
    from chalicelib.functions import inquire as function

    function.handle(_seconds_left(event))


def _request() -> Request:
    assert app.current_request is not None  # noqa: S101 -- Chalice sets it before any view
    return app.current_request


def _seconds_left(event: SQSEvent | CloudWatchEvent) -> float:
    context: Any = event.context
    return float(context.get_remaining_time_in_millis()) / 1000


def _answer_the_rest() -> None:
    """Serve every other path and method below /sms with a 404 in the envelope.

    API Gateway and Chalice would answer them in shapes of their own. A path with more parts than
    these still gets theirs.
    """
    methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
    paths = ["/sms", "/sms/{first}", "/sms/{first}/{second}", "/sms/{first}/{second}/{third}"]
    for path in [*paths, *(path for path in app.routes if path.startswith("/sms/"))]:
        served = app.routes.get(path, {})
        unserved = [method for method in methods if method not in served]
        app.route(path, methods=unserved, content_types=ANY, name=f"unknown {path}")(_unknown)


def _unknown(**_: str) -> Response:
    from chalicelib.endpoints import envelope

    return envelope.unknown_route(_request())


_answer_the_rest()
