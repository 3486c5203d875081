#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model_file_tools.hpp"
#include "temporary_folder.hpp"

namespace {

using model_file::Bytes;
using model_file::error_of;

void check_same(const nad::Detector& loaded, const nad::Detector& saved) {
  const nad::Matrix rows = model_file::training_rows();
  CHECK(loaded.kind() == saved.kind());
  CHECK(loaded.n_features() == saved.n_features());
  CHECK(model_file::bits(loaded.anomaly_score(rows)) == model_file::bits(saved.anomaly_score(rows)));
  CHECK(loaded.threshold() == saved.threshold());
  CHECK(loaded.baseline() == saved.baseline());
  const nad::Matrix reasons = loaded.explain(rows);
  const nad::Matrix expected = saved.explain(rows);
  CHECK(model_file::bits({reasons.data(), 180}) == model_file::bits({expected.data(), 180}));
}

/// A detector that nad's table of kinds does not know.
class Stranger : public nad::Detector {
 public:
  static constexpr std::string_view kind_name = "stranger";
  explicit Stranger(std::string_view tag = kind_name, bool fitted = true) : tag_(tag), fitted_(fitted) {}
  std::unique_ptr<Detector> clone() const override { return std::make_unique<Stranger>(*this); }
  std::string_view kind() const noexcept override { return tag_; }
  bool is_fitted() const noexcept override { return fitted_; }
  std::size_t n_features() const noexcept override { return 3; }

 private:
  void do_fit(nad::MatrixView, std::span<const float>, const nad::FitControl&) override {}
  void take(Detector&&) override {}
  void do_raw_score(nad::MatrixView, std::size_t, std::span<float>) const override {}
  float do_raw_score_row(const float*, std::size_t) const override { return 0.0F; }
  void do_explain(nad::MatrixView, std::size_t, nad::Matrix&) const override {}
  double do_baseline() const override { return 0.0; }
  void bend(std::span<float>) const override {}
  float default_threshold() const noexcept override { return 0.5F; }

