#!/usr/bin/env bash
# Tests of an installed wheel that need no compiler and no data set, in whatever Python comes first in PATH.
set -euo pipefail

checkout=$(cd "$(dirname "$0")/.." && pwd)
cd "$(mktemp -d)"
python -c 'import nad; assert nad._core.live_capture_available(); print(nad.__version__, nad.simd.active())'
python -m pytest -q -p no:cacheprovider -c "$checkout/pyproject.toml" --rootdir "$checkout" \
  "$checkout"/tests/python/test_{package,model,record_scorer,table,scores,thresholds}.py "$checkout/tests/python/flow"
