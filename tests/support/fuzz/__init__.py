"""Support of the fuzzers: API Gateway's events, generated input, and the checks of every answer."""
