// What nad::BoostedTrees does for its users; tests/cpp/test_boosted_training.cpp compares how it learns with
// computations of its own.

#include <doctest/doctest.h>
#include <nad/nad.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "detector_contract.hpp"
#include "model_file_tools.hpp"
#include "samples.hpp"

namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();

using Labels = std::vector<std::int32_t>;

/// Of traffic rows: 1 where the third column is in its tail, 2 where the first and the fourth agree.
Labels labels_of(nad::MatrixView x, int classes) {
  Labels labels(x.rows());
  for (std::size_t row = 0; row < x.rows(); ++row) {
    const bool second = classes > 2 && x(row, 0) >= 2.0F && x(row, 3) > 0.5F;
    labels[row] = x(row, 2) > 10.0F ? 1 : second ? 2 : 0;
  }
  return labels;
}

template <int classes>
void with_labels(nad::Detector& detector, nad::MatrixView x, std::span<const float> weights,
                 const nad::FitControl& control) {
  dynamic_cast<nad::BoostedTrees&>(detector).fit(x, labels_of(x, classes), weights, control);
}

TEST_CASE("boosted trees: what every detector promises [threads]") {
  tests::check_detector_contract(nad::BoostedTrees({.max_iter = 12, .max_leaf_nodes = 8, .min_samples_leaf = 5}),
                                 {.accepts_missing = true, .fit = with_labels<2>});
}

TEST_CASE("boosted trees: what every detector promises, of three classes with categories [threads]") {
  tests::check_detector_contract(nad::BoostedTrees({.max_iter = 8,
                                                    .max_leaf_nodes = {},
                                                    .max_depth = 3,
                                                    .min_samples_leaf = 3,
                                                    .growth = nad::Growth::depth_wise,
                                                    .categorical_features = {0, 4},
                                                    .class_weight = nad::ClassWeight::balanced,
                                                    .contamination = 0.05}),
                                 {.strange_stands_out = false, .accepts_missing = true, .fit = with_labels<3>});
}

TEST_CASE("boosted trees: one round by hand") {
  nad::Matrix x(4, 2);
  for (std::size_t row = 0; row < 4; ++row) {
    x(row, 0) = static_cast<float>(row + 1);
    x(row, 1) = 7.0F;
  }
  nad::BoostedTrees trees({.max_iter = 1, .min_samples_leaf = 1});
  trees.fit(x, Labels{0, 0, 1, 1});
  // log-odds 0, gradients +-1/2, hessians 1/4: leaves of -+1 / (1/2), of which the learning rate takes a tenth
  CHECK(trees.nodes().feature == std::vector<std::int32_t>{0, -1, -1});
  CHECK(trees.nodes().value[0] == 2.5F);
  CHECK(trees.raw_score(x) == std::vector<float>{-0.2F, -0.2F, 0.2F, 0.2F});
  CHECK(trees.anomaly_score(x)[3] == doctest::Approx(1.0 / (1.0 + std::exp(-0.2))).epsilon(1e-7));
  CHECK(trees.training_loss() == doctest::Approx(std::log(1.0 + std::exp(-0.2))).epsilon(1e-7));
  CHECK(trees.baseline() == 0.0);
  const nad::Matrix reasons = trees.explain(x);
  CHECK(reasons(0, 0) == -0.2F);
  CHECK(reasons(3, 1) == 0.0F);
  CHECK(trees.feature_importance() == std::vector<double>{1.0, 0.0});
  CHECK(trees.predict_class(x) == Labels{0, 0, 1, 1});
  CHECK(trees.predict_class(std::as_const(x).row(3)) == 1);
  const nad::Matrix probability = trees.predict_proba(x);
  CHECK(probability(3, 1) == trees.anomaly_score(x)[3]);
  CHECK(probability(3, 0) + probability(3, 1) == doctest::Approx(1.0));

  nad::BoostedTrees held({.max_iter = 1, .learning_rate = 0.5, .min_samples_leaf = 1, .l2_regularization = 1.5});
  held.fit(x, Labels{0, 0, 1, 1});
  CHECK(held.raw_score(x)[0] == -0.25F);  // 1 / (1/2 + 3/2), of which a half
}

