"""JSON as the bridge stores, queues and sends it: without spaces, and with non-ASCII characters unescaped."""

import json

COMPACT_JSON = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
"""Created once, because `json.dumps` with options creates an encoder for every call.

It does not check for circular references: no value in the bridge contains itself."""
