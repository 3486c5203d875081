#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "nad/core/error.hpp"
#include "nad/core/random.hpp"
#include "nad/features/host_windows.hpp"
#include "nad/source/read.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/table.hpp"
#include "nad/table/time.hpp"
#include "shared_data.hpp"

namespace {

using tests::message_of;

struct Record {
  double time = 0;
  std::uint32_t dst = 0;
  int dst_port = 0;
  int src_port = 0;
  std::string protocol = "tcp";
  std::string state = "SF";
};

nad::Table table_of(const std::vector<Record>& records) {
  nad::ColumnBuilder time(nad::ColumnType::time);
  nad::ColumnBuilder dst(nad::ColumnType::address);
  nad::ColumnBuilder dst_port(nad::ColumnType::integer);
  nad::ColumnBuilder src_port(nad::ColumnType::integer);
  nad::ColumnBuilder protocol(nad::ColumnType::category);
  nad::ColumnBuilder state(nad::ColumnType::category);
  for (const Record& record : records) {
    time.add_time(std::llround(record.time * 1e9));
    dst.add_address(nad::Address::v4(record.dst));
    dst_port.add_integer(record.dst_port);
    src_port.add_integer(record.src_port);
    protocol.add_text(record.protocol);
    state.add_text(record.state);
  }
  return {nad::Schema({{"timestamp", nad::ColumnType::time},
                       {"dst_ip", nad::ColumnType::address},
                       {"dst_port", nad::ColumnType::integer},
                       {"src_port", nad::ColumnType::integer},
                       {"protocol", nad::ColumnType::category},
                       {"state", nad::ColumnType::category}}),
          {time.finish(), dst.finish(), dst_port.finish(), src_port.finish(), protocol.finish(), state.finish()}};
}

const std::array<std::string, 19> names = {"count",
                                           "srv_count",
                                           "serror_rate",
                                           "srv_serror_rate",
                                           "rerror_rate",
                                           "srv_rerror_rate",
                                           "same_srv_rate",
                                           "diff_srv_rate",
                                           "srv_diff_host_rate",
                                           "dst_host_count",
                                           "dst_host_srv_count",
                                           "dst_host_same_srv_rate",
                                           "dst_host_diff_srv_rate",
                                           "dst_host_same_src_port_rate",
                                           "dst_host_srv_diff_host_rate",
                                           "dst_host_serror_rate",
                                           "dst_host_srv_serror_rate",
                                           "dst_host_rerror_rate",
                                           "dst_host_srv_rerror_rate"};

using Row = std::array<double, 19>;

/// The definitions word by word: walks through the windows again for every record.
class Reference {
 public:
  explicit Reference(nad::HostWindows step) : step_(std::move(step)) {}

  Row add(Record record) {
    record.time = std::max(record.time, newest_);
    newest_ = record.time;
    recent_.push_back(record);
    std::deque<Record>& host = hosts_[record.dst];
    host.push_back(record);
    while (recent_.size() > step_.most || recent_.front().time <= record.time - step_.seconds) {
      recent_.pop_front();
    }
    if (host.size() > step_.host_records) {
      host.pop_front();
    }
    Row row = {};
    const auto fill = [&](const std::deque<Record>& window, const std::array<std::size_t, 9>& at) {
      const auto same_service = [&](const Record& r) {
        return r.dst_port == record.dst_port && r.protocol == record.protocol;
      };
      double of_host = 0;
      double of_service = 0;
      std::array<double, 5> hits = {};
      std::set<std::pair<int, std::string>> services;
      std::set<std::uint32_t> hosts;
      for (const Record& r : window) {
        const bool syn = r.protocol == "tcp" && (r.state == "S0" || r.state == "SH" || r.state == "S1");
        const bool refused = r.protocol == "tcp" && (r.state == "REJ" || r.state == "RSTR");
        if (r.dst == record.dst) {
          ++of_host;
          hits[0] += syn ? 1 : 0;
          hits[1] += refused ? 1 : 0;
          hits[2] += same_service(r) ? 1 : 0;
          services.insert({r.dst_port, r.protocol});
        }
        if (same_service(r)) {
          ++of_service;
          hits[3] += syn ? 1 : 0;
          hits[4] += refused ? 1 : 0;
          hosts.insert(r.dst);
        }
      }
      const double different = services.size() > 1 ? static_cast<double>(services.size()) : 0.0;
      const double foreign = hosts.size() > 1 ? static_cast<double>(hosts.size()) : 0.0;
      const std::array<double, 9> values = {of_host,
                                            of_service,
                                            hits[0] / of_host,
                                            hits[3] / of_service,
                                            hits[1] / of_host,
                                            hits[4] / of_service,
                                            hits[2] / of_host,
                                            different / of_host,
                                            foreign / of_service};
      for (std::size_t i = 0; i < values.size(); ++i) {
        row[at[i]] = values[i];
      }
    };
    fill(recent_, {0, 1, 2, 3, 4, 5, 6, 7, 8});
    fill(host, {9, 10, 15, 16, 17, 18, 11, 12, 14});
    const auto same_port = [&](const Record& r) { return r.src_port == record.src_port; };
    row[13] =
        static_cast<double>(std::count_if(host.begin(), host.end(), same_port)) / static_cast<double>(host.size());
    return row;
  }

