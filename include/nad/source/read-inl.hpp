#pragma once

#include <algorithm>
#include <istream>
#include <limits>
#include <utility>

#include "nad/core/error.hpp"
#include "nad/detail/gzip-inl.hpp"
#include "nad/detail/input-inl.hpp"
#include "nad/source/encoding-inl.hpp"
#include "nad/source/formats-inl.hpp"
#include "nad/source/read.hpp"

namespace nad {

namespace detail {

/// An input whose format is known.
class OpenSource {
 public:
  OpenSource(std::unique_ptr<ByteInput> bytes, std::string name, ReadOptions options, SecondReading second = {})
      : context_{std::move(name), std::move(options), {}, std::move(second)} {
    auto unpacked = std::make_unique<UnpackingInput>(std::move(bytes), context_.name);
    constexpr std::size_t magic = 4;
    auto peeked = std::make_unique<PeekedInput>(std::move(unpacked), magic);
    const bool is_capture = !capture_format(peeked->begin()).empty();
    if (is_capture && (context_.options.format == "auto" || context_.options.format == capture_format_name)) {
      in_readable_words([&] { open_capture(std::move(peeked)); });
      return;
    }
    LineWindow window(as_utf8(std::move(peeked), context_.options.encoding, context_.name), context_.name);
    in_readable_words([&] { open(window); });
  }

  const Schema& schema() const { return batches_->schema(); }
  std::optional<Table> next(std::size_t most) {
    std::optional<Table> batch;
    in_readable_words([&] { batch = batches_->next(most); });
    return batch;
  }
  const ReadContext& context() const noexcept { return context_; }

 private:
  /// Errors quote the file, which may hold anything.
  template <class Body>
  static void in_readable_words(const Body& body) {
    try {
      body();
    } catch (const Error& error) {
      if (is_utf8(error.what())) {
        throw;
      }
      throw Error(error.code(), readable(error.what()));
    }
  }

  void open_capture(std::unique_ptr<ByteInput> bytes) {
    refuse_csv_options(capture_format_name);
    if (context_.options.encoding != "utf-8") {
      throw Error(ErrorCode::invalid_argument,
                  context_.name + " is a packet capture, for which the option encoding means nothing; leave it out");
    }
    batches_ = std::make_unique<CaptureSource>(std::move(bytes), context_);
    context_.report.format = batches_->schema().source();
  }

  void open(LineWindow& window) {
    if (!(context_.options.flow == FlowOptions())) {
      throw Error(ErrorCode::invalid_argument,
                  context_.name +
                      " is no packet capture, for which alone the options of flows mean something; leave "
                      "them out");
    }
    while (window.all().size() < LineWindow::usual_size / 2 && window.more()) {
    }
    if (window.all().empty()) {
      throw Error(ErrorCode::invalid_data, context_.name + " is empty");
    }
    refuse_foreign(window.all());
    window.next_lines();
    const Head head(window.all());
    std::string known;
    for (const Format& format : known_formats) {
      known += (known.empty() ? "'" : ", '") + std::string(format.name) + "'";
      if (context_.options.format != "auto" && context_.options.format != format.name) {
        continue;
      }
      batches_ = format.open(head, window, context_);
      if (batches_) {
        context_.report.format = batches_->schema().source();
        refuse_unreadable_names();
        if (format.name != "csv") {
          refuse_csv_options(format.name);
        }
        return;
      }
      if (context_.options.format == format.name) {
        throw Error(ErrorCode::invalid_data, context_.name + " is not of the format '" + context_.options.format +
                                                 "'; leave format=\"auto\" to have it recognised");
      }
    }
    throw Error(ErrorCode::invalid_argument,
                context_.options.format == "auto"
                    ? context_.name + " is of no format that nad knows; there are: " + known
                    : "there is no format '" + context_.options.format + "'; there are: 'auto', " + known);
  }

  void refuse_unreadable_names() const {
    for (const Field& field : batches_->schema()) {
      const bool nul = (field.name + field.origin).find('\0') != std::string::npos;
      if (nul) {
        throw Error(ErrorCode::invalid_data, context_.name + ": the name of column '" + shown(field.name) +
                                                 "' holds a NUL byte; mend the line of names");
      }
      if (!is_utf8(field.name) || !is_utf8(field.origin)) {
        throw Error(ErrorCode::invalid_data,
                    context_.name + ": the name of column '" + shown(field.name) +
                        "' is not UTF-8; give encoding=" + "\"latin-1\" or \"windows-1252\" if the file is written so");
      }
    }
  }

  /// Options that would do nothing.
  void refuse_csv_options(std::string_view format) const {
    const ReadOptions& options = context_.options;
    const char* idle = nullptr;
    idle = options.separator ? "separator" : idle;
    idle = options.quote ? "quote" : idle;
    idle = options.comment ? "comment" : idle;
    idle = options.header ? "header" : idle;
    idle = !options.names.empty() ? "names" : idle;
    idle = !options.types.empty() ? "types" : idle;
    idle = options.missing ? "missing" : idle;
    idle = options.day_first && !context_.takes_day_first ? "day_first" : idle;
    if (idle != nullptr) {
      throw Error(ErrorCode::invalid_argument, context_.name + " is of the format '" + std::string(format) +
                                                   "', for which the option " + idle +
                                                   " means nothing; leave it out, or give format=\"csv\"");
    }
  }

