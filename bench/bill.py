"""What AWS would bill."""

import math
from collections import Counter

_SQS_BLOCK = 64 * 1024


class Bill:
    """Counted from the start, or since `forget`."""

    def __init__(self) -> None:
        self.write_units = 0
        self.read_units = 0.0
        self.sqs_requests = 0
        self.invocations: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()

    def write(self, bytes_: int) -> None:
        """Of one item."""
        self.write_units += max(1, math.ceil(bytes_ / 1024))

    def read(self, bytes_: int, *, consistent: bool) -> None:
        """Of one item; of a query, all its items together."""
        self.read_units += max(1, math.ceil(bytes_ / 4096)) * (1 if consistent else 0.5)

    def queue(self, bytes_: int) -> None:
        """A request to SQS."""
        self.sqs_requests += max(1, math.ceil(bytes_ / _SQS_BLOCK))