TEST_CASE("boosted trees: labels are any whole numbers, and one of them is normal") {
  const nad::Matrix x = tests::traffic_rows(300, 4, 1);
  Labels labels = labels_of(x, 3);
  for (std::int32_t& label : labels) {
    label = label == 0 ? 7 : label == 1 ? -3 : 0;
  }
  nad::BoostedTrees trees({.max_iter = 10, .min_samples_leaf = 5});
  trees.fit(x, labels);
  CHECK(std::vector<std::int32_t>(trees.classes().begin(), trees.classes().end()) == Labels{-3, 0, 7});
  CHECK(trees.normal_class() == 0);
  nad::BoostedTrees seven({.max_iter = 10, .min_samples_leaf = 5, .normal_class = 7});
  seven.fit(x, labels);
  CHECK(seven.normal_class() == 7);
  const nad::Matrix probability = seven.predict_proba(x);
  const std::vector<float> scores = seven.anomaly_score(x);
  const Labels found = seven.predict_class(x);
  for (std::size_t row = 0; row < x.rows(); ++row) {
    CHECK(probability(row, 0) + probability(row, 1) + probability(row, 2) == doctest::Approx(1.0));
    CHECK(scores[row] == doctest::Approx(1.0F - probability(row, 2)).epsilon(1e-5));
    CHECK(found[row] == labels[row]);
  }
  CHECK(trees.predict_class(x) == found);  // which class is normal changes nothing else

  for (std::int32_t& label : labels) {
    label = label == 7 ? 2 : label == -3 ? 0 : 1;
  }
  nad::BoostedTrees named({.max_iter = 2, .class_names = {"dos", "scan", "Normal."}});
  named.fit(x, labels);
  CHECK(named.normal_class() == 2);
  CHECK(nad::read_header_bytes(nad::save_bytes(named)).find("\"scan\"") != std::string::npos);
}

TEST_CASE("boosted trees: missing values go where training says, or with the larger part") {
  nad::Matrix x(60, 1);
  Labels labels(60);
  for (std::size_t row = 0; row < 60; ++row) {
    x(row, 0) = row < 20 ? missing : static_cast<float>(row);
    labels[row] = row < 20 || row >= 50 ? 1 : 0;
  }
  nad::BoostedTrees trees({.max_iter = 40, .min_samples_leaf = 1});
  trees.fit(x, labels);
  CHECK(trees.predict_class(x) == labels);  // together with the high values, and apart from the low ones
  nad::Matrix only_gaps = x;
  for (std::size_t row = 20; row < 60; ++row) {
    only_gaps(row, 0) = 3.0F;
    labels[row] = 0;
  }
  nad::BoostedTrees apart({.max_iter = 1, .min_samples_leaf = 1});
  apart.fit(only_gaps, labels);
  CHECK(apart.nodes().feature.size() == 3);  // all values left, missing ones right
  CHECK(apart.anomaly_score(only_gaps)[0] > apart.anomaly_score(only_gaps)[30]);

  for (const bool high_is_larger : {false, true}) {
    nad::Matrix whole(60, 1);
    for (std::size_t row = 0; row < 60; ++row) {
      whole(row, 0) = static_cast<float>(row);
      labels[row] = row >= (high_is_larger ? 20U : 40U) ? 1 : 0;
    }
    nad::BoostedTrees learnt({.max_iter = 1, .max_leaf_nodes = 2, .min_samples_leaf = 1});
    learnt.fit(whole, labels);
    nad::Matrix gap(1, 1);
    gap(0, 0) = missing;
    CHECK(learnt.raw_score(gap)[0] == learnt.raw_score(whole)[high_is_larger ? 59 : 0]);
  }
}

