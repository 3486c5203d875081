// The compiled build of detector/.
#include "nad/detector/amount-inl.hpp"
#include "nad/detector/detector-inl.hpp"
#include "nad/detector/ecod-inl.hpp"
#include "nad/detector/histogram-inl.hpp"
#include "nad/detector/isolation_forest-inl.hpp"
#include "nad/detector/kmeans-inl.hpp"
#include "nad/detector/loda-inl.hpp"
