"""Table of contents: every route, queue and schedule of the bridge, each one line into chalicelib.

The imports are inside the functions on purpose. One bundle serves every Lambda function, so each of them
pays for this module's imports at every cold start. A function therefore imports only what it needs, when it
is first called.
"""

import os
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, Rate, Request, Response, SQSEvent

from chalicelib import __version__, garbage_collection

garbage_collection.postpone()
# `chalicelib.logs` writes JSON. Chalice's own handler would print each line a second time, as text.
app = Chalice(app_name="qa-sms-bridge", configure_logs=False)
app.register_middleware(garbage_collection.resume)
# Callers may use any content type: `chalicelib` reads the bodies, not Chalice.
ANY = ["*/*"]
# How many `deliver` functions run at once. They share the limits on calls to Tencent.
SENDERS = 4
# Chunks in one event of `deliver`, each with up to 50 calls, and the seconds in which Lambda gathers them. Five spread
# a small campaign over all functions. If a function may make more than 50 calls at once, 20 keep it busy for longer;
# Lambda gathers more than ten only within a window of at least a second.
_PARALLEL = os.environ.get("TENCENT_PARALLEL_CALLS", "")
CHUNKS, WINDOW = (20, 1) if _PARALLEL.isdecimal() and int(_PARALLEL) > 50 * SENDERS else (5, 0)
QUEUES = os.environ.get("BRIDGE_QUEUE_PREFIX") or "qa-sms-bridge-local-"


@app.route("/sms/smsSign/{sign_name}", content_types=ANY)
def query_sign(sign_name: str) -> Response:
    """Serve §1: query a sign."""
    from chalicelib.endpoints import envelope, signs

    return envelope.answer(_request(), signs.FIELDS, lambda _: signs.query(sign_name))


@app.route("/sms/smsTemplate", methods=["POST"], content_types=ANY)
def create_template() -> Response:
    """Serve §2: create a text template."""
    from chalicelib.endpoints import envelope, text_templates

    return envelope.answer(_request(), text_templates.CREATE_FIELDS, text_templates.create)


@app.route("/sms/smsTemplate/{template_code}", methods=["PUT"], content_types=ANY)
def modify_template(template_code: str) -> Response:
    """Serve §3: modify a text template."""
    from chalicelib.endpoints import envelope, text_templates

    return envelope.answer(
        _request(),
        text_templates.CREATE_FIELDS,
        lambda body: text_templates.modify(template_code, body),
    )


@app.route("/sms/smsTemplate/{template_code}", methods=["GET"], content_types=ANY)
def query_template(template_code: str) -> Response:
    """Serve §4: query a text template."""
    from chalicelib.endpoints import envelope, text_templates

    return envelope.answer(
        _request(), text_templates.QUERY_FIELDS, lambda _: text_templates.query(template_code)
    )


@app.route("/sms/digitalSmsTemplate", methods=["POST"], content_types=ANY)
def create_digital_template() -> Response:
    """Serve §7: create a digital template."""
    from chalicelib.endpoints import digital_templates, envelope

    request = _request()
    return envelope.answer(
        request,
        digital_templates.CREATE_FIELDS,
        lambda body: digital_templates.create(body, request),
    )


@app.route("/sms/digitalSmsTemplate/{template_code}", methods=["PUT"], content_types=ANY)
def modify_digital_template(template_code: str) -> Response:
    """Serve §8: modify a digital template."""
    from chalicelib.endpoints import digital_templates, envelope

    request = _request()
    return envelope.answer(
        request,
        digital_templates.CREATE_FIELDS,
        lambda body: digital_templates.modify(template_code, body, request),
    )


@app.route("/sms/digitalSmsTemplate/{template_code}", methods=["DELETE"], content_types=ANY)
def delete_digital_template(template_code: str) -> Response:
    """Serve §9: delete a digital template."""
    from chalicelib.endpoints import digital_templates, envelope

    return envelope.answer(
        _request(),
        digital_templates.CREATE_FIELDS,
        lambda _: digital_templates.delete(template_code),
    )


@app.route("/sms/digitalSmsTemplate/{template_code}", methods=["GET"], content_types=ANY)
def query_digital_template(template_code: str) -> Response:
    """Serve §10: query a digital template."""
    from chalicelib.endpoints import digital_templates, envelope

    return envelope.answer(
        _request(), digital_templates.QUERY_FIELDS, lambda _: digital_templates.query(template_code)
    )


@app.route("/sms/sendBatch", methods=["POST"], content_types=ANY)
def send_batch() -> Response:
    """Serve §5: send to the recipients in a file."""
    from chalicelib.endpoints import envelope, send_file

    return envelope.answer(_request(), send_file.FIELDS, send_file.send_batch)