TEST_CASE("boosted trees: categories that were not seen count as missing, rare ones too") {
  nad::Matrix x(90, 1);
  Labels labels(90);
  for (std::size_t row = 0; row < 90; ++row) {
    x(row, 0) = static_cast<float>(row % 3 * 1000);  // codes 0, 1000, 2000
    labels[row] = row % 3 == 1 ? 1 : 0;
  }
  nad::BoostedTrees trees({.max_iter = 5, .categorical_features = {0}});
  trees.fit(x, labels);
  CHECK(trees.predict_class(x) == labels);
  nad::Matrix others(6, 1);
  const float values[] = {missing, 1.0F, 70000.0F, 3e9F, 999.0F, 2000.0F};
  for (std::size_t row = 0; row < 6; ++row) {
    others(row, 0) = values[row];
  }
  for (const float score : trees.raw_score(others)) {
    CHECK(score == trees.raw_score(x)[0]);  // with the larger part
  }
  for (const float value : {-1.0F, 1000.5F, -0.25F, 70000.5F}) {
    others(4, 0) = value;
    const std::string says = "row 4, column 0 holds " + std::to_string(value) + ", but is one of categorical_features";
    const auto refused = [&](auto&& ask) {
      const auto error = model_file::error_of(ask);
      CHECK((error && error->code() == nad::ErrorCode::invalid_data &&
             std::string(error->what()).find(says) != std::string::npos));
    };
    refused([&] { static_cast<void>(trees.raw_score(others)); });
    refused([&] { static_cast<void>(trees.predict_proba(others)); });
    refused([&] { static_cast<void>(trees.explain(others)); });
    CHECK(model_file::error_of([&] { static_cast<void>(trees.anomaly_score(std::span<const float>(&value, 1))); }));
  }
  others(4, 0) = 2000.0F;
  nad::BoostedTrees few({.max_iter = 5, .max_bins = 2, .categorical_features = {0}});
  for (std::size_t row = 0; row < 9; ++row) {
    x(row, 0) = 5.0F;
    labels[row] = 1;
  }
  few.fit(x, labels);
  CHECK(few.raw_score(x)[0] == few.raw_score(others)[0]);  // 5 is the rarest: a missing value, as which it was learnt
}

TEST_CASE("boosted trees: a batch with gaps and categories scores as rows alone, with every kernel") {
  const std::size_t n = 700;
  nad::Matrix x = tests::traffic_rows(n, 6, 4);
  nad::Random random(9);
  Labels labels = labels_of(x, 3);
  for (std::size_t row = 0; row < n; ++row) {
    x(row, 4) = static_cast<float>(random.below(20));
    labels[row] = random.below(10) == 0 ? 1 : x(row, 4) < 3.0F ? 2 : labels[row];
    for (std::size_t column = 0; column < 6; ++column) {
      x(row, column) = random.below(9) == 0 ? missing : x(row, column);
    }
  }
  nad::BoostedTrees trees({.max_iter = 15, .min_samples_leaf = 3, .categorical_features = {4}});
  trees.fit(x, labels);
  CHECK(trees.nodes().set_feature.size() > 3);
  CHECK(*std::max_element(trees.nodes().missing_right.begin(), trees.nodes().missing_right.end()) == 1);
  for (const std::string_view kernel : nad::simd::supported()) {
    nad::simd::force(kernel);
    const std::vector<float> scores = trees.raw_score(x);
    bool same = true;
    for (std::size_t row = 0; row < n; ++row) {
      same = same && trees.raw_score(x.view().slice(row, 1))[0] == scores[row];
    }
    CHECK(same);
    nad::BoostedTrees again({.max_iter = 15, .min_samples_leaf = 3, .categorical_features = {4}});
    again.fit(x, labels);
    CHECK(nad::save_bytes(again) == nad::save_bytes(trees));
  }
  nad::simd::force("auto");
}

