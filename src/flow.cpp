// The compiled build of flow/.
#include "nad/flow/capture_writer-inl.hpp"
#include "nad/flow/packet_bytes-inl.hpp"
#include "nad/flow/simulator-inl.hpp"
