"""The benchmark's stand-in, and the counts that the benchmark is to show."""
