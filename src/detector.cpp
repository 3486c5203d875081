// The compiled build of detector/.
#include "nad/detector/amount-inl.hpp"
#include "nad/detector/autoencoder-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/isolation_forest-inl.hpp"
#include "nad/detector/kmeans-inl.hpp"
#include "nad/detector/local_gaussian-inl.hpp"
#include "nad/detector/mahalanobis-inl.hpp"
