"""The cost of a campaign, by AWS's price list in docs/prices.json."""

import json
from collections.abc import Mapping
from pathlib import Path

from bench.campaign import Run

LIST = Path(__file__).parent.parent / "docs" / "prices.json"
# Lambda gives a whole CPU with 1,769 MB, and proportional shares: CPU time costs the same at any size.
_GB_PER_CPU = 1769 / 1024


def per_million(run: Run) -> Mapping[str, float]:
    """Return the dollars for a million messages by billed item. Lambda's seconds are CPU seconds only."""
    prices = json.loads(LIST.read_text())["prices"]
    figures = run.figures
    used = {
        "dynamodb_write_request_unit": figures["write_units"],
        "dynamodb_read_request_unit": figures["read_units"],
        "sqs_request": figures["sqs_requests"],
        "lambda_request": sum(figures["invocations"].values()),
        "lambda_gb_second": run.cpu * run.recipients * _GB_PER_CPU,
        "api_gateway_rest_request": figures["invocations"]["api_handler"],
    }
    return {
        name: amount / run.recipients * 1_000_000 * prices[name]["price"] / prices[name]["per"]
        for name, amount in used.items()
    }
