"""A simulator of Tencent Cloud SMS v5, for development and tests without an account.

``python -m local.tencent`` serves the calls of ``yun.tim.qq.com/v5/tlssmssvr`` on loopback,
pushes delivery receipts and mobile-originated replies to a callback URL, and misbehaves on
request. Three things make it misbehave:

* magic numbers: mobiles whose last four digits lie between 9901 and 9949 have a fate of their
  own; ``local.tencent.magic`` holds the table and ``--help`` prints it;
* switches, set by options at the start and by ``POST /_sim/behaviour`` while it runs;
* what is made by hand: ``POST /_sim/reply``, ``/_sim/receipt``, ``/_sim/review``.

It takes nothing from the bridge, so that the two cannot share a misreading of the documents.
"""
