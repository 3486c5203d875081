"""Each detector of the C++ library as a scikit-learn estimator; scikit-learn itself is not needed."""

from nad.estimators.autoencoder import Autoencoder
from nad.estimators.gaussians import LocalGaussian, Mahalanobis
from nad.estimators.isolation_forest import IsolationForest
from nad.estimators.kmeans import KMeans

__all__ = ["Autoencoder", "IsolationForest", "KMeans", "LocalGaussian", "Mahalanobis"]
