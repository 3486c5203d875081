/// Serves scores from many threads: a model is loaded once, and each thread makes a scorer of its own of it. No lock,
/// and the same bits as one thread gives.
///
///   score_in_threads office.nad RECORDS.csv 4      # a score a line, in hexadecimal
///
/// For models whose records stand for themselves. Where a step looks back (windows of hosts), a scorer must see all
/// records in their order: then give each network a thread, not each record.

#include <nad/nad.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

/// What a server would do with each request; here requests are the rows of a table.
void serve(const nad::Model& model, const nad::Table& requests, std::atomic<std::size_t>& next, float* answers) {
  nad::RecordScorer scorer(model);  // what was learnt is shared, not copied
  for (std::size_t row = next++; row < requests.rows(); row = next++) {
    for (std::size_t place = 0; place < scorer.inputs().size(); ++place) {
      const nad::Column& column = requests[scorer.inputs()[place].name];
      if (column.is_missing(row)) {
        scorer.set_missing(place);
      } else if (column.type() == nad::ColumnType::category || column.type() == nad::ColumnType::text) {
        scorer.set(place, column.text(row));
      } else if (column.type() == nad::ColumnType::address) {
        scorer.set(place, column.addresses()[row]);
      } else if (column.type() == nad::ColumnType::time) {
        scorer.set_time(place, column.times()[row]);
      } else {
        double value = 0.0;
        column.copy_numbers(row, {&value, 1});
        scorer.set(place, value);
      }
    }
    answers[row] = scorer.score().score;
  }
}

void score_in_threads(const std::string& model_path, const std::string& records_path, int threads) {
  const nad::Model model = nad::Model::load(model_path);
  if (model.pipeline().looks_back()) {
    throw std::runtime_error(model_path + " judges a record by those before it, too: one thread has to see them all");
  }
  const nad::Table requests = nad::read(records_path);
  std::vector<float> answers(requests.rows());
  std::atomic<std::size_t> next{0};
  {
    std::vector<std::jthread> servers;
    servers.reserve(static_cast<std::size_t>(threads));
    for (int i = 0; i < threads; ++i) {
      servers.emplace_back([&] { serve(model, requests, next, answers.data()); });
    }
  }
  for (const float answer : answers) {
    std::printf("%a\n", static_cast<double>(answer));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc == 4 ? std::atoi(argv[3]) : 0;
  if (threads < 1) {
    std::fprintf(stderr, "usage: score_in_threads MODEL.nad RECORDS THREADS\n");
    return 2;
  }
  try {
    score_in_threads(argv[1], argv[2], threads);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
