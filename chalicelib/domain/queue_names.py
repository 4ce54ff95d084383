"""The names of the four queues."""

from typing import Literal

QueueName = Literal["sends", "callbacks", "receipts", "files"]
"""`chalicelib/queues/__init__.py` says what each carries. Its dead-letter queue has the name with `-dead`."""
