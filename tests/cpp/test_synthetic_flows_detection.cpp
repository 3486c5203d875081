#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "nad/nad.hpp"
#include "watched.hpp"

namespace {

using Scores = std::vector<double>;

struct Separation {
  double auc = 0.5;  ///< area under the ROC curve, of the score or of its opposite
  double f1 = 0.0;   ///< the best of any threshold
};

double best_f1(std::vector<std::pair<double, bool>> scored, double anomalous) {
  std::sort(scored.begin(), scored.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  double found = 0.0;
  double best = 0.0;
  for (std::size_t i = 0; i < scored.size(); ++i) {
    found += scored[i].second ? 1.0 : 0.0;
    if (i + 1 == scored.size() || scored[i + 1].first != scored[i].first) {
      best = std::max(best, 2.0 * found / (static_cast<double>(i + 1) + anomalous));
    }
  }
  return best;
}

Separation separation(const Scores& scores, const std::vector<bool>& anomaly) {
  std::vector<std::pair<double, bool>> scored;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scored.emplace_back(scores[i], anomaly[i]);
  }
  std::sort(scored.begin(), scored.end());
  const auto anomalous = static_cast<double>(std::count(anomaly.begin(), anomaly.end(), true));
  const double normal = static_cast<double>(scored.size()) - anomalous;
  double pairs_won = 0.0;
  double normal_below = 0.0;
  for (std::size_t i = 0; i < scored.size();) {
    double tied_normal = 0.0;
    double tied_anomalous = 0.0;
    std::size_t j = i;
    for (; j < scored.size() && scored[j].first == scored[i].first; ++j) {
      (scored[j].second ? tied_anomalous : tied_normal) += 1.0;
    }
    pairs_won += tied_anomalous * (normal_below + tied_normal / 2.0);
    normal_below += tied_normal;
    i = j;
  }
  const double auc = pairs_won / (normal * anomalous);
  std::vector<std::pair<double, bool>> opposite = scored;
  for (auto& [score, marked] : opposite) {
    score = -score;
  }
  return {std::max(auc, 1.0 - auc), std::max(best_f1(scored, anomalous), best_f1(opposite, anomalous))};
}

std::vector<bool> answers(const nad::Table& flows) {
  const auto marked = flows["is_anomaly"].booleans();
  return {marked.begin(), marked.end()};
}

/// What one column alone can say of a row: its value, how far that is from the middle, how rare it is.
std::map<std::string, Scores> column_scores(const nad::Table& flows) {
  std::map<std::string, Scores> all;
  for (std::size_t place = 0; place < flows.columns(); ++place) {
    const nad::Field& field = flows.schema()[place];
    const nad::Column& column = flows.column(place);
    if (field.role == nad::Role::label) {
      continue;
    }
    std::map<std::string, double> counts;
    for (std::size_t row = 0; row < flows.rows(); ++row) {
      ++counts[column.format(row)];
    }
    Scores& rarity = all[field.name + ", rarity"];
    for (std::size_t row = 0; row < flows.rows(); ++row) {
      rarity.push_back(-counts[column.format(row)]);
    }
    if (!column.is_numeric()) {
      continue;
    }
    Scores values(flows.rows());
    column.copy_numbers(0, values);
    Scores sorted = values;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
    const double median = sorted[sorted.size() / 2];
    Scores& distance = all[field.name + ", distance"];
    Scores& log_distance = all[field.name + ", distance of logarithms"];
    for (const double value : values) {
      distance.push_back(std::abs(value - median));
      log_distance.push_back(std::abs(std::log1p(std::max(0.0, value)) - std::log1p(std::max(0.0, median))));
    }
    if (field.name == "timestamp") {
      Scores& hour = all["hour"];
      for (const double value : values) {
        hour.push_back(std::fmod(value, 86400.0));
      }
    }
    all[field.name] = std::move(values);
  }
  return all;
}

/// Amounts as logarithms, the port and the protocol.
nad::Matrix plain_features(const nad::Table& flows) {
  const std::vector<std::string> amounts = {"packet_size",    "duration",     "bytes_sent",
                                            "bytes_received", "packets_sent", "packets_received"};
  nad::Matrix x(flows.rows(), amounts.size() + 3);
  std::vector<double> values(flows.rows());
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    flows[amounts[i]].copy_numbers(0, values);
    for (std::size_t row = 0; row < flows.rows(); ++row) {
      x(row, i) = static_cast<float>(std::log1p(values[row]));
    }
  }
  for (std::size_t row = 0; row < flows.rows(); ++row) {
    x(row, 6) = static_cast<float>(std::log1p(static_cast<double>(flows["dst_port"].integers()[row])));
    x(row, 7) = flows["protocol"].text(row) == "tcp" ? 1.0F : 0.0F;
    x(row, 8) = flows["flags"].is_missing(row) ? 0.0F : static_cast<float>(flows["flags"].text(row).size());
  }
  return x;
}

