#pragma once

/// Reads any file of connections into a table, and says what it had to leave out.
///
///   nad::Table flows = nad::read("conn.log.gz");              // the format is found in the content
///   nad::Table more = nad::read("day.pcap");                  // packets become flows; "-" is the standard input
///
///   nad::ReadReport report;
///   nad::Table table = nad::read("flows.csv", {.on_error = nad::OnError::skip}, &report);
///   report.skipped["3 fields where 14 belong"];               // rows set aside, by reason
///
///   nad::Reader reader("huge.csv");                           // in batches, in bounded memory
///   while (std::optional<nad::Table> batch = reader.next()) score(*batch);
///
/// Gzip is read transparently. A malformed row is an error that names file, line and column, or is counted and left
/// out: no value is ever guessed, no row lost without a count.

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nad/config.hpp"
#include "nad/source/read_options.hpp"
#include "nad/table/table.hpp"

namespace nad {

/// The formats that `read` knows, each with a line of description.
NAD_API std::vector<std::pair<std::string, std::string>> formats();

namespace detail {
class OpenSource;
}

/// Reads a file batch by batch; memory is bounded by the batch, not by the file.
class NAD_API Reader {
 public:
  explicit Reader(const std::filesystem::path& path, ReadOptions options = {});
  /// `name` stands in messages. The stream must outlive the reader.
  explicit Reader(std::istream& stream, ReadOptions options = {}, std::string name = "stream");
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  /// The next rows, as many as `batch_rows` or fewer at the end; nothing when all were given.
  std::optional<Table> next();
  /// What columns every batch has.
  const Schema& schema() const;
  /// So far.
  const ReadReport& report() const;

 private:
  std::unique_ptr<detail::OpenSource> source_;
};

/// The whole file.
NAD_API Table read(const std::filesystem::path& path, const ReadOptions& options = {}, ReadReport* report = nullptr);
NAD_API Table read(std::istream& stream, const ReadOptions& options = {}, ReadReport* report = nullptr);

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/source/read-inl.hpp"
#endif
