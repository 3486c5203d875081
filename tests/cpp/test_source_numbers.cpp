#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "nad/nad.hpp"
#include "read_tools.hpp"

using tests::read_text;

// Numbers of all lengths and shapes, beside the C library's.

namespace {

/// A text of digits, mostly, or whatever else stands in numbers and wrong ones.
std::string random_text(std::mt19937& random) {
  std::string text;
  const auto size = 1 + random() % 11;
  while (text.size() < size) {
    const auto choice = random() % 40;
    text += choice < 34   ? static_cast<char>('0' + random() % 10)
            : choice < 37 ? '.'
                          : std::string_view("-+e/:")[random() % 5];
  }
  return text;
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) {
    ++end;
  }
  return end - at;
}

bool is_whole(std::string_view text) {
  const std::size_t sign = text.front() == '-' || text.front() == '+' ? 1U : 0U;
  return digits_at(text, sign) != 0 && sign + digits_at(text, sign) == text.size();
}

bool is_decimal(std::string_view text) {
  std::size_t at = text.front() == '-' || text.front() == '+' ? 1U : 0U;
  const std::size_t before = digits_at(text, at);
  at += before;
  std::size_t behind = 0;
  if (at < text.size() && text[at] == '.') {
    behind = digits_at(text, at + 1);
    at += 1 + behind;
  }
  if (before + behind != 0 && at < text.size() && text[at] == 'e') {
    at += at + 1 < text.size() && (text[at + 1] == '-' || text[at + 1] == '+') ? 2U : 1U;
    const std::size_t exponent = digits_at(text, at);
    at = exponent == 0 ? 0 : at + exponent;
  }
  return before + behind != 0 && at == text.size();
}

std::string lines_of(const std::vector<std::string>& texts, const std::string& behind) {
  std::string lines = "x,y\n";
  for (const std::string& text : texts) {
    lines += text + behind + "\n";
  }
  return lines;
}

}  // namespace

TEST_CASE("csv: a number is what the C library says, and nothing else is one") {
  std::mt19937 random(5);
  std::vector<std::string> texts(30000);
  std::generate(texts.begin(), texts.end(), [&] {
    std::string text = random_text(random);
    while (text == "-" || text.find('e') < text.size() - std::min<std::size_t>(4, text.size())) {
      text = random_text(random);  // "-" is how formats write "no value", and 1e-999 is out of range
    }
    return text;
  });

  nad::ReadReport report;
  const nad::ReadOptions as_numbers{.on_error = nad::OnError::skip, .types = {{"x", nad::ColumnType::number}}};
  const nad::Table numbers = read_text(lines_of(texts, ",1"), as_numbers, &report);
  std::vector<double> expected;
  for (const std::string& text : texts) {
    if (is_decimal(text) && std::isfinite(std::strtod(text.c_str(), nullptr))) {
      expected.push_back(std::strtod(text.c_str(), nullptr));
    }
  }
  REQUIRE(expected.size() > 10000);
  REQUIRE(numbers.rows() == expected.size());
  const auto found = numbers["x"].numbers();
  CHECK(std::equal(found.begin(), found.end(), expected.begin()));
  CHECK(report.rows == expected.size());

  const nad::ReadOptions as_integers{.on_error = nad::OnError::skip, .types = {{"x", nad::ColumnType::integer}}};
  const nad::Table integers = read_text(lines_of(texts, ",1"), as_integers);
  std::vector<std::int64_t> whole;
  for (const std::string& text : texts) {
    if (is_whole(text)) {
      whole.push_back(std::strtoll(text.c_str(), nullptr, 10));
    }
  }
  REQUIRE(whole.size() > 5000);
  const auto found_whole = integers["x"].integers();
  CHECK(std::equal(found_whole.begin(), found_whole.end(), whole.begin(), whole.end()));
}

TEST_CASE("csv: numbers that nobody announced are the C library's, also in the last field of the file") {
  std::mt19937 random(6);
  std::string lines = "a,b,c\n";
  std::vector<double> expected;
  std::vector<std::int64_t> whole;
  for (int row = 0; row < 20000; ++row) {
    const auto places = random() % 7;
    const double value =
        static_cast<double>(random() % 1000000007) / std::pow(10.0, static_cast<double>(random() % 12));
    std::string text = std::to_string(value);
    text.resize(text.find('.') + (places == 0 ? 0 : 1 + places));
    if (random() % 8 == 0) {
      text.insert(0, "-");
    }
    expected.push_back(std::strtod(text.c_str(), nullptr));
    whole.push_back(static_cast<std::int64_t>(random() >> random() % 32));
    lines += row == 0 ? "" : "\n";
    lines += text;
    lines += ",z,";
    lines += std::to_string(whole.back());
  }
  const nad::Table table = read_text(lines);
  const auto numbers = table["a"].numbers();
  const auto integers = table["c"].integers();
  CHECK(std::equal(numbers.begin(), numbers.end(), expected.begin(), expected.end()));
  CHECK(std::equal(integers.begin(), integers.end(), whole.begin(), whole.end()));
}
