"""`python -m local.chaos.shown`: the output of `ops campaign show --json` for many campaigns, in one process.

It reads outIds as a JSON array from standard input, and prints an object with the output for each.
"""

import json
import sys

from chalicelib.store import send_requests
from ops.campaign import account

if __name__ == "__main__":
    out_ids = json.load(sys.stdin)
    found = {out_id: account(out_id, send_requests.of_out_id(out_id)) for out_id in out_ids}
    print(json.dumps(found, ensure_ascii=False))
