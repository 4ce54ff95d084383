"""SQS: four queues, each with a dead-letter queue beside it.

| queue | carries | read by |
|---|---|---|
| `sends` | names of chunks | deliver |
| `callbacks` | Tencent's statuses and replies, as they came | settle |
| `receipts` | what Quick Audience is told, one outId to a message | push |
| `files` | names of requests whose recipients stand in a file | read |
"""
