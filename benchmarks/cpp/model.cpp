// Measures models inside C++: one record end to end (41 values set, features, scores, p-value) for a forest alone and
// for the ensemble that a model chooses, what each member costs, and `detect` on a batch beside its pipeline and
// detector. Prints a table and, with --json, writes every sample.
//
//   nad_benchmark_model kddcup.data_10_percent.gz       # KDD Cup 99, or any file with labels that nad reads
//   nad_benchmark_model FILE --train 50000 --rounds 7 --json figures.json

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "allocation_count.hpp"
#include "arguments.hpp"
#include "measure.hpp"
#include "nad/nad.hpp"
#include "report.hpp"

namespace {

using benchmark::Contest;
using benchmark::Report;

struct Arguments {
  std::string file;
  std::string json_file;
  std::size_t rounds = 7;
  std::size_t train = 50'000;
};

Arguments parse(std::span<char*> words) {
  Arguments arguments;
  arguments.file =
      benchmark::parse(words, {{"--train", [&](const std::string& value) { arguments.train = std::stoul(value); }},
                               {"--rounds", [&](const std::string& value) { arguments.rounds = std::stoul(value); }},
                               {"--json", [&](const std::string& value) { arguments.json_file = value; }}});
  return arguments;
}

/// Normal records to learn from, evenly spread, and all others.
struct Parts {
  nad::Table train;
  nad::Table rest;
  nad::Table normal_rest;

  Parts(const nad::Table& table, std::size_t wanted) {
    const nad::Column& label = table["label"];
    std::vector<std::size_t> normal;
    std::vector<std::size_t> other;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      (label.text(row) == "normal" ? normal : other).push_back(row);
    }
    if (normal.size() < 1000) {
      throw std::runtime_error("the file has " + std::to_string(normal.size()) + " records of the label 'normal'");
    }
    const std::size_t count = std::min(wanted, normal.size() / 2);
    std::vector<std::size_t> chosen;
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < normal.size(); ++i) {
      const bool is_chosen = (i + 1) * count / normal.size() > i * count / normal.size();
      (is_chosen ? chosen : left).push_back(normal[i]);
    }
    other.insert(other.end(), left.begin(), left.end());
    std::sort(other.begin(), other.end());
    train = table.take(chosen);
    rest = table.take(other);
    normal_rest = table.take(left);
  }
};

/// Records as a sensor has them: a value for each column, set one by one.
class Feed {
 public:
  Feed(const nad::Table& table, const nad::Schema& inputs) {
    for (const nad::Field& field : inputs) {
      columns_.push_back(&table[field.name]);
    }
  }

  template <class Target>
  void set(Target& target, std::size_t row) const {
    for (std::size_t place = 0; place < columns_.size(); ++place) {
      const nad::Column& column = *columns_[place];
      if (column.is_missing(row)) {
        target.set_missing(place);
      } else if (column.type() == nad::ColumnType::category) {
        target.set(place, column.categories()[column.codes()[row]]);
      } else {
        double value = 0.0;
        column.copy_numbers(row, {&value, 1});
        target.set(place, value);
      }
    }
  }

 private:
  std::vector<const nad::Column*> columns_;
};

/// Every so many-th, so that all kinds of records are among them.
nad::Table spread(const nad::Table& table, std::size_t wanted) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < table.rows(); row += std::max<std::size_t>(1, table.rows() / wanted)) {
    rows.push_back(row);
  }
  return table.take(rows);
}

void measure_one_record(const std::string& name, const nad::Model& model, const nad::Table& records, double goal,
                        const Arguments& arguments, Report& report) {
  nad::RecordScorer scorer(model);
  nad::FeatureStream stream(model.pipeline());
  const Feed feed(records, scorer.inputs());
  const nad::Matrix x = model.pipeline().transform(records);
  volatile float sink = 0.0F;
  std::vector<Contest> contests;
  contests.emplace_back("end to end", [&] {
    for (std::size_t row = 0; row < records.rows(); ++row) {
      feed.set(scorer, row);
      sink = scorer.score().score;
    }
  });
  contests.emplace_back("of which values and features", [&] {
    for (std::size_t row = 0; row < records.rows(); ++row) {
      feed.set(stream, row);
      sink = stream.next()[0];
    }
  });
  contests.emplace_back("of which the detector", [&] {
    for (std::size_t row = 0; row < records.rows(); ++row) {
      sink = model.detector().anomaly_score(x.row(row));
    }
  });
  contests[0].work();
  const std::size_t before = benchmark::allocations();
  contests[0].work();
  const std::size_t allocated = benchmark::allocations() - before;
  benchmark::take_turns(contests, arguments.rounds);
  const auto count = static_cast<double>(records.rows());
  for (Contest& contest : contests) {
    benchmark::Figure figure{.what = name + ", one record " + contest.name,
                             .value = benchmark::median(contest.cpu) / count * 1e6,
                             .unit = "us",
                             .spread = benchmark::spread(contest.cpu),
                             .samples = contest.cpu};
    if (&contest == contests.data()) {
      figure.goal = benchmark::at_most(goal);
    }
    report.add(std::move(figure));
  }
  report.add({.what = name + ", allocations a record",
              .value = static_cast<double>(allocated) / count,
              .unit = "",
              .goal = benchmark::at_most(0.0)});
}

