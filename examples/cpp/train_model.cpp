/// Learns what is normal from a log of ordinary traffic, says what was learnt, and what in today's log is unlike it.
///
///   train_model PAST.log TODAY.log office.nad
///
/// Any format that nad reads: Zeek, Suricata, NetFlow, captures, CSV. Nothing is chosen here but how many alerts a
/// person wants to see: pipeline, detector and threshold follow from the records.

#include <nad/nad.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

namespace {

void train_model(const std::string& past, const std::string& today, const std::string& model_path) {
  nad::Model model({.training = nad::Training::clean, .threshold = nad::ThresholdRule::alerts_per_day(20)});
  model.fit(nad::read(past), {.n_jobs = -1});
  std::cout << model.describe() << '\n';
  for (const std::string& warning : model.warnings()) {
    std::cout << "note: " << warning << '\n';
  }

  const nad::Findings findings = model.detect(nad::read(today), {}, {.n_jobs = -1});
  std::cout << findings.reported.size() << " of " << findings.scores.size()
            << " records are reported, the most anomalous first:\n";
  for (std::size_t i = 0; i < std::min<std::size_t>(findings.reported.size(), 10); ++i) {
    std::cout << findings.reported[i] << '\n';
  }
  model.save(model_path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: train_model PAST.log TODAY.log MODEL.nad\n");
    return 2;
  }
  try {
    train_model(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
