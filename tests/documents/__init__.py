"""Tests of the two API documents: their fields, each with its row in docs/coverage.md, and their JSON examples."""
