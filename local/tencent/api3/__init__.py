"""Tencent Cloud SMS API 3.0 (version 2021-01-11): the same application as v5's, by other calls.

Both APIs share templates, signs, messages, receipts and replies. The modules:

* ``endpoint``: the one address, which answers every request;
* ``gateway``, ``authorization``, ``signature``, ``rates``, ``fields``: the checks before a call;
* ``calls``: which function executes each call;
* ``sending``, ``drafts``, ``rows``; ``templates``, ``signs``, ``lists``; ``pulling``; ``send_records``; ``counts``:
  these functions;
* ``numbers``: the forms of phone numbers;
* ``errors``, ``codes``: 3.0's error codes, and v5's numbers for them;
* ``switches``: the names of the calls, and what the real service's documents leave open.
"""
