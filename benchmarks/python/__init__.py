"""One file per task, one small class per competitor; see benchmarks/README.md."""
