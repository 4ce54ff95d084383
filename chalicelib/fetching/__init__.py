"""Fetch a file that a caller names by URL, without being led to an address that it must not reach."""
