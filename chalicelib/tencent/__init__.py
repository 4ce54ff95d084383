"""Tencent Cloud SMS v5: calls, signatures, error codes, callbacks."""
