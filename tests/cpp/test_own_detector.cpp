// Detectors that nad does not have: in files, alone, in ensembles and in models.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "detector_contract.hpp"
#include "messages.hpp"
#include "model_file_tools.hpp"
#include "own_samples.hpp"
#include "pipeline_samples.hpp"
#include "temporary_folder.hpp"

namespace {

using model_file::error_of;
using own_samples::MeanDistance;
using tests::contains;
using tests::message_of;

nad::Matrix rows_of(std::size_t count, std::uint64_t seed) {
  nad::Random random(seed);
  nad::Matrix x(count, 4);
  for (std::size_t i = 0; i < count * 4; ++i) {
    x.data()[i] = static_cast<float>(random.normal());
  }
  return x;
}

MeanDistance fitted() {
  MeanDistance detector(2.5);
  detector.fit(rows_of(60, 1));
  detector.set_threshold(7.5F);
  return detector;
}

TEST_CASE("own detector: saved and loaded it scores the same, and is of its own type") {
  own_samples::register_all();
  const TemporaryFolder folder;
  const MeanDistance detector = fitted();
  nad::save(detector, folder.path() / "own.nad", {.note = "of a test"});
  const auto any = nad::load_detector(folder.path() / "own.nad");
  const auto typed = nad::load<MeanDistance>(folder.path() / "own.nad");
  CHECK(any->kind() == "test.mean_distance");
  CHECK(typed.weight() == 2.5);
  const nad::Matrix rows = rows_of(5000, 2);
  for (const nad::Detector* loaded :
       {static_cast<const nad::Detector*>(any.get()), static_cast<const nad::Detector*>(&typed)}) {
    CHECK(loaded->threshold() == 7.5F);
    CHECK(model_file::bits(loaded->anomaly_score(rows)) == model_file::bits(detector.anomaly_score(rows)));
    CHECK(nad::save_bytes(*loaded) == nad::save_bytes(detector));
  }
  const auto header = nlohmann::json::parse(nad::read_header(folder.path() / "own.nad"));
  CHECK(header["kind"] == "test.mean_distance");
  CHECK(header["training"]["options"] == nlohmann::json{{"weight", 2.5}});
  const auto shown = nlohmann::json::parse(nad::to_json(detector));
  CHECK(shown["learnt"]["mean"].size() == 4);
  CHECK_THROWS_WITH_AS(nad::load_bytes<nad::LODA>(nad::save_bytes(detector)),
                       doctest::Contains("kind 'test.mean_distance', but 'loda' was asked for"), nad::Error);
}

TEST_CASE("own detector: it keeps what every detector promises") {
  own_samples::register_all();
  tests::check_detector_contract(MeanDistance(0.5));
}

TEST_CASE("own detector: as a member of an ensemble, and in a model with a pipeline") {
  own_samples::register_all();
  nad::Ensemble ensemble;
  ensemble.add(MeanDistance(), {.weight = 2.0}).add(nad::LODA({.n_projections = 5}));
  ensemble.fit(rows_of(400, 1));
  const nad::Matrix rows = rows_of(100, 2);
  const auto loaded = nad::load_bytes<nad::Ensemble>(nad::save_bytes(ensemble));
  CHECK(loaded.member_name(0) == "test.mean_distance");
  CHECK(model_file::bits(loaded.anomaly_score(rows)) == model_file::bits(ensemble.anomaly_score(rows)));

  nad::Model model(MeanDistance(3.0), {.threshold = nad::ThresholdRule::quantile(0.9)});
  model.set_pipeline(nad::FeaturePipeline(
      {nad::LeaveOut{.columns = nad::ColumnChoice::all_but({"bytes_sent", "bytes_received", "upload_ratio"})},
       own_samples::UploadRatio{}, nad::Impute{}, nad::Standardise{}}));
  model.fit(pipeline_samples::flows(200));
  const nad::Model same = nad::Model::load_bytes(model.save_bytes());
  const nad::Table today = pipeline_samples::flows(60, 6);
  const nad::Findings findings = model.detect(today);
  REQUIRE(!findings.reported.empty());
  CHECK(same.detect(today).reported == findings.reported);
  CHECK(same.save_bytes() == model.save_bytes());
  const auto header = nlohmann::json::parse(nad::read_header_bytes(model.save_bytes()));
  CHECK(header["detector"]["kind"] == "test.mean_distance");
  CHECK(header["detector"]["training"]["options"]["weight"] == 3.0);
}

/// As the other, under a name that nobody registers.
class Stranger final : public nad::Detector {
 public:
  explicit Stranger(const MeanDistance& of) : of_(of.clone()) {}
  Stranger(const Stranger& other) : Detector(other), of_(other.of_->clone()) {}
  Stranger& operator=(const Stranger&) = delete;
  ~Stranger() override = default;
  std::unique_ptr<Detector> clone() const override { return std::make_unique<Stranger>(*this); }
  std::string_view kind() const noexcept override { return name; }
  bool is_fitted() const noexcept override { return of_->is_fitted(); }
  std::size_t n_features() const noexcept override { return of_->n_features(); }

  std::string_view name = "test.stranger";

 private:
  void do_fit(nad::MatrixView x, std::span<const float>, const nad::FitControl&) override { of_->fit(x); }
  void take(Detector&& learner) override { of_ = static_cast<Stranger&&>(learner).of_->clone(); }
  void do_raw_score(nad::MatrixView rows, std::size_t first, std::span<float> out) const override {
    raw_score_into(*of_, rows, first, out);
  }
  float do_raw_score_row(const float* row, std::size_t index) const override { return raw_score_row(*of_, row, index); }
  void do_explain(nad::MatrixView rows, std::size_t, nad::Matrix& out) const override { explain_into(*of_, rows, out); }
  double do_baseline() const override { return 0.0; }
  void bend(std::span<float>) const override {}
  float default_threshold() const noexcept override { return 0.0F; }