@app.route("/sms/sendBatchList", methods=["POST"], content_types=ANY)
def send_batch_list() -> Response:
    """Serve §6: send to a list of recipients."""
    from chalicelib.endpoints import envelope, send_list

    return envelope.answer(_request(), send_list.FIELDS, send_list.send_batch_list)


@app.route("/sms/sendDigitalBatchList", methods=["POST"], content_types=ANY)
def send_digital_batch_list() -> Response:
    """Serve §11: send a digital message to a list of recipients."""
    from chalicelib.endpoints import envelope, send_list

    return envelope.answer(_request(), send_list.FIELDS, send_list.send_digital_batch_list)


@app.route("/sms/sendDetails", methods=["POST"], content_types=ANY)
def send_details() -> Response:
    """Serve §12: query sending details."""
    from chalicelib.endpoints import envelope, send_details

    return envelope.answer(_request(), send_details.FIELDS, send_details.query)


@app.route("/tencent/{token}/callback", methods=["POST", "GET"], content_types=ANY)
def tencent_callback(token: str) -> Response:
    """Receive Tencent's delivery statuses and replies."""
    from chalicelib.endpoints import tencent_callback

    return tencent_callback.receive(token, _request())


@app.route("/m/{code}", methods=["GET", "HEAD"], content_types=ANY)
def digital_page(code: str) -> Response:
    """Serve the page of a digital message."""
    from chalicelib.endpoints import message_page

    return message_page.follow(code, _request())


@app.route("/health", content_types=ANY)
def health() -> Response:
    """Answer a monitor: the function runs, and its version. Calls no AWS service and shows no secret."""
    return Response({"status": "ok", "version": __version__})


@app.on_sqs_message(queue=QUEUES + "files", batch_size=1, maximum_concurrency=2)
def read(event: SQSEvent) -> Any:
    """Read files of §5 into chunks."""
    from chalicelib.functions.read import handle

    return handle(event.to_dict(), _seconds_left(event))


@app.on_sqs_message(
    queue=QUEUES + "sends",
    batch_size=CHUNKS,
    maximum_batching_window_in_seconds=WINDOW,
    maximum_concurrency=SENDERS,
)
def deliver(event: SQSEvent) -> Any:
    """Send chunks to Tencent."""
    from chalicelib.functions.deliver import handle

    return handle(event.to_dict(), _seconds_left(event), SENDERS)


@app.on_sqs_message(
    queue=QUEUES + "callbacks",
    batch_size=10,
    maximum_batching_window_in_seconds=1,
    maximum_concurrency=4,
)
def settle(event: SQSEvent) -> Any:
    """Turn Tencent's statuses and replies into receipts."""
    from chalicelib.functions.settle import handle

    return handle(event.to_dict(), _seconds_left(event))


@app.on_sqs_message(
    queue=QUEUES + "receipts",
    batch_size=10,
    maximum_batching_window_in_seconds=1,
    maximum_concurrency=4,
)
def push(event: SQSEvent) -> Any:
    """Push receipts and replies to Quick Audience."""
    from chalicelib.functions.push import handle

    return handle(event.to_dict(), _seconds_left(event))


@app.schedule(Rate(1, unit=Rate.HOURS))
def sweep(event: CloudWatchEvent) -> None:
    """Close recipients that have no final state after 72 hours."""
    from chalicelib.functions.sweep import handle

    handle(_seconds_left(event))


@app.schedule(Rate(1, unit=Rate.MINUTES))
def pull(event: CloudWatchEvent) -> None:
    """Pull statuses and replies from Tencent's queue, with TENCENT_RECEIPTS=pull."""
    from chalicelib.functions.pull import handle

    handle(_seconds_left(event))


@app.schedule(Rate(1, unit=Rate.MINUTES))
def release(event: CloudWatchEvent) -> None:
    """Queue the messages that wait in the table, once they may be processed."""
    from chalicelib.functions.release import handle

    handle(_seconds_left(event))


@app.schedule(Rate(1, unit=Rate.HOURS))
def inquire(event: CloudWatchEvent) -> None:
    """Ask Tencent about messages that have no receipt after some hours."""
    from chalicelib.functions.inquire import handle

    handle(_seconds_left(event))


def _request() -> Request:
    assert app.current_request is not None  # noqa: S101 -- Chalice sets it before any view
    return app.current_request


def _seconds_left(event: SQSEvent | CloudWatchEvent) -> float:
    context: Any = event.context
    return float(context.get_remaining_time_in_millis()) / 1000


def _serve_unknown_routes() -> None:
    """Answer every other path and method below /sms with a 404 in the envelope.

    API Gateway and Chalice would answer them in formats of their own. A path with more segments than
    these still gets such an answer.
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


_serve_unknown_routes()