TEST_CASE("boosted trees: weights of classes are copies of rows") {
  const nad::Matrix x = tests::traffic_rows(200, 4, 6);
  Labels labels = labels_of(x, 2);
  for (std::size_t row = 0; row < 200; row += 9) {
    labels[row] = 1 - labels[row];
  }
  std::vector<float> copied;
  Labels copied_labels;
  for (std::size_t row = 0; row < 200; ++row) {
    for (int copy = 0; copy < (labels[row] == 1 ? 3 : 1); ++copy) {
      copied.insert(copied.end(), x.view().row(row), x.view().row(row) + 4);
      copied_labels.push_back(labels[row]);
    }
  }
  const nad::BoostedTreesOptions options{.max_iter = 10, .max_leaf_nodes = 6, .min_samples_leaf = 1};
  nad::BoostedTrees repeated(options);
  repeated.fit(nad::MatrixView(copied.data(), copied_labels.size(), 4), copied_labels);
  nad::BoostedTreesOptions weighted_options = options;
  weighted_options.class_weights = {1.0, 3.0};
  nad::BoostedTrees weighted(weighted_options);
  weighted.fit(x, labels);
  const std::vector<float> a = repeated.raw_score(x);
  const std::vector<float> b = weighted.raw_score(x);
  for (std::size_t row = 0; row < 200; ++row) {
    CHECK(a[row] == doctest::Approx(b[row]).epsilon(1e-5));
  }
  CHECK(repeated.training_loss() == doctest::Approx(weighted.training_loss()).epsilon(1e-6));

  const auto attacks = static_cast<double>(std::count(labels.begin(), labels.end(), 1));
  nad::BoostedTreesOptions given = options;
  given.class_weights = {100.0 / (200.0 - attacks), 100.0 / attacks};
  nad::BoostedTreesOptions balanced = options;
  balanced.class_weight = nad::ClassWeight::balanced;
  nad::BoostedTrees by_hand(given);
  by_hand.fit(x, labels);
  nad::BoostedTrees by_name(balanced);
  by_name.fit(x, labels);
  CHECK(by_hand.raw_score(x) == by_name.raw_score(x));
  CHECK(by_name.raw_score(x) != b);
}

TEST_CASE("boosted trees: names of a table become places and numbers, each time anew") {
  const nad::Matrix x = tests::traffic_rows(400, 5, 1);
  const Labels labels = labels_of(x, 3);
  const nad::BoostedTreesOptions few{.max_iter = 5, .min_samples_leaf = 5};
  const auto same = [&](nad::BoostedTrees named, nad::BoostedTreesOptions options, const nad::LessonNames& names) {
    named.name_lesson(names);
    named.fit(x, labels);
    nad::BoostedTrees expected(std::move(options));
    expected.fit(x, labels);
    return nad::save_bytes(named) == nad::save_bytes(expected);
  };
  const nad::LessonNames names{
      .columns = {"a", "b", "c", "d", "e"}, .categorical = {0}, .classes = {"normal", "scan", "dos"}};
  nad::BoostedTreesOptions with_first = few;
  with_first.categorical_features = {0};
  nad::BoostedTreesOptions with_last = few;
  with_last.categorical_features = {4};
  CHECK(same(nad::BoostedTrees(few), with_first, names));
  CHECK(same(nad::BoostedTrees(with_last), with_last, names));

  nad::BoostedTrees none(few);
  none.set_names({.categorical_features = std::vector<std::string>()});
  CHECK(same(none, few, names));
  nad::BoostedTrees named(few);
  named.set_names({.categorical_features = std::vector<std::string>{"e"},
                   .class_weight = {{"dos", 3.0}},
                   .normal_class = "normal"});
  CHECK(tests::code_of([&] { named.fit(x, labels); }) == nad::ErrorCode::invalid_argument);  // a matrix has no names
  with_last.class_weights = {1.0, 1.0, 3.0};
  CHECK(same(named, with_last, names));
  named.name_lesson(names);
  named.fit(x, labels);
  with_first.class_weights = {1.0, 3.0, 1.0};
  CHECK(same(named, with_first, {.columns = {"e", "b"}, .classes = {"normal", "dos", "scan"}}));

  for (const auto& [wrong, column] : std::vector<std::pair<std::string, std::string>>{{"normal", "x"}, {"scan", "a"}}) {
    nad::BoostedTrees refused(few);
    refused.set_names({.categorical_features = std::vector<std::string>{column}, .normal_class = wrong});
    CHECK(tests::code_of([&] { refused.name_lesson(names); }) == nad::ErrorCode::invalid_argument);
  }
}

