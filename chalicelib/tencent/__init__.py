"""Tencent Cloud SMS's protocol: the v5 calls and their signatures, error codes, callbacks."""
