// The compiled build of features/.
#include "nad/features/address_features-inl.hpp"
#include "nad/features/derived_options-inl.hpp"
#include "nad/features/host_windows-inl.hpp"
#include "nad/features/port_features-inl.hpp"
#include "nad/features/rolling_windows-inl.hpp"
#include "nad/features/time_parts-inl.hpp"
#include "nad/features/traffic_features-inl.hpp"