/// What an analyst waits for: a finding with its reasons.
void measure_reasons(const nad::Model& model, const nad::Table& records, const Arguments& arguments, Report& report) {
  nad::RecordScorer scorer(model);
  const Feed feed(records, scorer.inputs());
  volatile std::size_t sink = 0;
  std::vector<Contest> contests;
  contests.emplace_back("with reasons", [&] {
    for (std::size_t row = 0; row < records.rows(); ++row) {
      feed.set(scorer, row);
      scorer.score();
      sink = scorer.explain().reasons.size();
    }
  });
  benchmark::take_turns(contests, arguments.rounds);
  report.add({.what = "default ensemble, one record with its reasons",
              .value = benchmark::median(contests[0].cpu) / static_cast<double>(records.rows()) * 1e6,
              .unit = "us",
              .spread = benchmark::spread(contests[0].cpu)});
}

void measure_members(const nad::Model& model, const nad::Table& records, const Arguments& arguments, Report& report) {
  const auto* const ensemble = dynamic_cast<const nad::Ensemble*>(&model.detector());
  if (ensemble == nullptr) {
    return;
  }
  const nad::Matrix x = model.pipeline().transform(records);
  volatile float sink = 0.0F;
  std::vector<Contest> contests;
  for (std::size_t i = 0; i < ensemble->n_members(); ++i) {
    const nad::Detector& member = ensemble->member(i);
    const std::size_t first = ensemble->member_columns(i).first;  // a member may see some of the features alone
    const std::size_t width = member.n_features();
    contests.emplace_back(ensemble->member_name(i) + ", one row", [&member, &x, &sink, first, width] {
      for (std::size_t row = 0; row < x.rows(); ++row) {
        sink = member.anomaly_score(x.row(row).subspan(first, width));
      }
    });
    contests.emplace_back(ensemble->member_name(i) + ", a row in a batch", [&member, &x, first, width] {
      static_cast<void>(member.anomaly_score(nad::MatrixView(x.data() + first, x.rows(), width, x.columns())));
    });
    contests.emplace_back(ensemble->member_name(i) + ", explained in a batch", [&member, &x, first, width] {
      static_cast<void>(member.explain(nad::MatrixView(x.data() + first, x.rows(), width, x.columns())));
    });
  }
  benchmark::take_turns(contests, arguments.rounds);
  for (const Contest& contest : contests) {
    report.add({.what = "  member " + contest.name,
                .value = benchmark::median(contest.cpu) / static_cast<double>(x.rows()) * 1e6,
                .unit = "us",
                .spread = benchmark::spread(contest.cpu)});
  }
}

void measure_batch(const std::string& name, const nad::Model& model, const nad::Table& records,
                   const Arguments& arguments, Report& report) {
  std::size_t reported = 0;
  std::vector<Contest> contests;
  contests.emplace_back("detect", [&] { reported = model.detect(records).reported.size(); });
  contests.emplace_back("detect without reasons",
                        [&] { static_cast<void>(model.detect(records, {.most_reasons = 0})); });
  contests.emplace_back("pipeline and detector", [&] {
    static_cast<void>(model.detector().anomaly_score(model.pipeline().transform(records)));
  });
  benchmark::take_turns(contests, arguments.rounds);
  const std::string of = name + ", " + std::to_string(records.rows()) + " records, ";
  for (const Contest& contest : contests) {
    report.add({.what = of + contest.name,
                .value = benchmark::median(contest.cpu) * 1e3,
                .unit = "ms",
                .spread = benchmark::spread(contest.cpu),
                .samples = contest.cpu});
  }
  report.add({.what = of + "detect beside those",
              .value = benchmark::median(contests[0].cpu) / benchmark::median(contests[2].cpu),
              .unit = "times",
              .goal = benchmark::at_most(1.3)});
  report.add({.what = of + "reported", .value = static_cast<double>(reported), .unit = ""});
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Arguments arguments = parse({argv, static_cast<std::size_t>(argc)});
    const Parts parts(nad::read(arguments.file), arguments.train);
    Report report;
    report.note("benchmark", std::string("model"));
    report.note("file", std::filesystem::path(arguments.file).filename().string());
    report.note("kernel", std::string(nad::simd::active()));
    report.note("training records", parts.train.rows());
    nad::Model forest(nad::IsolationForest({.max_samples = std::uint64_t{4096}}));
    forest.fit(parts.train);
    nad::Model chosen;
    chosen.fit(parts.train);
    report.note("features", chosen.pipeline().features().size());
    const nad::Table few = spread(parts.rest, 5000);
    measure_one_record("forest", forest, few, 8.0, arguments, report);
    measure_one_record("default ensemble", chosen, few, 25.0, arguments, report);
    measure_members(chosen, few, arguments, report);
    measure_reasons(chosen, spread(parts.rest, 500), arguments, report);
    measure_batch("forest", forest, parts.rest, arguments, report);
    measure_batch("default ensemble", chosen, parts.rest, arguments, report);
    measure_batch("forest, normal ones", forest, parts.normal_rest, arguments, report);
    measure_batch("default ensemble, normal ones", chosen, parts.normal_rest, arguments, report);
    report.print(stdout);
    if (!arguments.json_file.empty()) {
      report.write_json(arguments.json_file);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
