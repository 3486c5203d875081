"""Each detector of the C++ library as a scikit-learn estimator; scikit-learn itself is not needed."""

from nad.estimators.autoencoder import Autoencoder
from nad.estimators.boosted_trees import BoostedTrees
from nad.estimators.ecod import ECOD
from nad.estimators.ensemble import Ensemble
from nad.estimators.gaussians import LocalGaussian, Mahalanobis
from nad.estimators.half_space_trees import HalfSpaceTrees
from nad.estimators.histogram import Histogram
from nad.estimators.isolation_forest import IsolationForest
from nad.estimators.kmeans import KMeans
from nad.estimators.loda import LODA
from nad.estimators.nearest_neighbours import NearestNeighbours
from nad.estimators.one_class_svm import OneClassSVM
from nad.estimators.pca_residual import PcaResidual

__all__ = [
    "ECOD",
    "LODA",
    "Autoencoder",
    "BoostedTrees",
    "Ensemble",
    "HalfSpaceTrees",
    "Histogram",
    "IsolationForest",
    "KMeans",
    "LocalGaussian",
    "Mahalanobis",
    "NearestNeighbours",
    "OneClassSVM",
    "PcaResidual",
]
