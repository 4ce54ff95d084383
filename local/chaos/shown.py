"""`python -m local.chaos.shown`: the output of `ops campaign show --json` for many campaigns, in one process.

It reads outIds as a JSON array from standard input, and prints two objects in an array, each with an output for each
outId: the first one with `--exact`, the second one without it.
"""

import json
import sys

from chalicelib.store import send_requests
from ops.campaign import account

if __name__ == "__main__":
    out_ids = json.load(sys.stdin)
    accepted = {out_id: send_requests.of_out_id(out_id) for out_id in out_ids}
    found = [
        {out_id: account(out_id, requests, exact=exact) for out_id, requests in accepted.items()}
        for exact in (True, False)
    ]
    print(json.dumps(found, ensure_ascii=False))