 private:
  nad::HostWindows step_;
  double newest_ = -1e18;
  std::deque<Record> recent_;
  std::map<std::uint32_t, std::deque<Record>> hosts_;
};

/// A stream in eighths of a second, so that moments meet exactly; now and then the clock steps back a little.
std::vector<Record> random_stream(std::size_t rows, std::uint64_t seed) {
  const std::array<std::string, 7> states = {"SF", "S0", "REJ", "RSTR", "SH", "OTH", "S1"};
  nad::Random random(seed);
  std::vector<Record> records;
  double time = 1e6;
  for (std::size_t row = 0; row < rows; ++row) {
    time += random.below(4) == 0 ? static_cast<double>(random.below(10)) / 8 : 0.0;
    const bool late = random.below(20) == 0;
    const bool flood = random.below(3) == 0;
    records.push_back({late ? time - static_cast<double>(random.below(40)) / 8 : time,
                       flood ? 7U : static_cast<std::uint32_t>(random.below(5)),
                       static_cast<int>(flood ? 80 : random.below(random.below(2) == 0 ? 3 : 60)),
                       static_cast<int>(random.below(30)), random.below(4) == 0 ? "udp" : "tcp",
                       states[random.below(states.size())]});
  }
  return records;
}

Row row_of(const nad::Table& table, std::size_t row) {
  Row values = {};
  for (std::size_t i = 0; i < names.size(); ++i) {
    table[names[i]].copy_numbers(row, {&values[i], 1});
  }
  return values;
}

}  // namespace

TEST_CASE("every window agrees with the definitions on random streams") {
  const std::vector<nad::HostWindows> steps = {{},
                                               {.seconds = 1.0, .most = 20, .host_records = 9},
                                               {.seconds = 100, .most = 1, .host_records = 1},
                                               {.seconds = 0.125, .most = 300, .host_records = 40}};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::vector<Record> stream = random_stream(1500, i);
    const nad::Table more = steps[i].apply(table_of(stream), nullptr);
    REQUIRE(more.columns() == 6 + names.size());
    Reference reference(steps[i]);
    for (std::size_t row = 0; row < stream.size(); ++row) {
      const Row expected = reference.add(stream[row]);
      const Row found = row_of(more, row);
      REQUIRE_MESSAGE(found == expected, "stream " << i << ", row " << row);
    }
  }
}

TEST_CASE("a stream in pieces gives what the whole gives") {
  const nad::Table whole = table_of(random_stream(400, 9));
  const nad::HostWindows step{.seconds = 1, .most = 50, .host_records = 20, .most_hosts = 4};
  const nad::Table expected = step.apply(whole, nullptr);
  for (const std::size_t piece : {1U, 7U, 399U}) {
    const auto state = step.begin();
    for (std::size_t first = 0; first < whole.rows(); first += piece) {
      const std::size_t count = std::min<std::size_t>(piece, whole.rows() - first);
      const nad::Table part = step.apply(whole.slice(first, count), state.get());
      for (std::size_t row = 0; row < count; ++row) {
        REQUIRE(row_of(part, row) == row_of(expected, first + row));
      }
    }
    CHECK(step.forgotten(*state) > 0);
  }
}

TEST_CASE("a scan of many hosts does not grow the memory") {
  const nad::HostWindows step{.most_hosts = 100};
  const auto state = step.begin();
  std::vector<Record> scan;
  for (std::uint32_t host = 0; host < 3000; ++host) {
    scan.push_back({host * 0.01, host % 50 == 0 ? 0 : host, 80, 1000, "tcp", "S0"});
  }
  const nad::Table more = step.apply(table_of(scan), state.get());
  CHECK(step.forgotten(*state) == 3000 - 59 - 100);  // host 0 comes 60 times and stays
  CHECK(row_of(more, 2950)[9] == 60.0);
  CHECK(row_of(more, 2951)[9] == 1.0);
  CHECK(row_of(more, 2999)[1] == 200.0);
  CHECK(row_of(more, 2999)[8] == 197.0 / 200.0);  // host 0 is four of them
  // the first host after 0 was forgotten: it begins anew
  const nad::Table again = step.apply(table_of({{30, 1, 80, 1000, "tcp", "S0"}}), state.get());
  CHECK(row_of(again, 0)[9] == 1.0);
}