  std::unique_ptr<Detector> of_;
};

TEST_CASE("own detector: what was not registered is neither saved nor loaded, and the error says what to do") {
  own_samples::register_all();
  Stranger stranger(fitted());
  CHECK(contains(message_of([&] { nad::save_bytes(stranger); }), "kind 'test.stranger' cannot be saved"));
  CHECK(contains(message_of([&] { nad::save_bytes(stranger); }), "registered first, with nad::register_detector"));
  CHECK(contains(message_of([&] { nad::to_json(stranger); }), "registered first, with nad::register_detector"));
  stranger.name = MeanDistance::kind_name;  // it says that it is another
  CHECK(contains(message_of([&] { nad::save_bytes(stranger); }), "cannot be saved"));

  model_file::Parts parts = model_file::split(nad::save_bytes(fitted()));
  parts.header = R"({"kind": "test.unheard_of", "n_features": 4})";
  const auto error = error_of([&] { nad::load_detector_bytes(model_file::join(parts)); });
  REQUIRE(error.has_value());
  CHECK(error->code() == nad::ErrorCode::bad_file);
  CHECK(contains(error->what(), "'test.unheard_of', which is none of nad's but one of the program that saved it"));
  CHECK(contains(message_of([] { nad::register_detector<MeanDistance>(); }),
                 "a detector of kind 'test.mean_distance' is registered already"));
  CHECK(nad::registered_detectors() == std::vector<std::string>{"test.mean_distance"});
}

TEST_CASE("own detector: a signed file with a byte changed or cut off is refused or can be used") {
  own_samples::register_all();
  model_file::Parts sound = model_file::split(nad::save_bytes(fitted()));
  sound.header = R"({"kind": "test.mean_distance", "n_features": 4})";
  const nad::Matrix rows = rows_of(3, 2);
  std::size_t refused = 0;
  std::size_t used = 0;
  for (std::size_t at = 0; at < sound.payload.size(); ++at) {
    for (const unsigned change : {1U << (at % 8), 0xffU}) {
      model_file::Parts parts = sound;
      parts.payload[at] ^= static_cast<std::byte>(change);
      std::unique_ptr<nad::Detector> loaded;
      const auto error = error_of([&] { loaded = nad::load_detector_bytes(model_file::join(parts)); });
      if (error) {
        ++refused;
        REQUIRE_MESSAGE(error->code() == nad::ErrorCode::bad_file, error->what());
      } else {
        ++used;
        static_cast<void>(loaded->anomaly_score(rows));
      }
    }
    model_file::Parts parts = sound;
    parts.payload.resize(at);
    REQUIRE(error_of([&] { nad::load_detector_bytes(model_file::join(parts)); }).has_value());
  }
  CHECK(refused > 50);
  CHECK(used > 20);

  model_file::Parts parts = sound;  // nothing learnt
  parts.payload.resize(parts.payload.size() - 16);
  model_file::put(parts.payload, parts.payload.size() - 8, 0);
  CHECK(
      contains(message_of([&] { nad::load_detector_bytes(model_file::join(parts)); }), "has not learnt anything yet"));
  parts = sound;
  parts.header = R"({"kind": "test.mean_distance", "n_features": 5})";
  CHECK(contains(message_of([&] { nad::load_detector_bytes(model_file::join(parts)); }), "contradicts itself"));
}

TEST_CASE("kept values: every type comes back, and whole numbers only where they fit") {
  bool yes = true;
  std::int8_t small = -100;
  std::uint64_t large = std::uint64_t{1} << 62U;
  float real = 0.1F;
  std::string text = "gr\xc3\xbc\xc3\x9f";
  std::vector<std::uint8_t> bytes = {0, 255};
  std::vector<double> reals = {0.1, 1e300};
  std::vector<std::string> texts = {"", "a"};
  const auto keep = [&](nad::KeptValues& kept) {
    kept("yes", yes);
    kept("small", small);
    kept("large", large);
    kept("real", real);
    kept("text", text);
    kept("bytes", bytes);
    kept("reals", reals);
    kept("texts", texts);
  };
  nad::KeptValues taken;
  keep(taken);
  yes = false;
  small = 0;
  large = 0;
  real = 0.0F;
  text.clear();
  bytes.clear();
  reals.clear();
  texts.clear();
  nad::KeptValues giving(taken.values());
  keep(giving);
  CHECK_NOTHROW(giving.require_all_given());
  CHECK(yes);
  CHECK(small == -100);
  CHECK(large == std::uint64_t{1} << 62U);
  CHECK(real == 0.1F);
  CHECK(text == "gr\xc3\xbc\xc3\x9f");
  CHECK(bytes == std::vector<std::uint8_t>{0, 255});
  CHECK(reals == std::vector<double>{0.1, 1e300});
  CHECK(texts == std::vector<std::string>{"", "a"});

  nad::KeptValues one({{"small", std::int64_t{200}}});
  CHECK(contains(message_of([&] { one("small", small); }), "'small' is a number that its type does not hold"));
  CHECK(contains(message_of([&] { taken("yes", yes); }), "'yes' is kept twice"));
  CHECK(contains(message_of([&] { taken("kind", yes); }), "'kind' needs another name"));
  large = ~std::uint64_t{0};
  CHECK(contains(message_of([&] { taken("larger", large); }), "'larger' is too large"));
}

}  // namespace
