#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "nad/nad.hpp"
#include "shared_data.hpp"
#include "temporary_folder.hpp"

namespace {

const std::string kdd_head = "0,tcp,http,SF,181,5450,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,";

std::string kdd_row(int count, const std::string& label) {
  return kdd_head + std::to_string(count) +
         ",8,0.00,0.00,0.00,0.00,1.00,0.00,0.00,9,9,1.00,0.00,0.11,0.00,0.00,0.00,0.00,0.00," + label + "\n";
}

nad::Table read_text(const std::string& text, const nad::ReadOptions& options = {}, nad::ReadReport* report = nullptr) {
  std::istringstream stream(text);
  return nad::read(stream, options, report);
}

std::string message_of(const std::string& text, const nad::ReadOptions& options = {}) {
  try {
    read_text(text, options);
  } catch (const nad::Error& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::map<std::string, std::size_t> counts(const nad::Column& column) {
  std::map<std::string, std::size_t> result;
  for (std::size_t row = 0; row < column.size(); ++row) {
    ++result[std::string(column.text(row))];
  }
  return result;
}

}  // namespace

TEST_CASE("KDD Cup 99 is recognised with and without label, difficulty, header and carriage returns") {
  const std::string rows = kdd_row(1, "normal.") + kdd_row(2, "smurf.") + kdd_row(3, "normal.");
  nad::ReadReport report;
  const nad::Table table = read_text(rows, {}, &report);
  CHECK(report.format == "kdd99");
  CHECK(report.rows == 3);
  CHECK(table.columns() == 43);
  CHECK(table["count"].integers()[2] == 3);
  CHECK(table["dst_host_same_src_port_rate"].numbers()[0] == 0.11);
  CHECK(table["label"].text(1) == "smurf");
  CHECK(table["attack_family"].text(1) == "dos");
  CHECK(table["attack_family"].text(2) == "normal");
  CHECK(table.schema()[41].role == nad::Role::label);
  CHECK(table.schema()[42].role == nad::Role::label);

  std::string windows = rows;
  for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2) {
    windows.insert(at, "\r");
  }
  CHECK(read_text(windows)["label"].text(2) == "normal");
  CHECK(read_text("\xef\xbb\xbf" + rows).rows() == 3);
  CHECK(read_text(rows.substr(0, rows.size() - 1)).rows() == 3);  // no newline at the end

  std::string header;
  for (const std::string_view name : nad::kdd99_columns()) {
    header += std::string(name) + ",";
  }
  CHECK(read_text(header + "label\n" + rows)["label"].text(0) == "normal");

  const nad::Table nsl = read_text(kdd_row(1, "neptune,21") + kdd_row(2, "normal,7"), {}, &report);
  CHECK(report.format == "nsl_kdd");
  CHECK(nsl["difficulty"].integers()[1] == 7);
  CHECK(nsl["label"].text(0) == "neptune");
  const std::string unlabelled = kdd_row(1, "");
  CHECK(read_text(unlabelled.substr(0, unlabelled.size() - 2) + "\n").columns() == 41);
}

TEST_CASE("a malformed row is an error with line and column, or counted and left out") {
  std::string text;
  for (int row = 1; row <= 9; ++row) {
    text += row == 4 ? "1,2,3\n" : row == 6 ? kdd_row(6, "normal.").replace(0, 1, "x") : kdd_row(row, "normal.");
  }
  CHECK(contains(message_of(text), "line 4: the row has 3 fields where 42 belong"));
  std::string without_ragged = text;
  without_ragged.erase(text.find("1,2,3\n"), 6);
  CHECK(contains(message_of(without_ragged), "line 5, column 'duration': 'x' is not of type integer"));
  CHECK(contains(message_of(without_ragged), "on_error"));

  nad::ReadReport report;
  const nad::Table table = read_text(text, {.on_error = nad::OnError::skip}, &report);
  CHECK(table.rows() == 7);
  CHECK(report.rows == 7);
  CHECK(report.skipped_rows() == 2);
  CHECK(report.skipped["3 fields where 42 belong"] == 1);
  CHECK(report.skipped["column 'duration': not of type integer"] == 1);
  const std::vector<std::int64_t> kept = {1, 2, 3, 5, 7, 8, 9};
  for (std::size_t row = 0; row < kept.size(); ++row) {
    CHECK(table["count"].integers()[row] == kept[row]);
  }
  CHECK(contains(message_of(kdd_row(1, "normal.") + kdd_row(1, "caf\xe9.")),
                 "line 2, column 'label': 'caf?.' is not UTF-8"));
}

TEST_CASE("files that cannot be read say what they are") {
  CHECK(contains(message_of(""), "empty"));
  CHECK(contains(message_of("PK\x03\x04 and more"), "zip"));
  CHECK(contains(message_of("\xd4\xc3\xb2\xa1 and more"), "capture"));
  CHECK(contains(message_of(std::string("a\0b\n", 4)), "NUL"));
  CHECK(contains(message_of("\xff\xfe"
                            "a"),
                 "UTF-16"));
  CHECK(contains(message_of(kdd_row(1, "normal."), {.format = "nonsense"}), "'kdd99'"));
  CHECK_THROWS_AS(nad::read("there is no such file"), nad::Error);
  CHECK_THROWS_AS(nad::read(std::filesystem::temp_directory_path()), nad::Error);
}

TEST_CASE("what is said about a file is UTF-8 whatever the file holds") {
  const std::string event = R"({"timestamp":"2024-05-01T12:00:00Z","event_type":"flow","src_ip":"192.0.2.1",)"
                            R"("dest_ip":"192.0.2.2","proto":"TCP","flow":{"pkts_toserver":1}})";
  nad::ReadReport report;
  read_text(event + "\n" + event.substr(0, event.size() - 2) + ",\"new \xff\":1}}\n", {}, &report);
  REQUIRE(report.notes.size() == 1);
  CHECK(contains(report.notes[0], "'flow.new ?' are left out"));
  CHECK(contains(message_of("#separator \\x09\n#path\tco\xd1nn\n#fields\tts\n"), "co?nn"));
}

TEST_CASE("batches are bounded, cover the file and equal the whole") {
  std::string text;
  for (int row = 0; row < 20000; ++row) {  // several windows of text
    text += kdd_row(row % 512, row % 3 == 0 ? "smurf." : "normal.");
  }
  std::size_t forty_rows = 0;
  for (int row = 0; row < 40; ++row) {
    forty_rows = text.find('\n', forty_rows) + 1;
  }
  const nad::Table whole = read_text(text);
  CHECK(whole.rows() == 20000);
  for (const std::size_t size : {std::size_t{1}, std::size_t{777}, std::size_t{20000}, std::size_t{50000}}) {
    std::istringstream stream(size == 1 ? text.substr(0, forty_rows) : text);
    nad::Reader reader(stream, {.batch_rows = size});
    CHECK(reader.schema() == whole.schema());
    std::size_t rows = 0;
    bool same = true;
    while (const auto batch = reader.next()) {
      CHECK(batch->rows() <= size);
      for (std::size_t row = 0; row < batch->rows(); ++row) {
        same = same && (*batch)["count"].integers()[row] == whole["count"].integers()[rows + row] &&
               (*batch)["label"].text(row) == whole["label"].text(rows + row);
      }
      rows += batch->rows();
    }
    CHECK(same);
    CHECK(rows == reader.report().rows);
    CHECK(rows == (size == 1 ? 40 : 20000));
  }
}

TEST_CASE("progress is told and can cancel") {
  std::string text;
  for (int row = 0; row < 20000; ++row) {
    text += kdd_row(row % 512, "normal.");
  }
  const TemporaryFolder folder;
  std::ofstream(folder / "kdd", std::ios::binary) << text;
  std::vector<nad::Progress> told;
  nad::ReadOptions options;
  options.progress = [&](const nad::Progress& progress) {
    told.push_back(progress);
    return true;
  };
  nad::read(folder / "kdd", options);
  REQUIRE(told.size() > 5);
  CHECK(told.back().total == text.size());
  CHECK(told.back().done == text.size());
  options.progress = [](const nad::Progress&) { return false; };
  CHECK_THROWS_AS(nad::read(folder / "kdd", options), nad::Error);
}

TEST_CASE("the published files hold the published numbers of each family") {
  const auto test_set = shared_data("kdd99/corrected.gz");
  if (test_set) {
    nad::ReadReport report;
    const nad::Table table = nad::read(*test_set, {}, &report);
    CHECK(table.rows() == 311029);
    CHECK(report.skipped.empty());
    CHECK(counts(table["attack_family"]) ==
          std::map<std::string, std::size_t>{
              {"normal", 60593}, {"probe", 4166}, {"dos", 229853}, {"u2r", 228}, {"r2l", 16189}});
  }
  const auto nsl = shared_data("nsl_kdd/KDDTest+.txt.gz");
  if (nsl) {
    const nad::Table table = nad::read(*nsl);
    CHECK(table.rows() == 22544);
    CHECK(counts(table["attack_family"]) ==
          std::map<std::string, std::size_t>{
              {"normal", 9711}, {"probe", 2421}, {"dos", 7458}, {"u2r", 200}, {"r2l", 2754}});
    CHECK(table["difficulty"].integers()[0] == 21);
  }
}
