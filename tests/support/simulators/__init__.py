"""Drivers of the two simulators' control APIs."""
