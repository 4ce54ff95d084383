"""Campaigns under trouble: functions die, the two sides misbehave, and then everybody is accounted for.

| module | what |
|---|---|
| `arena` | a stack whose functions can be killed, and whose dead come back soon |
| `sides` | the running stack and its two simulators, as the rest here needs them |
| `campaigns` | campaigns, their requests, and those requests again |
| `deaths` | every point of every function in turn, before and after |
| `weather` | what may go wrong with Tencent and Quick Audience |
| `rest` | waiting until nothing moves any more |
| `audit` | for every recipient: sent at most once, told exactly one final state, or known unknown |
| `storm` | all of it at random, for minutes: `make chaos` |
"""
