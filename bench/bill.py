"""The units that AWS would bill."""

import math
from collections import Counter

_SQS_BLOCK = 64 * 1024


class Bill:
    """Counts units, invocations and calls."""

    def __init__(self) -> None:
        self.write_units = 0
        self.read_units = 0.0
        self.sqs_requests = 0
        self.invocations: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()

    def write(self, bytes_: int) -> None:
        """Count the write of one item."""
        self.write_units += max(1, math.ceil(bytes_ / 1024))

    def read(self, bytes_: int, *, consistent: bool) -> None:
        """Count the read of one item, or of all items of a query together."""
        self.read_units += max(1, math.ceil(bytes_ / 4096)) * (1 if consistent else 0.5)

    def queue(self, bytes_: int) -> None:
        """Count a request to SQS."""
        self.sqs_requests += max(1, math.ceil(bytes_ / _SQS_BLOCK))
