"""Temporary faults of Tencent and Quick Audience.

Two kinds are left out, because other tests cover them: contradictory statuses of one message from
Tencent, and a signature that Quick Audience refuses.
"""

import random
from typing import Any

from local.chaos.sides import Sides

_SENDS = ["sendsms", "sendmultisms2", "SendSms"]
"""The calls that send, of both of Tencent's APIs."""

TENCENT: dict[str, dict[str, Any]] = {
    "sends and hangs": {"answer": "hang", "accept": True, "seconds": 30},
    "hangs": {"answer": "hang", "seconds": 30},
    "sends and resets": {"answer": "reset", "accept": True},
    "resets": {"answer": "reset"},
    "sends and answers 1008": {"answer": "error", "code": 1008, "accept": True},
    "answers 1008": {"answer": "error", "code": 1008},
    "answers 1013": {"answer": "error", "code": 1013},
    "sends and answers 60008": {"answer": "gateway", "code": 60008, "accept": True},
    "sends and answers 500": {"answer": "http", "status": 500, "accept": True},
    "answers 503": {"answer": "http", "status": 503},
    "answers 429": {"answer": "http", "status": 429},
    "sends and answers garbage": {"answer": "garbage", "accept": True},
    "is slow": {"answer": "normal", "seconds": 2},
}
QUICK_AUDIENCE: dict[str, dict[str, Any]] = {
    "answers 500": {"kind": "status", "status": 500},
    "answers 429": {"kind": "status", "status": 429},
    "accepts and answers 502": {"kind": "status", "status": 502, "record": True},
    "answers code 500 in its body": {"kind": "code", "status": 500},
    "is slow": {"kind": "slow", "seconds": 3},
    "resets": {"kind": "reset"},
    "accepts and resets": {"kind": "reset", "record": True},
    "accepts and hangs": {"kind": "hang", "record": True},
    "accepts and answers half": {"kind": "truncate", "record": True},
    # To replies this is a yes.
    "answers nothing": {"kind": "empty", "endpoint": "details"},
    "answers garbage": {"kind": "garbage"},
}


def spoil_tencent(sides: Sides, generator: random.Random) -> str:
    """Make a share of Tencent's answers fail, and return a description."""
    name = generator.choice(list(TENCENT))
    share = generator.choice((0.1, 0.5, 1.0))
    sides.behave(faults=[{**TENCENT[name], "share": share, "endpoints": _SENDS}])
    return f"Tencent {name} ({share:.0%})"


def spoil_quick_audience(sides: Sides, generator: random.Random) -> str:
    """Make Quick Audience fail for a share of the pushes, or for all, and return a description."""
    name = generator.choice(list(QUICK_AUDIENCE))
    share = generator.choice((0.2, 0.6, 1.0))
    rule = {**QUICK_AUDIENCE[name], "share": share, "seed": generator.randrange(1000)}
    sides.delete(sides.quick_audience, "/_sim/behaviour")
    sides.post(sides.quick_audience, "/_sim/behaviour", rule)
    return f"Quick Audience {name} ({share:.0%})"


def shuffle_callbacks(sides: Sides, generator: random.Random) -> str:
    """Make statuses arrive twice, early, late, or in other orders and sizes, and return a description."""
    switches = {
        "duplicate_share": generator.choice((0, 0.3, 1)),
        "early_receipts": generator.random() < 0.3,
        "shuffle_detail": generator.random() < 0.5,
        "report_delay": generator.choice(([0, 0], [0, 4], [0.3, 1.0])),
        "push_size": generator.choice((1, 7, 100)),
        "push_parallel": generator.choice((1, 4, 16)),
    }
    sides.behave(**switches)
    return "callbacks: " + ", ".join(f"{name} {value}" for name, value in switches.items())
