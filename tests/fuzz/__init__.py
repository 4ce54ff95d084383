"""Any bytes on any route: never a 5xx, always the envelope, never more than a second of work, and nothing sent.

`FUZZ=long` looks at twenty times as many requests.
"""
