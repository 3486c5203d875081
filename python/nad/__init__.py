"""nad: few, calibrated, explained alerts from network traffic.

>>> import nad
>>> flows = nad.read("conn.log.gz")  # Zeek, Suricata, KDD Cup 99, CSV, ...: recognised by its content
>>> X = nad.FeaturePipeline.automatic(flows).fit_transform(flows)
>>> forest = nad.IsolationForest(contamination=0.01, random_state=42).fit(X)
>>> forest.predict(X)  # -1: anomalous, 1: ordinary
>>> forest.anomaly_score(X)  # higher = more anomalous
>>> forest.explain(X)  # one contribution a row and column
>>> print(nad.evaluate(forest.anomaly_score(X), flows))  # where labels are known: how good it is
>>> forest.save("forest.nad")  # nad.load, or nad::load_detector in C++: the same scores, bit for bit
"""

from nad import _interrupts  # noqa: F401 - first: what follows takes a while

try:
    from nad import _core
except ImportError as error:
    raise ImportError(
        f"The compiled part of nad cannot be loaded ({error}). Was the package imported from its source folder? "
        "Install it with `pip install .`"
    ) from error

from nad import datasets, features, flow, metrics, plots, simd, splits
from nad._core import Progress
from nad._flow_labels import label_flows
from nad.alert_maker import AlertMaker
from nad.alerts import (
    Alert,
    AlertFlow,
    AlertModel,
    AlertReason,
    AlertSink,
    AllowList,
    AllowRule,
    Deduplicator,
    DeduplicatorStats,
    FilterReport,
    SinkOptions,
    SinkStats,
    SyslogOptions,
    alert_from_eve,
    alert_key,
    severity_of,
    to_cef,
    to_ecs,
    to_eve,
    to_report,
    to_syslog,
    to_text,
)
from nad.clustering import Clustering, ClusterMatch
from nad.column import Column
from nad.errors import (
    BadFileError,
    CancelledError,
    ConvergenceWarning,
    DataWarning,
    Error,
    InvalidArgumentError,
    InvalidDataError,
    IoError,
    MissingFileError,
    NotFittedError,
)
from nad.estimators import (
    ECOD,
    LODA,
    Autoencoder,
    BoostedTrees,
    Ensemble,
    HalfSpaceTrees,
    Histogram,
    IsolationForest,
    KMeans,
    LocalGaussian,
    Mahalanobis,
    NearestNeighbours,
    OneClassSVM,
    PcaResidual,
)
from nad.evaluation import Evaluation, compare, evaluate
from nad.export import save_json, save_onnx, to_json, to_onnx
from nad.features import FeaturePipeline
from nad.flow import Capture, FlowMeter, FlowStats, LiveCapture
from nad.groups import GroupProfile, GroupTrait, ValueShare, profile_groups
from nad.incidents import Incident, Incidents, incidents
from nad.model import Finding, Findings, Model, Reason, SourceRun
from nad.monitor import Monitor, MonitorStats, RetrainOptions
from nad.persist import load, read_header
from nad.reading import Reader, ReadReport, formats, read
from nad.record_scorer import RecordScore, RecordScorer
from nad.report import report
from nad.simulation import Attack, AttackKind, AttackOption, attack_kinds, simulate
from nad.table import Table, concatenate
from nad.thresholds import (
    Calibration,
    DriftMonitor,
    DriftReport,
    OnlineDiscovery,
    ScoreLimit,
    ThresholdRule,
    benjamini_hochberg,
    drift,
    q_values,
)

__version__ = _core.__version__

__all__ = [
    "ECOD",
    "LODA",
    "Alert",
    "AlertFlow",
    "AlertMaker",
    "AlertModel",
    "AlertReason",
    "AlertSink",
    "AllowList",
    "AllowRule",
    "Attack",
    "AttackKind",
    "AttackOption",
    "Autoencoder",
    "BadFileError",
    "BoostedTrees",
    "Calibration",
    "CancelledError",
    "Capture",
    "ClusterMatch",
    "Clustering",
    "Column",
    "ConvergenceWarning",
    "DataWarning",
    "Deduplicator",
    "DeduplicatorStats",
    "DriftMonitor",
    "DriftReport",
    "Ensemble",
    "Error",
    "Evaluation",
    "FeaturePipeline",
    "FilterReport",
    "Finding",
    "Findings",
    "FlowMeter",
    "FlowStats",
    "GroupProfile",
    "GroupTrait",
    "HalfSpaceTrees",
    "Histogram",
    "Incident",
    "Incidents",
    "InvalidArgumentError",
    "InvalidDataError",
    "IoError",
    "IsolationForest",
    "KMeans",
    "LiveCapture",
    "LocalGaussian",
    "Mahalanobis",
    "MissingFileError",
    "Model",
    "Monitor",
    "MonitorStats",
    "NearestNeighbours",
    "NotFittedError",
    "OneClassSVM",
    "OnlineDiscovery",
    "PcaResidual",
    "Progress",
    "ReadReport",
    "Reader",
    "Reason",
    "RecordScore",
    "RecordScorer",
    "RetrainOptions",
    "ScoreLimit",
    "SinkOptions",
    "SinkStats",
    "SourceRun",
    "SyslogOptions",
    "Table",
    "ThresholdRule",
    "ValueShare",
    "__version__",
    "alert_from_eve",
    "alert_key",
    "attack_kinds",
    "benjamini_hochberg",
    "compare",
    "concatenate",
    "datasets",
    "drift",
    "evaluate",
    "features",
    "flow",
    "formats",
    "incidents",
    "label_flows",
    "load",
    "metrics",
    "plots",
    "profile_groups",
    "q_values",
    "read",
    "read_header",
    "report",
    "save_json",
    "save_onnx",
    "severity_of",
    "simd",
    "simulate",
    "splits",
    "to_cef",
    "to_ecs",
    "to_eve",
    "to_json",
    "to_onnx",
    "to_report",
    "to_syslog",
    "to_text",
]