  std::string_view tag_;
  bool fitted_;
};

TEST_CASE("a saved detector scores bit for bit as before, from memory and from a file") {
  const TemporaryFolder folder;
  for (const nad::IsolationForest& forest : model_file::small_forests()) {
    const Bytes bytes = nad::save_bytes(forest);
    check_same(*nad::load_detector_bytes(bytes), forest);
    check_same(nad::load_bytes<nad::IsolationForest>(bytes), forest);
    nad::save(forest, folder / "forest.nad");
    check_same(*nad::load_detector(folder / "forest.nad"), forest);
    check_same(nad::load<nad::IsolationForest>(folder / "forest.nad"), forest);
  }
}

TEST_CASE("every option comes back from a file") {
  const nad::IsolationForestOptions options{.n_estimators = 4,
                                            .max_samples = 0.5,
                                            .max_features = 2,
                                            .max_depth = 5,
                                            .bootstrap = true,
                                            .contamination = 0.125,
                                            .random_state = 0xfedcba9876543210ULL,
                                            .warm_start = true,
                                            .ndim = 2,
                                            .split = nad::Split::best,
                                            .ntry = 7,
                                            .unique_rows = nad::UniqueRows::log_count,
                                            .missing = nad::Missing::route};
  nad::IsolationForest forest(options);
  forest.fit(model_file::training_rows());
  const auto loaded = nad::load_bytes<nad::IsolationForest>(nad::save_bytes(forest));
  CHECK(loaded.options().n_estimators == 4);
  CHECK(loaded.options().max_samples == nad::Amount(0.5));
  CHECK(loaded.options().max_features == nad::Amount(2));
  CHECK(loaded.options().max_depth == 5);
  CHECK(loaded.options().bootstrap);
  CHECK(loaded.options().contamination == 0.125);
  CHECK(loaded.options().random_state == 0xfedcba9876543210ULL);
  CHECK(loaded.options().warm_start);
  CHECK(loaded.options().ndim == 2);
  CHECK(loaded.options().split == nad::Split::best);
  CHECK(loaded.options().ntry == 7);
  CHECK(loaded.options().unique_rows == nad::UniqueRows::log_count);
  CHECK(loaded.options().missing == nad::Missing::route);
  CHECK(loaded.samples_per_tree() == forest.samples_per_tree());
}

TEST_CASE("a loaded forest learns on as the saved one would have") {
  nad::IsolationForest forest = model_file::small_forest();
  auto loaded = nad::load_bytes<nad::IsolationForest>(nad::save_bytes(forest));
  for (nad::IsolationForest* each : {&forest, &loaded}) {
    each->set_warm_start(true);
    each->set_n_estimators(6);
    each->fit(model_file::training_rows());
  }
  CHECK(nad::save_bytes(loaded) == nad::save_bytes(forest));
}

TEST_CASE("the same data and options give the same file, byte for byte") {
  const TemporaryFolder folder;
  const Bytes first = nad::save_bytes(model_file::small_forest());
  CHECK(nad::save_bytes(model_file::small_forest()) == first);
  CHECK(nad::save_bytes(*nad::load_detector_bytes(first)) == first);
  nad::save(model_file::small_forest(), folder / "a.nad");
  CHECK(read_file(folder / "a.nad") == first);
  const nad::IsolationForest other = model_file::small_forest({.contamination = 0.2});
  CHECK(nad::save_bytes(other) != first);
}

TEST_CASE("the file is laid out as described") {
  const Bytes file = nad::save_bytes(model_file::small_forest(), {.note = "for the lobby"});
  const model_file::Parts parts = model_file::split(file);
  CHECK(parts.header.back() == '\n');
  CHECK(model_file::join(parts) == file);  // written from the description alone
}

/// The bits of the values, as the payload holds them.
template <class Number>
std::vector<std::uint32_t> bits_of(const std::vector<Number>& numbers) {
  std::vector<std::uint32_t> result;
  for (const Number number : numbers) {
    if constexpr (sizeof(Number) == 1) {
      result.push_back(number);
    } else {
      result.push_back(std::bit_cast<std::uint32_t>(number));
    }
  }
  return result;
}

TEST_CASE("the payload of an isolation forest is laid out as described") {
  nad::IsolationForest planes({.n_estimators = 4,
                               .max_samples = 0.25,
                               .max_features = 2,
                               .max_depth = 5,
                               .bootstrap = true,
                               .contamination = 0.125,
                               .random_state = 0xfedcba9876543210ULL,
                               .ndim = 2,
                               .split = nad::Split::best,
                               .ntry = 7,
                               .unique_rows = nad::UniqueRows::log_count,
                               .missing = nad::Missing::route});
  planes.fit(model_file::training_rows());
  std::vector<nad::IsolationForest> forests = model_file::small_forests();
  forests.push_back(planes);
  for (const nad::IsolationForest& forest : forests) {
    const Bytes payload = model_file::split(nad::save_bytes(forest)).payload;
    const model_file::ForestPayload stored(payload);
    const nad::IsolationForestOptions& options = forest.options();
    CHECK(stored.n_bytes == payload.size());
    CHECK(stored.n_estimators == options.n_estimators);
    CHECK(stored.max_samples_kind == (options.max_samples.is_count() ? 1 : 2));
    CHECK(stored.max_samples == options.max_samples.value());
    CHECK(stored.max_features_kind == (options.max_features.is_count() ? 1 : 2));
    CHECK(stored.max_features == options.max_features.value());
    CHECK(stored.max_depth == options.max_depth);
    CHECK(stored.bootstrap == (options.bootstrap ? 1 : 0));
    CHECK(stored.contamination == options.contamination);
    CHECK(stored.random_state == options.random_state);
    CHECK(stored.warm_start == 0);
    CHECK(stored.ndim == options.ndim);
    CHECK(stored.split == static_cast<std::uint64_t>(options.split));
    CHECK(stored.ntry == options.ntry);
    CHECK(stored.unique_rows == static_cast<std::uint64_t>(options.unique_rows));
    CHECK(stored.missing == static_cast<std::uint64_t>(options.missing));
    CHECK(stored.n_features == 3);
    CHECK(stored.samples_per_tree == forest.samples_per_tree());
    CHECK(stored.threshold == std::bit_cast<std::uint32_t>(forest.threshold()));
    REQUIRE(stored.arrays.size() == 10);
    CHECK(stored.arrays[0].size() == (options.missing == nad::Missing::impute ? 3 : 0));
    const nad::ForestNodes& nodes = forest.nodes();
    CHECK(stored.arrays[1] == nodes.root);
    CHECK(stored.arrays[2] == bits_of(nodes.feature));
    CHECK(stored.arrays[3] == bits_of(nodes.value));
    CHECK(stored.arrays[4] == nodes.right);
    CHECK(stored.arrays[5] == bits_of(nodes.missing_right));
    CHECK(stored.arrays[6] == nodes.plane_begin);
    CHECK(stored.arrays[7] == nodes.term_feature);
    CHECK(stored.arrays[8] == bits_of(nodes.term_weight));
    CHECK(stored.arrays[9] == bits_of(nodes.term_centre));
  }
}

TEST_CASE("the header tells what is inside") {
  const TemporaryFolder folder;
  nad::IsolationForest forest = model_file::small_forest({.contamination = 0.1});
  const nad::SaveOptions options{.feature_names = {"bytes", "duration", "größe \"x\"\n"}, .note = "trained in May"};
  nad::save(forest, folder / "forest.nad", options);

  const std::string text = nad::read_header(folder / "forest.nad");
  CHECK(nad::read_header_bytes(nad::save_bytes(forest, options)) == text);
  const auto header = nlohmann::json::parse(text);
  CHECK(header["format_version"] == 1);
  CHECK(header["nad_version"] == NAD_VERSION_STRING);
  CHECK(header["kind"] == "isolation_forest");
  CHECK(header["n_features"] == 3);
  CHECK(header["feature_names"] == options.feature_names);
  CHECK(header["threshold"].get<float>() == forest.threshold());
  CHECK(header["note"] == "trained in May");
  CHECK(header["training"]["n_trees"] == 4);
  CHECK(header["training"]["n_nodes"] == forest.nodes().size());
  CHECK(header["training"]["samples_per_tree"] == 6);
  const auto& trained_with = header["training"]["options"];
  CHECK(trained_with.size() == 13);
  CHECK(trained_with["max_samples"] == 6);
  CHECK(trained_with["max_features"] == 1.0);
  CHECK(trained_with["max_depth"].is_null());
  CHECK(trained_with["bootstrap"] == false);
  CHECK(trained_with["contamination"] == 0.1);
  CHECK(trained_with["split"] == "random");
  CHECK(trained_with["unique_rows"] == "off");
  CHECK(trained_with["missing"] == "reject");

  const auto plain = nlohmann::json::parse(nad::read_header_bytes(nad::save_bytes(forest)));
  CHECK(!plain.contains("feature_names"));
  CHECK(!plain.contains("note"));
}

TEST_CASE("the header is read without the payload") {
  const TemporaryFolder folder;
  const Bytes file = nad::save_bytes(model_file::small_forest());
  const std::size_t head = model_file::header_at + model_file::get(file, model_file::header_length_at) + 8;
  const std::string header = nad::read_header_bytes(file);
  CHECK(nad::read_header_bytes(std::span(file).first(head)) == header);

  Bytes damaged = file;
  damaged[head + 3] ^= std::byte{1};
  write_file(folder / "damaged.nad", damaged);
  CHECK(nad::read_header(folder / "damaged.nad") == header);
  CHECK(error_of([&] { nad::load_detector(folder / "damaged.nad"); })->code() == nad::ErrorCode::bad_file);

  write_file(folder / "short.nad", std::span(file).first(file.size() - 1));
  CHECK(error_of([&] { nad::read_header(folder / "short.nad"); })->code() == nad::ErrorCode::bad_file);
}

TEST_CASE("an infinite threshold survives, and the header stays JSON") {
  nad::IsolationForest forest = model_file::small_forest();
  forest.set_threshold(std::numeric_limits<float>::infinity());
  const Bytes bytes = nad::save_bytes(forest);
  CHECK(nad::load_detector_bytes(bytes)->threshold() == std::numeric_limits<float>::infinity());
  CHECK(nlohmann::json::parse(nad::read_header_bytes(bytes))["threshold"] == "inf");
}

TEST_CASE("what cannot be saved says why [long]") {
  const TemporaryFolder folder;
  const nad::IsolationForest empty;
  CHECK(error_of([&] { nad::save(empty, folder / "x.nad"); })->code() == nad::ErrorCode::not_fitted);
  CHECK_THROWS_WITH_AS(nad::save_bytes(empty), doctest::Contains("call fit() before saving"), nad::Error);

  CHECK_THROWS_WITH_AS(nad::save_bytes(Stranger()),
                       doctest::Contains("kind 'stranger' cannot be saved into a model file; nad " NAD_VERSION_STRING
                                         " saves isolation_forest"),
                       nad::Error);
  CHECK_THROWS_WITH_AS(nad::save_bytes(Stranger("isolation_forest")), doctest::Contains("cannot be saved"), nad::Error);

  const nad::IsolationForest forest = model_file::small_forest();
  CHECK_THROWS_WITH_AS(nad::save_bytes(forest, {.feature_names = {"a", "b"}}),
                       "2 feature names were given for a detector of 3 columns; give one for each column, or none",
                       nad::Error);
  CHECK_THROWS_WITH_AS(nad::save_bytes(forest, {.feature_names = {"a", "b", "\xff"}}), doctest::Contains("not UTF-8"),
                       nad::Error);
  CHECK_THROWS_WITH_AS(nad::save_bytes(forest, {.note = std::string(std::size_t{1} << 26U, 'x')}),
                       doctest::Contains("feature names and note make a header of 67109"), nad::Error);
  CHECK(folder.is_empty());
}

TEST_CASE("a file of another kind names both kinds") {
  const Bytes file = nad::save_bytes(model_file::small_forest());
  CHECK_THROWS_WITH_AS(nad::load_bytes<Stranger>(file),
                       "the model file holds a detector of kind 'isolation_forest', but 'stranger' was "
                       "asked for; load it as that kind, or with load_detector()",
                       nad::Error);

  model_file::Parts parts = model_file::split(file);
  parts.header.replace(parts.header.find("isolation_forest"), 16, "not_yet");
  const Bytes future = model_file::join(parts);
  CHECK_THROWS_WITH_AS(nad::load_detector_bytes(future),
                       "the model file holds a detector of kind 'not_yet', but nad " NAD_VERSION_STRING
                       " knows only isolation_forest, kmeans, local_gaussian, mahalanobis; a newer nad may know it",
                       nad::Error);
  CHECK_THROWS_WITH_AS(nad::load_bytes<nad::IsolationForest>(future),
                       doctest::Contains("kind 'not_yet', but 'isolation_forest' was asked for"), nad::Error);
}

}  // namespace
