// The compiled build of flow/.
#include "nad/flow/community_id-inl.hpp"
#include "nad/flow/decoder-inl.hpp"
#include "nad/flow/frame-inl.hpp"
