"""AWS at its worst: what real AWS does and emulators don't, as switches that are off by default.

| module | content |
|---|---|
| `switches` | the switches, what each imitates and how sure that is; which of them are on, and the seed |
| `draws` | what fails at which moment, drawn by the seed and bounded |
| `chain` | Lambda's detection of recursive loops, counted in `AWSTraceHeader` |
| `hooks` | the switches that act on a boto3 client's calls, in the order in which a call meets them |
| `queue_calls` | of these, those of SQS |
| `table_calls` | of these, those of DynamoDB |
| `weak_reads` | eventually consistent reads of DynamoDB |
| `parameter_calls` | of these, those of the parameter store |
| `polling` | what an event source mapping does: backoff, windows, lost and repeated messages |
| `slots` | one pool of concurrent executions for several processes |
| `freezing` | an environment that is frozen between two events, and its connections |
| `gateway` | API Gateway's own answers |
| `schedules` | schedules as asynchronous invocations |

The package needs Python and botocore, and imports nothing else. It can be copied into another project as it is.
"""
