// A host program puts a detector into cereal archives of its own, beside other things.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <cereal/archives/binary.hpp>
#include <cereal/archives/json.hpp>
#include <cereal/archives/portable_binary.hpp>
#include <cereal/archives/xml.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "model_file_tools.hpp"

namespace {

/// What a host may keep.
struct Sensor {
  std::string site;
  std::vector<nad::IsolationForest> forests;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(site, forests);
  }
};

template <class Output, class Input>
void check_round_trip() {
  const Sensor sensor{"lobby", model_file::small_forests()};
  std::stringstream stream;
  {
    Output archive(stream);
    archive(sensor);
  }
  Sensor loaded;
  {
    Input archive(stream);
    archive(loaded);
  }
  CHECK(loaded.site == "lobby");
  REQUIRE(loaded.forests.size() == sensor.forests.size());
  for (std::size_t index = 0; index < sensor.forests.size(); ++index) {
    CHECK(nad::save_bytes(loaded.forests[index]) == nad::save_bytes(sensor.forests[index]));
    const nad::Matrix rows = model_file::training_rows();
    CHECK(model_file::bits(loaded.forests[index].anomaly_score(rows)) ==
          model_file::bits(sensor.forests[index].anomaly_score(rows)));
  }
}

TEST_CASE("a host's portable binary archive") {
  check_round_trip<cereal::PortableBinaryOutputArchive, cereal::PortableBinaryInputArchive>();
}
TEST_CASE("a host's binary archive") { check_round_trip<cereal::BinaryOutputArchive, cereal::BinaryInputArchive>(); }
TEST_CASE("a host's JSON archive") { check_round_trip<cereal::JSONOutputArchive, cereal::JSONInputArchive>(); }
TEST_CASE("a host's XML archive") { check_round_trip<cereal::XMLOutputArchive, cereal::XMLInputArchive>(); }

TEST_CASE("options alone, and the nodes") {
  std::stringstream stream;
  nad::IsolationForestOptions options{.max_samples = 0.5, .contamination = 0.01, .ndim = 2};
  nad::ForestNodes nodes = model_file::small_forest().nodes();
  cereal::PortableBinaryOutputArchive{stream}(options, nodes);
  nad::IsolationForestOptions loaded;
  nad::ForestNodes loaded_nodes;
  cereal::PortableBinaryInputArchive{stream}(loaded, loaded_nodes);
  CHECK(loaded.max_samples == nad::Amount(0.5));
  CHECK(loaded.contamination == 0.01);
  CHECK(!loaded.max_depth);
  CHECK(loaded.ndim == 2);
  CHECK(loaded_nodes.value == nodes.value);
}

TEST_CASE("an archive of a host that ends early leaves the detector as it was") {
  std::stringstream stream;
  cereal::PortableBinaryOutputArchive{stream}(model_file::small_forest());
  const std::string text = stream.str();
  nad::IsolationForest forest = model_file::small_forest({.contamination = 0.2});
  const model_file::Bytes before = nad::save_bytes(forest);
  for (std::size_t length = 1; length < text.size(); length += 13) {
    std::stringstream cut(text.substr(0, length));
    cereal::PortableBinaryInputArchive archive(cut);
    CHECK_THROWS_AS(archive(forest), cereal::Exception);
    CHECK(nad::save_bytes(forest) == before);
  }
}

TEST_CASE("damaged trees in an archive of a host are refused") {
  const nad::IsolationForest forest = model_file::small_forest();
  std::stringstream stream;
  cereal::PortableBinaryOutputArchive{stream}(forest);
  std::string text = stream.str();
  // five empty arrays come last; before them stand the right children, the last of them a leaf's number of rows
  const std::size_t last_count = text.size() - (5 * sizeof(std::uint64_t) + 4);
  REQUIRE(static_cast<std::uint8_t>(text[last_count]) == forest.nodes().right.back());
  text[last_count] = '\0';
  std::stringstream damaged(text);
  cereal::PortableBinaryInputArchive archive(damaged);
  nad::IsolationForest loaded;
  CHECK_THROWS_WITH_AS(archive(loaded), doctest::Contains("the isolation forest in this file is damaged: leaf"),
                       nad::Error);
  CHECK(!loaded.is_fitted());
}

TEST_CASE("a detector that has learnt nothing is not put into an archive") {
  std::stringstream stream;
  cereal::PortableBinaryOutputArchive archive(stream);
  CHECK_THROWS_WITH_AS(archive(nad::IsolationForest()), doctest::Contains("call fit() before saving"), nad::Error);
}

}  // namespace
