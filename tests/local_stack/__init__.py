"""Tests of the local stack, against real processes."""
