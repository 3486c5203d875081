// The compiled build of flow/.
#include "nad/flow/capture-inl.hpp"
#include "nad/flow/community_id-inl.hpp"
#include "nad/flow/decoder-inl.hpp"
#include "nad/flow/flow_meter-inl.hpp"
#include "nad/flow/flow_options-inl.hpp"
#include "nad/flow/frame-inl.hpp"
#include "nad/flow/live_capture-inl.hpp"
