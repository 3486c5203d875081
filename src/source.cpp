// The compiled build of source/.
#include "nad/source/kdd99-inl.hpp"
#include "nad/source/read-inl.hpp"
