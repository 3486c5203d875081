// The compiled build of alert/.
#include "nad/alert/alert-inl.hpp"
#include "nad/alert/allow_list-inl.hpp"
#include "nad/alert/deduplicator-inl.hpp"
#include "nad/alert/format-inl.hpp"
#include "nad/alert/subnet-inl.hpp"
