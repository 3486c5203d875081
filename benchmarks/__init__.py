"""Benchmarks of nad beside other libraries: `python -m benchmarks` from a checkout."""
