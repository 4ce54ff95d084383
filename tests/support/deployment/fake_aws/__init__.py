"""Lambda, API Gateway, IAM, EventBridge and CloudWatch Logs in memory, as strict and as slow to settle as AWS.

No emulator can take what `chalice deploy` sends to API Gateway, and none refuses what AWS refuses while it is
still settling. The stand-in takes the place of botocore's calls, so Chalice's own deployer and boto3's own
clients run above it. Requests and answers are checked against botocore's models.
"""
