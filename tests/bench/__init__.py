"""The benchmark's stub of AWS, and the counts that the benchmark shows."""
