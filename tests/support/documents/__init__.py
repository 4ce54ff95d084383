"""Readers of the two API documents' fields and examples, of the coverage table, and the OpenAPI generator."""
