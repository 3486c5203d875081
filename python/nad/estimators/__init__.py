"""Each detector of the C++ library as a scikit-learn estimator; scikit-learn itself is not needed."""

from nad.estimators.ecod import ECOD
from nad.estimators.half_space_trees import HalfSpaceTrees
from nad.estimators.histogram import Histogram
from nad.estimators.isolation_forest import IsolationForest
from nad.estimators.kmeans import KMeans
from nad.estimators.loda import LODA

__all__ = ["ECOD", "LODA", "HalfSpaceTrees", "Histogram", "IsolationForest", "KMeans"]
