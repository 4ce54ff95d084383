"""Tencent Cloud SMS API 3.0 (version 2021-01-11): the same application as v5's, by other calls.

Both APIs share templates, signs, messages, receipts and replies. The modules:

* ``signature``, ``authorization``, ``gateway``: the checks before a call, in their order;
* ``actions``, ``fields``: the calls and the JSON types of their fields;
* ``errors``, ``codes``: 3.0's error codes, and v5's numbers for them;
* ``sending``, ``drafts``, ``rows``; ``templates``; ``signs``; ``pulling``; ``send_records``; ``counts``: the calls;
* ``switches``: what the real service's documents leave open.
"""
