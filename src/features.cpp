// The compiled build of features/.
#include "nad/features/configuration-inl.hpp"
#include "nad/features/pipeline-inl.hpp"
#include "nad/features/stream-inl.hpp"