TEST_CASE("a wrong clock does not stop the window for ever") {
  std::vector<Record> records = {{1e9, 1, 80, 1, "tcp", "SF"}};  // one record from the future
  for (int row = 0; row < 2000; ++row) {
    records.push_back({10.0 * row, 1, 80, 1, "tcp", "SF"});
  }
  const nad::Table more = nad::HostWindows{}.apply(table_of(records), nullptr);
  CHECK(row_of(more, 500)[0] == 501.0);  // all of them count as of the same moment
  CHECK(row_of(more, 1999)[0] == 1.0);
}

TEST_CASE("what is missing is not counted, and what there is not is left out") {
  nad::Table table = table_of({{1, 1, 80, 1, "tcp", "S0"}, {1, 1, 80, 1, "tcp", "S0"}, {1, 1, 80, 1, "udp", "S0"}});
  nad::ColumnBuilder dst(nad::ColumnType::address);
  dst.add_address(nad::Address::v4(1));
  dst.add_missing();
  dst.add_address(nad::Address::v4(1));
  table = table.with({"dst_ip", nad::ColumnType::address}, dst.finish());
  const nad::Table more = nad::HostWindows{}.apply(table, nullptr);
  CHECK(more["count"].is_missing(1));
  CHECK(more["dst_host_rerror_rate"].is_missing(1));
  CHECK(more["count"].integers()[2] == 2);
  CHECK(more["serror_rate"].numbers()[2] == 0.5);  // the unanswered datagram is no error
  CHECK(more["diff_srv_rate"].numbers()[2] == 1.0);

  const nad::HostWindows bare{.src_port = "", .protocol = "", .state = ""};
  CHECK(bare.inputs() == std::vector<std::string>{"timestamp", "dst_ip", "dst_port"});
  const nad::Table few = bare.apply(table.select({"timestamp", "dst_ip", "dst_port"}), nullptr);
  CHECK(few.columns() == 3 + names.size() - 9);
  CHECK_FALSE(few.has("dst_host_same_src_port_rate"));
  CHECK_FALSE(few.has("srv_rerror_rate"));
  CHECK(few["same_srv_rate"].numbers()[2] == 1.0);  // without a protocol the ports are the same

  CHECK(nad::HostWindows{.rounded = true}
            .apply(table_of({{1, 1, 80, 1}, {1, 1, 81, 1}, {1, 1, 81, 1}}), nullptr)["same_srv_rate"]
            .numbers()[2] == 0.67);
  CHECK(message_of([&] { nad::HostWindows{}.apply(table.rename("dst_ip", "dts_ip"), nullptr); }) ==
        "there is no column 'dst_ip'; did you mean 'dts_ip'?");
  CHECK(message_of([&] { nad::HostWindows{.seconds = 0}.apply(table, nullptr); }).find("above 0") != std::string::npos);
  CHECK(message_of([&] { nad::HostWindows{.host_records = 65536}.begin(); }).find("65535") != std::string::npos);
  CHECK(message_of([&] { nad::HostWindows{.most = 0}.begin(); }).find("most must") != std::string::npos);
}

TEST_CASE("records that are alone in their window have the rates of the published file") {
  const auto path = shared_data("kdd99/kddcup.data_10_percent.gz");
  if (!path) {
    return;
  }
  const nad::Table kdd = nad::read(*path);
  const nad::Column& count = kdd["count"];
  const nad::Column& protocol = kdd["protocol_type"];
  const nad::Column& flag = kdd["flag"];
  // each as the only record of its host, service and time
  const std::array<std::string, 7> alone = {"serror_rate",   "srv_serror_rate", "rerror_rate",       "srv_rerror_rate",
                                            "same_srv_rate", "diff_srv_rate",   "srv_diff_host_rate"};
  std::vector<Record> records;
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < kdd.rows(); ++row) {
    if (count.integers()[row] == 1 && kdd["srv_count"].integers()[row] == 1) {
      const auto i = static_cast<std::uint32_t>(rows.size());
      records.push_back(
          {i * 10.0, i, static_cast<int>(i), 1, std::string(protocol.text(row)), std::string(flag.text(row))});
      rows.push_back(row);
    }
  }
  REQUIRE(rows.size() > 20000);
  const nad::Table more = nad::HostWindows{.host_records = 1}.apply(table_of(records), nullptr);
  std::size_t different = 0;
  for (const std::string& name : alone) {
    std::vector<double> published(kdd.rows());
    kdd[name].copy_numbers(0, published);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      different += more[name].numbers()[i] == published[rows[i]] ? 0U : 1U;
    }
  }
  CHECK(different == 0);
}
