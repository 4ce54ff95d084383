"""A simulator of Tencent Cloud SMS, for development and tests without an account.

``python -m local.tencent`` serves the calls of ``yun.tim.qq.com/v5/tlssmssvr`` and of API 3.0
(``local.tencent.api3``) on loopback, and pushes delivery receipts and mobile-originated replies to
a callback URL. It misbehaves on request, in three ways:

* magic numbers: mobiles whose last four digits lie between 9901 and 9949 have a result of their
  own. ``local.tencent.magic`` defines them and ``--help`` lists them;
* switches, which are set by options at the start and by ``POST /_sim/behaviour`` later;
* events made by hand: ``POST /_sim/reply``, ``/_sim/receipt``, ``/_sim/review``.

It imports nothing from the bridge, so the two cannot share a misreading of the documents.
"""
