"""Campaigns under faults: functions die, both sides misbehave, and then every recipient is accounted for.

| module | content |
|---|---|
| `arena` | a stack whose functions can be killed and are soon replaced |
| `sides` | access to the running stack, its two simulators, its table and its queues |
| `campaigns` | campaigns, their requests, and repetitions of those requests |
| `orders` | orders to kill a function at a point, and the points that were reached |
| `deaths` | every point of every function in turn, before and after |
| `misbehaviour` | faults of Tencent and Quick Audience |
| `patience` | waiting for a stack whose AWS may fail |
| `rest` | waiting until nothing changes any more |
| `audit` | for every recipient: sent at most once, and exactly one final state reported or known as unknown |
| `storm` | all of these at random, for minutes |
| `command` | `make chaos`: one storm, and its report |
"""
