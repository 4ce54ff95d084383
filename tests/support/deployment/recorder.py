"""A handler around a handler of the bundle that returns the modules that were imported.

It runs under Lambda's runtime client, beside the bundle. RECORDED has the name of the inner handler.
"""

import importlib
import os
import sys
from typing import Any


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Return the result of the bundle's handler, and the names of all imported modules."""
    module, _, name = os.environ["RECORDED"].rpartition(".")
    given, failed = None, ""
    try:
        given = getattr(importlib.import_module(module), name)(event, context)
    except Exception as error:
        failed = type(error).__name__
    return {"given": given, "failed": failed, "modules": sorted(sys.modules)}
