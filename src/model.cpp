// The compiled build of model/.
#include "nad/model/alerts-inl.hpp"
#include "nad/model/export-inl.hpp"
#include "nad/model/finding-inl.hpp"
#include "nad/model/model-inl.hpp"
#include "nad/model/monitor-inl.hpp"
#include "nad/model/record_scorer-inl.hpp"
#include "nad/model/usual_values-inl.hpp"