  /// Files that are no text at all.
  void refuse_foreign(std::string_view begin) const {
    const auto starts = [&](std::string_view magic) { return begin.substr(0, magic.size()) == magic; };
    using namespace std::string_view_literals;
    const char* what = nullptr;
    what = capture_format(begin).empty() ? what : "a packet capture; leave format=\"auto\" to have it read as flows";
    what = starts("PK\x03\x04"sv) ? "a zip archive; unpack it first" : what;
    what = starts("PAR1"sv) ? "a Parquet file; read it with pyarrow, from Python: nad.read(path)" : what;
    what = starts("\x28\xb5\x2f\xfd"sv) ? "packed with zstd; unpack it first" : what;
    what = starts("BZh"sv) ? "packed with bzip2; unpack it first" : what;
    what = starts(
               "\xfd"
               "7zXZ"sv)
               ? "packed with xz; unpack it first"
               : what;
    if (what != nullptr) {
      throw Error(ErrorCode::bad_file, context_.name + " is " + what);
    }
    if (is_binary(begin)) {
      throw Error(ErrorCode::bad_file, context_.name + " holds NUL bytes or control characters; it is not a text file");
    }
    if (has_lone_returns(begin)) {
      throw Error(ErrorCode::bad_file, context_.name +
                                           " ends its lines with carriage returns alone, as old Macs did; turn them "
                                           "into newlines, for example with `tr '\\r' '\\n' < old > new`");
    }
  }

  /// A few control characters in a text are damage that its rows can tell of.
  static bool is_binary(std::string_view begin) {
    begin = begin.substr(0, 4096);
    const auto nul = static_cast<std::size_t>(std::count(begin.begin(), begin.end(), '\0'));
    const auto control = static_cast<std::size_t>(std::count_if(begin.begin(), begin.end(), [](char c) {
      return static_cast<unsigned char>(c) < ' ' && (c < '\t' || c > '\r') && c != '\x1b' && c != '\x1f';
    }));
    return nul >= 4 || (control >= 4 && 10 * control > begin.size());
  }

  static bool has_lone_returns(std::string_view begin) {
    bool quoted = false;
    bool lone = false;
    for (std::size_t at = 0; at + 1 < begin.size(); ++at) {
      if (begin[at] == '\n') {
        return false;
      }
      quoted = quoted != (begin[at] == '"');
      lone = lone || (begin[at] == '\r' && !quoted && begin[at + 1] != '\n' && begin[at + 1] != '\r');
    }
    return lone;
  }

  ReadContext context_;
  std::unique_ptr<BatchSource> batches_;
};

/// All rows; a table without rows where there are none. Where the rows show that their beginning misled about a type,
/// and `open` can give the input once more, it is read a second time.
template <class Open>
Table read_all(const Open& open, bool repeatable, const std::string& name, const ReadOptions& options,
               ReadReport* report) {
  SecondReading second;
  for (int left = 3;; --left) {  // the second reading knows all rows; more than one is for files that change meanwhile
    second.possible = repeatable && left > 0;
    OpenSource source(open(), name, options, second);
    std::optional<Table> table = source.next(std::numeric_limits<std::size_t>::max());
    if (source.context().second.wanted) {
      second.columns = source.context().second.columns;
      second.day_first = source.context().second.day_first;
      continue;
    }
    if (report != nullptr) {
      *report = source.context().report;
    }
    if (table) {
      return std::move(*table);
    }
    std::vector<Column> columns;
    for (const Field& field : source.schema()) {
      columns.push_back(ColumnBuilder(field.type).finish());
    }
    return {source.schema(), std::move(columns)};
  }
}

}  // namespace detail

NAD_INLINE std::vector<std::pair<std::string, std::string>> formats() {
  std::vector<std::pair<std::string, std::string>> list;
  list.reserve(detail::known_formats.size());
  for (const detail::Format& format : detail::known_formats) {
    list.emplace_back(format.name, format.description);
  }
  return list;
}

NAD_INLINE Reader::Reader(const std::filesystem::path& path, ReadOptions options)
    : source_(std::make_unique<detail::OpenSource>(detail::open_input(path), detail::input_name(path),
                                                   std::move(options))) {}

NAD_INLINE Reader::Reader(std::istream& stream, ReadOptions options, std::string name)
    : source_(std::make_unique<detail::OpenSource>(std::make_unique<detail::StreamInput>(stream, name), std::move(name),
                                                   std::move(options))) {}

NAD_INLINE Reader::~Reader() = default;
NAD_INLINE Reader::Reader(Reader&&) noexcept = default;
NAD_INLINE Reader& Reader::operator=(Reader&&) noexcept = default;

NAD_INLINE std::optional<Table> Reader::next() {
  return source_->next(std::max<std::size_t>(1, source_->context().options.batch_rows));
}

NAD_INLINE const Schema& Reader::schema() const { return source_->schema(); }

NAD_INLINE const ReadReport& Reader::report() const { return source_->context().report; }

NAD_INLINE Table read(const std::filesystem::path& path, const ReadOptions& options, ReadReport* report) {
  std::error_code failure;
  const bool repeatable = path != "-" && std::filesystem::is_regular_file(path, failure);
  return detail::read_all([&] { return detail::open_input(path); }, repeatable, detail::input_name(path), options,
                          report);
}

NAD_INLINE Table read(std::istream& stream, const ReadOptions& options, ReadReport* report) {
  const std::ios_base::iostate state = stream.rdstate();
  const std::istream::pos_type begin = stream.tellg();  // -1 where it cannot go back
  stream.clear(state);
  bool first = true;
  const auto open = [&] {
    if (!first) {
      stream.clear();
      stream.seekg(begin);
    }
    first = false;
    return std::make_unique<detail::StreamInput>(stream, "stream");
  };
  return detail::read_all(open, begin != std::istream::pos_type(-1), "stream", options, report);
}

}  // namespace nad
