// The compiled build of features/.
#include "nad/features/pipeline-inl.hpp"