TEST_CASE("boosted trees: early stopping keeps the best round") {
  const nad::Matrix x = tests::normal_rows(400, 3, 2);
  nad::Random random(3);
  Labels labels(400);
  for (std::size_t row = 0; row < 400; ++row) {
    labels[row] = random.below(4) == 0 ? static_cast<std::int32_t>(random.below(2)) : x(row, 0) > 0.3F ? 1 : 0;
  }
  nad::BoostedTrees trees(
      {.max_iter = 200, .early_stopping = true, .n_iter_no_change = 5, .validation_fraction = 0.25});
  trees.fit(x, labels);
  const std::span<const double> loss = trees.validation_loss();
  const auto best = static_cast<std::size_t>(std::min_element(loss.begin(), loss.end()) - loss.begin());
  CHECK(best > 3);
  CHECK(best < 150);
  CHECK(trees.n_iter() == best);
  CHECK(loss.size() == best + 6);
  nad::BoostedTrees other(
      {.max_iter = 200, .early_stopping = true, .n_iter_no_change = 5, .validation_fraction = 0.25, .random_state = 1});
  other.fit(x, labels);
  CHECK(other.raw_score(x) != trees.raw_score(x));  // it watched other rows
}

TEST_CASE("boosted trees: growth is bounded as the options say") {
  const nad::Matrix x = tests::normal_rows(300, 3, 5);
  Labels labels(300);
  for (std::size_t row = 0; row < 300; ++row) {
    labels[row] = x(row, 0) * x(row, 1) > 0.0F ? 1 : 0;
  }
  const auto leaves_of = [&](const nad::BoostedTreesOptions& options) {
    nad::BoostedTrees trees(options);
    trees.fit(x, labels);
    std::vector<std::uint32_t> rows;
    for (std::size_t node = 0; node < trees.nodes().size(); ++node) {
      if (trees.nodes().is_leaf(node)) {
        rows.push_back(trees.nodes().right[node]);
      }
    }
    return rows;
  };
  CHECK(leaves_of({.max_iter = 1, .max_leaf_nodes = 5}).size() == 5);
  const std::size_t shallow = leaves_of({.max_iter = 1, .max_leaf_nodes = {}, .max_depth = 2}).size();
  CHECK(shallow > 2);
  CHECK(shallow <= 4);
  const std::vector<std::uint32_t> rows = leaves_of({.max_iter = 1, .max_leaf_nodes = {}, .min_samples_leaf = 25});
  CHECK(rows.size() > 4);
  CHECK(*std::min_element(rows.begin(), rows.end()) >= 25);
  nad::BoostedTrees coarse({.max_iter = 1, .min_samples_leaf = 1, .max_bins = 2});
  coarse.fit(x, labels);
  for (std::size_t node = 0; node < coarse.nodes().size(); ++node) {
    const std::int32_t column = coarse.nodes().feature[node];
    for (std::size_t other = 0; column >= 0 && other < node; ++other) {  // two bins have one edge
      CHECK((coarse.nodes().feature[other] != column || coarse.nodes().value[other] == coarse.nodes().value[node]));
    }
  }
}

