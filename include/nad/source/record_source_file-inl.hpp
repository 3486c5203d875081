#pragma once

// Files that are read from their beginning to their end, one or one after the other.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "nad/detail/json_numbers.hpp"
#include "nad/source/read.hpp"
#include "nad/source/record_source_parts-inl.hpp"

namespace nad::detail {

/// One file, batch by batch, with the types that are expected.
class ExpectedReader {
 public:
  ExpectedReader(const std::filesystem::path& path, const SourceOptions& options, const Schema& expected)
      : expected_(expected), reader_(make(path, options, expected)) {
    may_lack_ = reader_->schema().source() == "zeek_conn" || reader_->schema().source() == "suricata_eve";
  }

  std::optional<Table> next() {
    std::optional<Table> batch = reader_->next();
    if (batch) {
      batch = conforming(std::move(*batch), expected_, may_lack_);
      rows_ += batch->rows();
    }
    return batch;
  }

  /// Leaves out rows at the beginning; false where there are fewer.
  bool pass_over(std::uint64_t rows, Table& rest) {
    while (rows_ < rows) {
      std::optional<Table> batch = next();
      if (!batch) {
        return false;
      }
      if (rows_ > rows) {
        const auto left = static_cast<std::size_t>(rows_ - rows);
        rest = batch->slice(batch->rows() - left, left);
      }
    }
    return true;
  }

  const ReadReport& report() const { return reader_->report(); }

 private:
  static std::unique_ptr<Reader> make(const std::filesystem::path& path, const SourceOptions& options,
                                      const Schema& expected) {
    ReadOptions read = options.read;
    read.batch_rows = options.batch_rows;
    auto reader = std::make_unique<Reader>(path, read);
    if (reader->schema().source() == "csv") {
      reader = std::make_unique<Reader>(path, with_expected_types(read, reader->schema(), expected));
    }
    return reader;
  }

  Schema expected_;
  std::unique_ptr<Reader> reader_;
  bool may_lack_ = false;
  std::uint64_t rows_ = 0;
};

class FileRecords final : public RecordSource {
 public:
  FileRecords(std::filesystem::path path, SourceOptions options)
      : path_(std::move(path)), options_(std::move(options)) {}

  void expect(const Schema& inputs) override { expected_ = inputs; }
  bool ended() const override { return ended_; }
  bool is_live() const override { return false; }
  SourceStats stats() const override { return stats_.get(); }
  std::string describe() const override { return "the file " + path_.string(); }

  std::optional<Table> next(double /*seconds*/) override {
    if (ended_) {
      return std::nullopt;
    }
    open();
    std::optional<Table> batch;
    if (rest_.rows() != 0) {
      batch = std::exchange(rest_, Table());
    } else {
      batch = reader_->next();
    }
    if (!batch) {
      ended_ = true;
      stats_.add(reader_->report());
      return std::nullopt;
    }
    given_ += batch->rows();
    stats_.came(batch->rows());
    return batch;
  }

  std::string position() const override {
    JsonWriter json;
    json.begin('{').key("file").text(text_of_bytes(path_.string())).key("records").integer(given_);
    return json.end('}').take();
  }

  void go_to(std::string_view position) override {
    read_position(position, describe(), [&](const nlohmann::json& saved) {
      if (bytes_of_text(saved.at("file").get<std::string>()) != path_.string()) {
        refuse_position(describe());
      }
      take_kept(saved.at("records"), given_);
    });
  }

 private:
  void open() {
    if (reader_) {
      return;
    }
    reader_ = std::make_unique<ExpectedReader>(path_, options_, expected_);
    if (!reader_->pass_over(given_, rest_)) {
      throw Error(ErrorCode::invalid_data, path_.string() + " has fewer than the " + std::to_string(given_) +
                                               " records that were read of it before; it is another file, so begin "
                                               "anew without the checkpoint");
    }
  }

  std::filesystem::path path_;
  SourceOptions options_;
  Schema expected_;
  std::unique_ptr<ExpectedReader> reader_;
  Table rest_;
  std::uint64_t given_ = 0;
  bool ended_ = false;
  SharedSourceStats stats_;
};

}  // namespace nad::detail
