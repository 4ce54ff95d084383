"""Any bytes on any route: never a 5xx, always the envelope, at most a second of work, and no message sent.

`FUZZ=long` tries 20 times as many requests.
"""
