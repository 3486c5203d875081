#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "nad/features/derived_columns-inl.hpp"
#include "nad/features/host_windows.hpp"
#include "nad/flow/host_counters-inl.hpp"

namespace nad {

namespace detail {

class HostWindowsState final : public StepState {
 public:
  explicit HostWindowsState(const HostWindows& step)
      : counters_(step.seconds, step.most, step.host_records, step.most_hosts) {}

  HostCounters::Counts add(const HostRecord& record) { return counters_.add(record); }
  std::uint64_t forgotten() const noexcept { return counters_.forgotten(); }

 private:
  HostCounters counters_;
};

inline void check(const HostWindows& step) {
  constexpr double longest = 1e9;
  const auto require = [](bool sound, const char* what) {
    if (!sound) {
      throw Error(ErrorCode::invalid_argument, std::string("host_windows: ") + what);
    }
  };
  require(is_finite(step.seconds) && step.seconds > 0.0 && step.seconds <= longest, "seconds must be above 0, to 1e9");
  require(step.most > 0 && step.most <= 0x7fffffffU, "most must be 1 to 2147483647");
  require(step.host_records > 0 && step.host_records <= 65535, "host_records must be 1 to 65535");
  require(step.most_hosts > 0 && step.most_hosts <= 0x7fffffffU, "most_hosts must be 1 to 2147483647");
}

/// Reads the records of a table block by block.
class HostRecordReader {
 public:
  static constexpr std::size_t block = 1024;

  HostRecordReader(const Table& table, const HostWindows& step)
      : moments_(&moment_column(table, step.time, HostWindows::kind)),
        host_(table[step.dst]),
        port_(table[step.dst_port]) {
    if (!step.src_port.empty()) {
      src_port_.emplace(table[step.src_port]);
    }
    if (!step.protocol.empty()) {
      protocol_.emplace(table[step.protocol]);
      is_tcp_.emplace(table[step.protocol], &is_tcp);
    }
    if (!step.state.empty()) {
      states_.emplace(table[step.state], &connection_state);
    }
    const std::size_t rows = std::min(block, table.rows());
    time_values_.resize(rows);
    for (std::vector<RecordKey>* keys : {&hosts_, &ports_, &protocols_, &src_ports_}) {
      keys->resize(rows);
    }
  }

  /// Calls `visit(row, record)` for every row, `visit(row, nullptr)` where the record cannot be placed.
  template <class Visit>
  void for_each(std::size_t rows, Visit&& visit) {
    for (std::size_t first = 0; first < rows; first += block) {
      const std::size_t count = std::min(block, rows - first);
      read_moments(*moments_, first, std::span(time_values_).first(count));
      host_.read(first, std::span(hosts_).first(count));
      port_.read(first, std::span(ports_).first(count));
      read_if(protocol_, first, std::span(protocols_).first(count));
      read_if(src_port_, first, std::span(src_ports_).first(count));
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t row = first + i;
        if (time_values_[i] == no_moment || hosts_[i] == missing_key) {
          visit(row, nullptr);
          continue;
        }
        const HostRecord record = {time_values_[i], hosts_[i], ports_[i], protocols_[i], src_ports_[i], error_of(row)};
        visit(row, &record);
      }
    }
  }

 private:
  static bool is_tcp(std::string_view protocol) { return protocol == "tcp" || protocol == "TCP" || protocol == "6"; }

  static void read_if(const std::optional<KeyReader>& reader, std::size_t first, std::span<RecordKey> out) {
    if (reader) {
      reader->read(first, out);
    }
  }

  StateError error_of(std::size_t row) const {
    const bool other_protocol = is_tcp_ && !is_tcp_->is_missing(row) && !(*is_tcp_)[row];
    return !states_ || states_->is_missing(row) || other_protocol ? StateError::none : (*states_)[row].error;
  }

