"""A handler around a handler of the bundle: answers what had been imported once that one had answered.

It runs under Lambda's runtime client, beside the bundle; the handler's name is in RECORDED.
"""

import importlib
import os
import sys
from typing import Any


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer what the bundle's handler did, and the names of all modules."""
    module, _, name = os.environ["RECORDED"].rpartition(".")
    given, failed = None, ""
    try:
        given = getattr(importlib.import_module(module), name)(event, context)
    except Exception as error:
        failed = type(error).__name__
    return {"given": given, "failed": failed, "modules": sorted(sys.modules)}