/// How many flows the same hosts had in the hour before.
void add_context(const nad::Table& flows, nad::Matrix& x, std::size_t from_column) {
  const auto times = flows["timestamp"].times();
  for (const char* name : {"src_ip", "dst_ip"}) {
    const auto hosts = flows[name].addresses();
    std::map<nad::Address, std::pair<std::size_t, std::vector<std::int64_t>>> seen;
    for (std::size_t row = 0; row < flows.rows(); ++row) {
      auto& [first, at] = seen[hosts[row]];
      at.push_back(times[row]);
      while (at[first] < times[row] - 60 * nad::nanoseconds_per_second) {
        ++first;
      }
      x(row, from_column) = static_cast<float>(std::log1p(static_cast<double>(at.size() - first)));
      // how unusual the host is
      x(row, from_column + 1) = static_cast<float>(std::log1p(static_cast<double>(at.size())));
    }
    from_column += 2;
  }
}

double forest_auc(const nad::Matrix& x, const std::vector<bool>& anomaly) {
  nad::IsolationForest forest({.n_estimators = 100, .random_state = 1});
  forest.fit(x);
  const std::vector<float> scores = forest.anomaly_score(x);
  double won = 0.0;
  const Scores wide(scores.begin(), scores.end());
  std::vector<std::pair<double, bool>> scored;
  for (std::size_t i = 0; i < wide.size(); ++i) {
    scored.emplace_back(wide[i], anomaly[i]);
  }
  std::sort(scored.begin(), scored.end());  // of equal scores the anomaly comes last: at most a few of thousands
  double below = 0.0;
  for (const auto& [score, marked] : scored) {
    won += marked ? below : 0.0;
    below += marked ? 0.0 : 1.0;
  }
  return won / (below * static_cast<double>(std::count(anomaly.begin(), anomaly.end(), true)));
}

}  // namespace

TEST_CASE("no single column of synthetic flows separates the classes [long]") {
  for (const std::uint64_t seed : {0U, 1U, 2U}) {
    if (tests::watched && seed > 0) {
      continue;
    }
    const nad::Table flows = nad::synthetic_flows({.n_samples = 10000, .random_state = seed});
    const std::vector<bool> anomaly = answers(flows);
    const std::map<std::string, Scores> all = column_scores(flows);
    CHECK(all.size() > 30);
    for (const auto& [name, scores] : all) {
      const std::string& what = name;  // doctest's lambdas capture no names of pairs
      const Separation found = separation(scores, anomaly);
      CHECK_MESSAGE(found.auc < 0.85, what << ", seed " << seed);
      CHECK_MESSAGE(found.f1 < 0.5, what << ", seed " << seed);
    }
  }
  // the measure itself sees what separates
  const Separation perfect = separation({1.0, 2.0, 3.0, 4.0}, {false, false, true, true});
  CHECK(perfect.auc == 1.0);
  CHECK(perfect.f1 == 1.0);
  CHECK(separation({1.0, 1.0, 1.0, 1.0}, {false, false, true, true}).auc == 0.5);
}

TEST_CASE("a forest that sees amounts together beats chance on synthetic flows, and context helps it") {
  for (const std::uint64_t seed : {0U, 1U}) {
    const nad::Table flows = nad::synthetic_flows({.n_samples = 10000, .random_state = seed});
    const std::vector<bool> anomaly = answers(flows);
    const nad::Matrix plain = plain_features(flows);
    const double without = forest_auc(plain, anomaly);
    nad::Matrix wide(plain.rows(), plain.columns() + 4);
    for (std::size_t row = 0; row < plain.rows(); ++row) {
      std::copy(plain.row(row).begin(), plain.row(row).end(), wide.row(row).begin());
    }
    add_context(flows, wide, plain.columns());
    const double with = forest_auc(wide, anomaly);
    CAPTURE(seed);
    CHECK(without > 0.6);
    CHECK(with > without + 0.02);
  }
}
