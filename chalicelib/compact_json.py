"""JSON as it is kept, queued and sent: no spaces, and characters as they are."""

import json

COMPACT_JSON = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
"""Made once: `json.dumps` with options makes an encoder for each call. Nothing of ours holds itself."""
