#pragma once

/// Records as they come: what a `Monitor` watches.
///
///   std::unique_ptr<nad::RecordSource> source = nad::file_source("day.csv");
///   while (!source->ended())
///     if (std::optional<nad::Table> records = source->next(/*seconds=*/0.5)) use(*records);
///
/// A log that grows (source/follow.hpp), captures and interfaces (source/record_source_captures.hpp), a folder of files
/// (source/record_source_folder.hpp), a function or a queue of the host; and whatever derives from this.
/// `open_record_source` (source/record_source_open.hpp) knows which one a path means.
///
/// A source belongs to the thread that calls `next`; `stats` may be asked by any.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nad/config.hpp"
#include "nad/source/read_options.hpp"
#include "nad/table/table.hpp"

namespace nad {

struct SourceStats {
  std::uint64_t records = 0;                          ///< that came, those that were lost among them
  std::uint64_t lost = 0;                             ///< records that nobody had time for: where a source cannot wait
  std::map<std::string, std::uint64_t> skipped = {};  ///< reason -> records or packets that were malformed
  std::uint64_t packets = 0;                          ///< where the source is of packets
  std::uint64_t packets_lost = 0;                     ///< that the kernel or the interface had no room for
  std::vector<std::string> notes = {};                ///< what a person should know, each once

  std::uint64_t skipped_records() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& [reason, count] : skipped) {
      sum += count;
    }
    return sum;
  }
};

class NAD_API RecordSource {
 public:
  RecordSource() = default;
  virtual ~RecordSource();
  RecordSource(const RecordSource&) = delete;
  RecordSource& operator=(const RecordSource&) = delete;

  /// The next records, in the order in which they came; nothing where none came for so long, or none will.
  virtual std::optional<Table> next(double seconds) = 0;
  /// Nothing will come any more.
  virtual bool ended() const = 0;

  /// What the records must hold, before the first `next`: names and types, as the model learnt from. Sources that read
  /// text take the types from here.
  virtual void expect(const Schema& /*inputs*/) {}

  /// Before the first `next`: opens what needs rights that are then given up, as an interface does. A monitor asks for
  /// it before it opens files of its own, which belong to whoever goes on.
  virtual void prepare() {}

  /// Where the records that `next` gave last end, for `go_to` of a later run; "" where there is no way back.
  virtual std::string position() const { return {}; }
  /// Before the first `next`: goes on behind that position. An error where the text is no position of this source.
  virtual void go_to(std::string_view position);
  /// Before the first `next`: goes on behind an earlier position, so that all that came between the two comes again.
  /// False where that is not all there any more, or may not be; then it goes on behind the later one.
  virtual bool replay(std::string_view earlier, std::string_view later);

  /// Nobody will go on with this source: what it holds that is no record yet, such as flows that go on, shall become
  /// records, which `next` gives until the source has ended. False where there is nothing of that kind. A monitor with
  /// a checkpoint asks only sources without a position.
  virtual bool wind_up() { return false; }

  /// Its records come as they happen: time passes although nothing comes.
  virtual bool is_live() const { return true; }
  virtual SourceStats stats() const = 0;
  /// "the log conn.log"
  virtual std::string describe() const = 0;
};

/// How sources go about it; each takes what concerns it.
struct SourceOptions {
  std::size_t batch_rows = 4096;  ///< records that `next` gives at once, about
  double most_wait = 1.0;         ///< seconds that a record waits for others
  /// How text is read; malformed rows are counted and left out unless it says otherwise.
  ReadOptions read = {.on_error = OnError::skip};
};

/// A function that gives records when it is asked; it should wait no longer than the seconds that it is told, and
/// answers nothing where there are none.
///
///   nad::callback_source([&](double seconds, bool& ended) { return from_kafka(seconds); });
NAD_API std::unique_ptr<RecordSource> callback_source(
    std::function<std::optional<Table>(double seconds, bool& ended)> callback);

/// Tables, one after the other.
NAD_API std::unique_ptr<RecordSource> table_source(std::vector<Table> tables);

/// A file from its beginning to its end, of any format that `read` knows.
NAD_API std::unique_ptr<RecordSource> file_source(const std::filesystem::path& path, const SourceOptions& options = {});

namespace detail {
class TableQueue;
}

/// Records that the host's own threads bring.
///
///   nad::RecordQueue queue;
///   std::thread host([&] { while (running) queue.push(next_records()); queue.finish(); });
///   monitor.run(queue);
class NAD_API RecordQueue final : public RecordSource {
 public:
  /// So many tables wait at most. Then `push` waits where `can_wait` says so; else it loses the records and counts
  /// them.
  explicit RecordQueue(std::size_t most_tables = 64, bool can_wait = true);
  ~RecordQueue() override;

  /// From any thread. False where the records were lost, because there was no room or `finish` was called.
  bool push(Table records);
  /// Nothing more will come; also frees a thread that waits in `push`.
  void finish();

  std::optional<Table> next(double seconds) override;
  bool ended() const override;
  SourceStats stats() const override;
  std::string describe() const override;

 private:
  std::unique_ptr<detail::TableQueue> queue_;
};

}  // namespace nad

#ifdef NAD_HEADER_ONLY
#include "nad/source/record_source-inl.hpp"
#endif
