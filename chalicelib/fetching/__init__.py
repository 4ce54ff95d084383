"""Fetch a file from a URL that a caller gave, without connecting to an address that must not be reached."""
