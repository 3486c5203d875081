"""nad on Apache Spark: the models of one machine, applied to DataFrames of any size and fitted on them.

>>> import nad.spark  # needs pip install "nad[spark]" and a Java runtime; nad has to be installed on the executors, too
>>> model = nad.load("office.nad")
>>> found = nad.spark.detect(model, flows, only_reported=True)  # findings as columns behind the records
>>> found = nad.spark.detect_files(model, spark, Path("captures").glob("*.pcap"))  # each as one machine reads it
>>> print(nad.spark.fit(nad.IsolationForest(random_state=1), flows))  # the forest that one machine would grow
>>> query = nad.spark.watch("office.nad", stream, "alerts/", checkpoint="checkpoint/")  # each alert exactly once
>>> scored = nad.spark.anomaly_score(model, flows, keep=["flow_id"])
"""

from __future__ import annotations

from nad.spark._frames import require_packages

require_packages()

from nad.spark.files import detect_files  # noqa: E402
from nad.spark.fitting import Fit, fit, row_pipeline  # noqa: E402
from nad.spark.scoring import anomaly_score, detect  # noqa: E402
from nad.spark.streaming import AlertWriter, alert_id, watch  # noqa: E402

__all__ = ["AlertWriter", "Fit", "alert_id", "anomaly_score", "detect", "detect_files", "fit", "row_pipeline", "watch"]
