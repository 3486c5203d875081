#pragma once

/// How a file is read, and what is said about it afterwards.
///
///   nad::ReadReport report;
///   nad::read("flows.csv", {.on_error = nad::OnError::skip, .types = {{"port", nad::ColumnType::category}}}, &report);
///
/// Text tables that no other format knows (`csv`) are understood by their beginning, a quarter of a megabyte or less:
/// - Missing are "", NA, N/A, n/a, NaN, nan, -nan, null, NULL, None, <NA>, - and ?.
/// - Numbers are decimal, also 1e3 and inf; "007", "+1", "0x1f" and "1,234" stay text. Whole numbers beyond 64 bits
///   become numbers where smaller ones stand beside them, else they stay text. A decimal comma is one where ';'
///   separates and no number of the file has a point.
/// - Times are ISO 8601, dates like 7/4/2017 22:24 whose order of day and month the values show, and counts of seconds,
///   milliseconds, microseconds or nanoseconds since 1970 in columns with a word like time, ts, date, start or seen in
///   their name, where all fall between 1990 and 2100.
/// - Texts that repeat (four rows a text, or not more than 100 texts) are categories.
/// - Labels are columns called label, class, target, ground_truth, attack(_type, _cat, ...), is_attack, is_anomaly,
///   anomaly, outlier, malicious, malware, intrusion and the like, in any spelling. Addresses and names that end with
///   id, uid, uuid or guid are identifiers, times are moments.
/// - Where nine values in ten, of ten at least, are of one type but not all, the column stays text and a note names the
///   first that is not.
/// Captures of packets (`pcap`) become flows, see `FlowMeter`; malformed packets are always left out and counted.
/// In the other formats, values that cannot be (ports beyond 65535, negative counts and durations) are malformed; in
/// those of CICFlowMeter and UNSW-NB15, which are known for them, they are missing.
/// `read` reads a file again where a later value is of another type; `Reader` cannot, and says which type to give.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nad/core/progress.hpp"
#include "nad/flow/flow_options.hpp"
#include "nad/table/column.hpp"

namespace nad {

enum class OnError : std::uint8_t {
  raise,  ///< the first malformed row is an error
  skip,   ///< malformed rows are counted by reason and left out
};

struct ReadOptions {
  std::string format = "auto";  ///< one of `formats()`, where the content alone does not say it
  OnError on_error = OnError::raise;
  std::size_t batch_rows = 65536;  ///< rows that `Reader::next` gives at most
  std::string encoding = "utf-8";  ///< of text: "utf-8", "latin-1" or "windows-1252"
  // For text tables that no other format knows (`csv`). Nothing: found out.
  std::optional<char> separator = {};
  std::optional<char> quote = {};                ///< '\0': quotes are ordinary characters
  std::optional<char> comment = {};              ///< lines that begin with it are left out; '\0': none are
  std::optional<bool> header = {};               ///< whether the first line names the columns
  std::vector<std::string> names = {};           ///< what the columns are called, in their order
  std::map<std::string, ColumnType> types = {};  ///< column name -> type
  std::optional<bool> day_first = {};  ///< of dates like 7/4/2017, where they do not show it; also of other formats
  std::optional<std::vector<std::string>> missing = {};  ///< the texts that mean "no value"
  ProgressCallback progress = {};                        ///< bytes done, of all where that is known
  FlowOptions flow = {};                                 ///< of captures: how packets become flows
};

struct ReadReport {
  std::string format;
  std::uint64_t rows = 0;                        ///< in the table
  std::map<std::string, std::uint64_t> skipped;  ///< reason -> records left out
  std::vector<std::string> notes;                ///< what a person should know about the file
  std::uint64_t skipped_rows() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& [reason, count] : skipped) {
      sum += count;
    }
    return sum;
  }
};

}  // namespace nad
