#pragma once

#include <utility>

#include "nad/core/error.hpp"
#include "nad/source/record_source.hpp"
#include "nad/source/record_source_file-inl.hpp"
#include "nad/source/record_source_queue-inl.hpp"

namespace nad {

namespace detail {

class CallbackRecords final : public RecordSource {
 public:
  using Callback = std::function<std::optional<Table>(double seconds, bool& ended)>;
  CallbackRecords(Callback callback, std::string name, bool live)
      : callback_(std::move(callback)), name_(std::move(name)), is_live_(live) {}

  std::optional<Table> next(double seconds) override {
    if (ended_) {
      return std::nullopt;
    }
    std::optional<Table> records = callback_(seconds, ended_);
    stats_.came(records ? records->rows() : 0);
    return records;
  }
  bool ended() const override { return ended_; }
  bool is_live() const override { return is_live_; }
  SourceStats stats() const override { return stats_.get(); }
  std::string describe() const override { return name_; }

 private:
  Callback callback_;
  std::string name_;
  bool is_live_;
  bool ended_ = false;
  SharedSourceStats stats_;
};

}  // namespace detail

NAD_INLINE RecordSource::~RecordSource() = default;

NAD_INLINE void RecordSource::go_to(std::string_view /*position*/) {
  throw Error(ErrorCode::invalid_argument, describe() +
                                               " cannot go back to where it was; begin anew without a "
                                               "position");
}

NAD_INLINE bool RecordSource::replay(std::string_view earlier, std::string_view /*later*/) {
  go_to(earlier);
  return true;
}

NAD_INLINE RecordQueue::RecordQueue(std::size_t most_tables, bool can_wait)
    : queue_(std::make_unique<detail::TableQueue>(most_tables, can_wait)) {}
NAD_INLINE RecordQueue::~RecordQueue() = default;
NAD_INLINE bool RecordQueue::push(Table records) { return queue_->push(std::move(records)); }
NAD_INLINE void RecordQueue::finish() { queue_->close(); }
NAD_INLINE std::optional<Table> RecordQueue::next(double seconds) { return queue_->pop(seconds); }
NAD_INLINE bool RecordQueue::ended() const { return queue_->ended(); }
NAD_INLINE SourceStats RecordQueue::stats() const { return {.records = queue_->records(), .lost = queue_->lost()}; }
NAD_INLINE std::string RecordQueue::describe() const { return "a queue of the program"; }

NAD_INLINE std::unique_ptr<RecordSource> callback_source(
    std::function<std::optional<Table>(double seconds, bool& ended)> callback) {
  return std::make_unique<detail::CallbackRecords>(std::move(callback), "a function of the program", true);
}

NAD_INLINE std::unique_ptr<RecordSource> table_source(std::vector<Table> tables) {
  auto next = [all = std::move(tables), place = std::size_t{0}](double, bool& ended) mutable -> std::optional<Table> {
    ended = place + 1 >= all.size();
    return place < all.size() ? std::optional(all[place++]) : std::nullopt;
  };
  return std::make_unique<detail::CallbackRecords>(std::move(next), "tables of the program", false);
}

NAD_INLINE std::unique_ptr<RecordSource> file_source(const std::filesystem::path& path, const SourceOptions& options) {
  return std::make_unique<detail::FileRecords>(path, options);
}

}  // namespace nad