  const Column* moments_;
  KeyReader host_;
  KeyReader port_;
  std::optional<KeyReader> src_port_;
  std::optional<KeyReader> protocol_;
  std::optional<MappedTexts<bool (*)(std::string_view)>> is_tcp_;
  std::optional<MappedTexts<ConnectionState (*)(std::string_view)>> states_;
  std::vector<std::int64_t> time_values_;
  std::vector<RecordKey> hosts_;
  std::vector<RecordKey> ports_;
  std::vector<RecordKey> protocols_;
  std::vector<RecordKey> src_ports_;
};

/// The columns of one of the two windows; those that a table cannot have are null.
class WindowColumns {
 public:
  /// `host` and `service` begin the names of what counts by destination and by service.
  WindowColumns(AddedColumns& added, const HostWindows& step, const std::string& host, const std::string& service)
      : rounded_(step.rounded) {
    host_count_ = &added.add(host + "count", ColumnType::integer);
    service_count_ = &added.add(service + "count", ColumnType::integer);
    const auto add_errors = [&] {
      serror_ = added.add_numbers(host + "serror_rate");
      service_serror_ = added.add_numbers(service + "serror_rate");
      rerror_ = added.add_numbers(host + "rerror_rate");
      service_rerror_ = added.add_numbers(service + "rerror_rate");
    };
    const bool of_time = host.empty();  // the published order has the errors first there, and last for the host
    if (of_time && !step.state.empty()) {
      add_errors();
    }
    same_service_ = added.add_numbers(host + "same_srv_rate");
    different_services_ = added.add_numbers(host + "diff_srv_rate");
    if (!of_time && !step.src_port.empty()) {
      same_src_port_ = added.add_numbers(host + "same_src_port_rate");
    }
    different_hosts_ = added.add_numbers(service + "diff_host_rate");
    if (!of_time && !step.state.empty()) {
      add_errors();
    }
  }

  void write(std::size_t row, const WindowCounts& counts) {
    host_count_->add_integer(counts.host);
    service_count_->add_integer(counts.service);
    put(serror_, row, counts.host_errors.serror, counts.host);
    put(service_serror_, row, counts.service_errors.serror, counts.service);
    put(rerror_, row, counts.host_errors.rerror, counts.host);
    put(service_rerror_, row, counts.service_errors.rerror, counts.service);
    put(same_service_, row, counts.same_service, counts.host);
    put(different_services_, row, counts.services > 1 ? counts.services : 0, counts.host);
    put(same_src_port_, row, counts.same_src_port, counts.host);
    put(different_hosts_, row, counts.hosts > 1 ? counts.hosts : 0, counts.service);
  }

  void write_missing(std::size_t row) {
    host_count_->add_missing();
    service_count_->add_missing();
    for (double* out : {serror_, service_serror_, rerror_, service_rerror_, same_service_, different_services_,
                        same_src_port_, different_hosts_}) {
      if (out != nullptr) {
        out[row] = std::numeric_limits<double>::quiet_NaN();
      }
    }
  }

 private:
  void put(double* out, std::size_t row, std::uint32_t part, std::uint32_t all) const {
    if (out != nullptr) {
      const double share = static_cast<double>(part) / static_cast<double>(all);
      out[row] = rounded_ ? std::round(share * 100.0) / 100.0 : share;
    }
  }

  bool rounded_;
  ColumnBuilder* host_count_ = nullptr;
  ColumnBuilder* service_count_ = nullptr;
  double* serror_ = nullptr;
  double* service_serror_ = nullptr;
  double* rerror_ = nullptr;
  double* service_rerror_ = nullptr;
  double* same_service_ = nullptr;
  double* different_services_ = nullptr;
  double* same_src_port_ = nullptr;
  double* different_hosts_ = nullptr;
};

}  // namespace detail

NAD_INLINE std::unique_ptr<StepState> HostWindows::begin() const {
  detail::check(*this);
  return std::make_unique<detail::HostWindowsState>(*this);
}

NAD_INLINE std::vector<std::string> HostWindows::inputs() const {
  std::vector<std::string> names = {time, dst, dst_port};
  for (const std::string& name : {src_port, protocol, state}) {
    if (!name.empty()) {
      names.push_back(name);
    }
  }
  return names;
}

NAD_INLINE Table HostWindows::apply(const Table& table, StepState* seen) const {
  const detail::StateInUse<detail::HostWindowsState, HostWindows> windows(*this, seen);
  detail::HostRecordReader reader(table, *this);
  detail::AddedColumns added(table, kind);
  detail::WindowColumns of_time(added, *this, "", "srv_");
  detail::WindowColumns of_host(added, *this, "dst_host_", "dst_host_srv_");
  reader.for_each(table.rows(), [&](std::size_t row, const detail::HostRecord* record) {
    if (record == nullptr) {
      of_time.write_missing(row);
      of_host.write_missing(row);
      return;
    }
    const detail::HostCounters::Counts counts = windows->add(*record);
    of_time.write(row, counts.time);
    of_host.write(row, counts.host);
  });
  return added.finish();
}

NAD_INLINE std::uint64_t HostWindows::forgotten(const StepState& seen) const {
  const auto* windows = dynamic_cast<const detail::HostWindowsState*>(&seen);
  if (windows == nullptr) {
    throw Error(ErrorCode::invalid_argument,
                "the step host_windows was given the state of another; make it with begin()");
  }
  return windows->forgotten();
}

}  // namespace nad