TEST_CASE("boosted trees: what cannot be learnt from is refused, and says so") {
  const nad::Matrix x = tests::traffic_rows(50, 3, 1);
  const Labels labels = labels_of(x, 2);
  const auto refused = [](const nad::BoostedTreesOptions& options) {
    return model_file::error_of([&] { nad::BoostedTrees trees(options); }).has_value();
  };
  CHECK(refused({.max_iter = 0}));
  CHECK(refused({.learning_rate = 0.0}));
  CHECK(refused({.learning_rate = std::nan("")}));
  CHECK(refused({.max_leaf_nodes = 1}));
  CHECK(refused({.max_depth = 0}));
  CHECK(refused({.min_samples_leaf = 0}));
  CHECK(refused({.l2_regularization = -1.0}));
  CHECK(refused({.max_delta_step = 0.0}));
  CHECK(refused({.max_bins = 256}));
  CHECK(refused({.growth = static_cast<nad::Growth>(7)}));
  CHECK(refused({.categorical_features = {2, 2}}));
  CHECK(refused({.categorical_smoothing = -1.0}));
  CHECK(refused({.categorical_penalty = -1.0}));
  CHECK(refused({.class_weight = nad::ClassWeight::balanced, .class_weights = {1.0, 2.0}}));
  CHECK(refused({.class_weights = {1.0, 0.0}}));
  CHECK(refused({.n_iter_no_change = 0}));
  CHECK(refused({.validation_fraction = 1.0}));
  CHECK(refused({.tol = -1.0}));
  CHECK(refused({.contamination = 0.9}));
  CHECK_FALSE(refused({.max_leaf_nodes = {}}));

  const auto message = [&](const nad::BoostedTreesOptions& options, const Labels& given) {
    nad::BoostedTrees trees(options);
    const auto error = model_file::error_of([&] { trees.fit(x, given); });
    CHECK_FALSE(trees.is_fitted());
    return error ? std::string(error->what()) : "none";
  };
  CHECK(message({}, Labels(49)).find("one a row") != std::string::npos);
  CHECK(message({}, Labels(50)).find("of one class, label 0") != std::string::npos);
  CHECK(message({.normal_class = 5}, labels).find("normal_class is 5") != std::string::npos);
  CHECK(message({.class_weights = {1.0}}, labels).find("class_weights has 1") != std::string::npos);
  CHECK(message({.class_names = {"normal"}}, labels).find("class_names") != std::string::npos);
  CHECK(message({.categorical_features = {3}}, labels).find("column 3") != std::string::npos);
  CHECK(message({.categorical_features = {2}}, labels).find("number categories from 0") != std::string::npos);
  nad::BoostedTrees trees;
  nad::Detector& any = trees;
  const auto unlabelled = model_file::error_of([&] { any.fit(x); });
  REQUIRE(unlabelled.has_value());
  CHECK(unlabelled->code() == nad::ErrorCode::invalid_argument);
  CHECK(std::string(unlabelled->what()).find("labelled rows") != std::string::npos);
}

TEST_CASE("boosted trees: a damaged file is an error, or a model that can be used [long]") {
  nad::Matrix x = tests::traffic_rows(120, 3, 7);
  const Labels labels = labels_of(x, 3);
  nad::BoostedTrees trees({.max_iter = 2,
                           .max_leaf_nodes = 4,
                           .min_samples_leaf = 2,
                           .categorical_features = {0},
                           .class_weights = {1, 2, 3}});
  trees.fit(x, labels);
  const model_file::Bytes file = nad::save_bytes(trees);
  const model_file::Parts parts = model_file::split(file);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < parts.payload.size(); ++at) {
    constexpr unsigned changes[] = {0xffU, 0x80U, 0x01U};
    model_file::Parts damaged = parts;
    damaged.payload[at] ^= static_cast<std::byte>(changes[at % 3]);
    refused += model_file::error_of([&] {
                 model_file::use(*nad::load_detector_bytes(model_file::join(damaged)));
               }).has_value();
  }
  CHECK(refused > parts.payload.size() / 4);
}

}  // namespace
