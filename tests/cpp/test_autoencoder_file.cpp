#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <cmath>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "model_file_tools.hpp"
#include "watched.hpp"

// Autoencoders in files, also in files that somebody made up and signed.

namespace {

using nad::Autoencoder;
using nad::AutoencoderOptions;

std::vector<Autoencoder> small_autoencoders() {
  const nad::Matrix rows = model_file::training_rows();
  std::vector<Autoencoder> models;
  for (const AutoencoderOptions& options :
       {AutoencoderOptions{.hidden = {2}, .epochs = 3, .validation_fraction = 0.2, .patience = 2},
        AutoencoderOptions{.hidden = {2},
        .symmetric = true,
        .solver = nad::Solver::sgd,
        .epochs = 1,
        .residual = nad::ResidualScore::variance_weighted},
        AutoencoderOptions{.hidden = {1}, .epochs = 1, .residual = nad::ResidualScore::mean}}) {
    models.emplace_back(options).fit(rows);
  }
  return models;
}

void use_all(const Autoencoder& model) {
  const nad::Matrix rows = model_file::training_rows(model.n_features());
  for (const float score : model.anomaly_score(rows)) {
    REQUIRE((score >= 0.0F && !std::isinf(score)));
  }
  static_cast<void>(model.explain(rows));
  Autoencoder more = model;
  try {
    more.partial_fit(rows);
  } catch (const nad::Error&) {  // weights may be such that no training can go on
    return;
  }
  static_cast<void>(nad::save_bytes(more));
}

}  // namespace

TEST_CASE("an autoencoder comes back from its file with its history, and goes on as the original") {
  for (Autoencoder& model : small_autoencoders()) {
    auto loaded = nad::load_bytes<Autoencoder>(nad::save_bytes(model));
    REQUIRE(loaded.history().size() == model.history().size());
    for (std::size_t epoch = 0; epoch < model.history().size(); ++epoch) {
      CHECK(loaded.history()[epoch].loss == model.history()[epoch].loss);
      CHECK(loaded.history()[epoch].validation_loss == model.history()[epoch].validation_loss);
      CHECK(loaded.history()[epoch].learning_rate == model.history()[epoch].learning_rate);
    }
    CHECK(loaded.best_epoch() == model.best_epoch());
    const nad::Matrix rows = model_file::training_rows();
    loaded.partial_fit(rows);
    model.partial_fit(rows);
    CHECK(nad::save_bytes(loaded) == nad::save_bytes(model));
  }
}

TEST_CASE("a signed file of an autoencoder with any byte changed, cut or grown is refused or can be used") {
  for (const Autoencoder& model : small_autoencoders()) {
    const model_file::Parts sound = model_file::split(nad::save_bytes(model));
    model_file::Parts parts = sound;
    std::size_t used = 0;
    std::size_t refused = 0;
    for (std::size_t at = 0; at < parts.payload.size(); at += tests::byte_step) {
      const auto original = static_cast<unsigned>(sound.payload[at]);
      for (const unsigned value : std::set<unsigned>{0, 0x7f, 0xff, original ^ 1U, original ^ 0x40U}) {
        parts.payload[at] = static_cast<std::byte>(value);
        Autoencoder loaded;
        const auto error =
            model_file::error_of([&] { loaded = nad::load_bytes<Autoencoder>(model_file::join(parts)); });
        if (error) {
          ++refused;
          REQUIRE(error->code() == nad::ErrorCode::bad_file);
        } else {
          ++used;
          use_all(loaded);
        }
      }
      parts.payload[at] = sound.payload[at];
    }
    CHECK(used > 0);
    CHECK(refused > used / 4);  // weights may change; sizes and options hardly
    for (std::size_t length = 0; length <= sound.payload.size() + 1; length += tests::byte_step) {
      parts.payload = sound.payload;
      parts.payload.resize(length);
      if (length != sound.payload.size()) {
        const auto error = model_file::error_of([&] { nad::load_bytes<Autoencoder>(model_file::join(parts)); });
        REQUIRE((error && error->code() == nad::ErrorCode::bad_file));
      }
    }
  }
}
