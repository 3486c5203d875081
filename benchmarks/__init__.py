"""nad beside the libraries that people would use instead; see README.md here.

One thread each: OpenMP and the BLAS are told so before any of them is loaded. They would take all cores, and their
threads count as CPU time while they wait for each other: on a busy machine ten times what the work takes.
"""

import os

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
)
IN_WORKER = "NAD_BENCHMARK_WORKER"
"""Set in the processes that `Worker` starts: they have the threads that it chose."""
if IN_WORKER not in os.environ:
    os.environ.update(ONE_THREAD)
