"""SQS: four queues, each with a dead-letter queue of its own.

| queue | messages hold | read by |
|---|---|---|
| `sends` | the key of a chunk, and the number of an attempt at it | deliver |
| `callbacks` | Tencent's statuses and replies, as Tencent sent them | settle |
| `receipts` | receipts and replies for Quick Audience, of one outId in each message | push |
| `files` | the key of a request whose recipients are listed in a file | read |
"""
