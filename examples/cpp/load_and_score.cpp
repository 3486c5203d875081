/// Scores rows with a model that was trained elsewhere: in a notebook, or by train_and_save.
///
///   load_and_score forest.nad rows.csv
///
/// A row a line, its numbers separated by commas. Prints a score a line in hexadecimal, where no bit is lost: C's %a,
/// Python's float.fromhex.

#include <nad/nad.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

std::vector<float> parse_row(const std::string& line, std::size_t number) {
  std::vector<float> values;
  const char* at = line.c_str();
  for (;;) {
    char* end = nullptr;
    values.push_back(std::strtof(at, &end));
    if (end == at || (*end != ',' && *end != '\0')) {
      throw std::runtime_error("line " + std::to_string(number) + ": '" + at + "' does not begin with a number");
    }
    if (*end == '\0') {
      return values;
    }
    at = end + 1;
  }
}

void load_and_score(const std::string& model_path, const std::string& rows_path) {
  const std::unique_ptr<nad::Detector> detector = nad::load_detector(model_path);
  std::ifstream file(rows_path);
  if (!file) {
    throw std::runtime_error(rows_path + " cannot be read");
  }
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    const float score = detector->anomaly_score(parse_row(line, number));
    std::printf("%a\n", static_cast<double>(score));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: load_and_score MODEL.nad ROWS.csv\n");
    return 2;
  }
  try {
    load_and_score(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
