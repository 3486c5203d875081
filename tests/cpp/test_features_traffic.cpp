#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "nad/core/error.hpp"
#include "nad/features/traffic_features.hpp"
#include "nad/table/column_builder.hpp"
#include "nad/table/table.hpp"

namespace {

using tests::message_of;

const double missing = std::numeric_limits<double>::quiet_NaN();

nad::Table with_numbers(const nad::Table& table, const std::string& name, const std::vector<double>& values) {
  nad::ColumnBuilder builder(nad::ColumnType::number);
  for (const double value : values) {
    builder.add_number(value);
  }
  return table.with({name, nad::ColumnType::number}, builder.finish());
}

/// A column of categories; an empty text is a missing value.
nad::Table with_texts(const nad::Table& table, const std::string& name, const std::vector<std::string>& values) {
  nad::ColumnBuilder builder(nad::ColumnType::category);
  for (const std::string& value : values) {
    if (value.empty()) {
      builder.add_missing();
    } else {
      builder.add_text(value);
    }
  }
  return table.with({name, nad::ColumnType::category}, builder.finish());
}

nad::Table applied(const nad::Table& table) {
  nad::TrafficFeatures step;
  step.fit(table);
  step.check_learned();
  return step.apply(table, nullptr);
}

std::vector<std::string> formatted(const nad::Column& column) {
  std::vector<std::string> values;
  for (std::size_t row = 0; row < column.size(); ++row) {
    values.push_back(column.format(row));
  }
  return values;
}

/// The names of the flags that a row has, "?" where they are missing.
std::string flags_of(const nad::Table& table, std::size_t row) {
  std::string set;
  for (const char* name : {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"}) {
    const std::string value = table[std::string("flags.") + name].format(row);
    set += value.empty() ? "?" : value == "true" ? std::string(set.empty() ? "" : " ") + name : "";
  }
  return set == "????????" ? "?" : set;
}

/// Each spelling with the flags that it means.
void check_flags(const std::string& column, const std::vector<std::pair<std::string, std::string>>& spellings) {
  std::vector<std::string> texts;
  texts.reserve(spellings.size());
  for (const auto& spelling : spellings) {
    texts.push_back(spelling.first);
  }
  const nad::Table more = applied(with_texts(nad::Table(), column, texts));
  for (std::size_t row = 0; row < texts.size(); ++row) {
    INFO(texts[row]);
    CHECK(flags_of(more, row) == spellings[row].second);
  }
}

}  // namespace

TEST_CASE("amounts give rates and shares that are always finite") {
  const double infinite = std::numeric_limits<double>::infinity();
  nad::Table flows = with_numbers(nad::Table(), "duration", {2, 0, 1, missing, 4, infinite, 1});
  flows = with_numbers(flows, "bytes_sent", {300, 10, 0, 1, -5, 1, 1e308});
  flows = with_numbers(flows, "bytes_received", {100, 0, 0, 1, 20, 1, 1e308});
  flows = with_numbers(flows, "packets_sent", {3, 1, 0, 1, 1, 1, 1});
  flows = with_numbers(flows, "packets_received", {1, 0, 0, 1, 4, missing, 1});
  const nad::Table more = applied(flows);
  CHECK(formatted(more["bytes_sent_per_packet"]) ==
        std::vector<std::string>{"100", "10", "0", "1", "0", "1", "1e+308"});
  CHECK(formatted(more["bytes_received_per_packet"]) ==
        std::vector<std::string>{"100", "0", "0", "1", "5", "", "1e+308"});
  CHECK(formatted(more["bytes_per_second"]) ==
        std::vector<std::string>{"200", "10000", "0", "", "5", "", "1.7976931348623157e+308"});
  CHECK(formatted(more["packets_per_second"]) == std::vector<std::string>{"2", "1000", "0", "", "1.25", "", "2"});
  CHECK(formatted(more["bytes_ratio"]) == std::vector<std::string>{"0.75", "1", "0.5", "0.5", "0", "0.5", "0.5"});
  CHECK(formatted(more["packets_ratio"]) == std::vector<std::string>{"0.75", "1", "0.5", "0.5", "0.2", "", "0.5"});
  CHECK(formatted(more["packet_size_class"]) ==
        std::vector<std::string>{"small", "tiny", "tiny", "tiny", "tiny", "", "jumbo"});
  CHECK_FALSE(more.has("flags.syn"));
  CHECK_FALSE(more.has("state.class"));
  CHECK(more.columns() == flows.columns() + 7);

  nad::TrafficFeatures slow{.shortest_duration = 10};
  slow.fit(flows);
  CHECK(slow.apply(flows, nullptr)["bytes_per_second"].numbers()[0] == 40.0);
  slow.shortest_duration = 0;
  CHECK(message_of([&] { slow.apply(flows, nullptr); }).find("above 0") != std::string::npos);
}

TEST_CASE("what training has is what is read") {
  const nad::Table flows = with_numbers(with_numbers(nad::Table(), "bytes_sent", {1, 1500}), "duration", {1, 1});
  nad::TrafficFeatures step;
  CHECK(step.inputs().size() == 9);
  CHECK(message_of([&] { step.apply(flows, nullptr); }).find("call fit()") != std::string::npos);
  step.fit(flows);
  CHECK(step.inputs() == std::vector<std::string>{"duration", "bytes_sent"});
  const nad::Table more = step.apply(flows, nullptr);
  CHECK(more.columns() == 3);  // and no ratio, as nothing is known of the other direction
  CHECK(more["bytes_per_second"].numbers()[1] == 1500.0);
  CHECK(message_of([&] { step.apply(flows.rename("duration", "durration"), nullptr); }) ==
        "there is no column 'duration'; did you mean 'durration'?");
  CHECK(message_of([&] {
          step.apply(with_texts(flows, "duration", {"a", "b"}), nullptr);
        }).find("'duration' is of type category") != std::string::npos);

  CHECK(formatted(applied(
            with_numbers(nad::Table(), "packet_size", {64, 65, 1024, 1518, 9000, missing}))["packet_size_class"]) ==
        std::vector<std::string>{"tiny", "small", "medium", "full", "jumbo", ""});
  nad::TrafficFeatures damaged = step;
  damaged.learned.flags_from = "flags";
  CHECK(message_of([&] { damaged.check_learned(); }).find("damaged") != std::string::npos);
}

TEST_CASE("flags are read in every spelling") {
  check_flags("flags", {{"SYN,ACK", "syn ack"},
                        {"[SYN, ACK]", "syn ack"},
                        {"fin|psh|urg", "fin psh urg"},
                        {"ECE", "ece"},
                        {"SYN, ECN, CWR", "syn ece cwr"},
                        {"<None>", ""},
                        {"S", "syn"},
                        {"SA", "syn ack"},
                        {"fpu", "fin psh urg"},
                        {".A..S.", "syn ack"},
                        {"...AP.SF", "fin syn psh ack"},
                        {"........", ""},
                        {"S_RA", "syn rst ack"},
                        {"0x12", "syn ack"},
                        {"0X1b", "fin syn psh ack"},
                        {"0xC2", "syn ece cwr"},
                        {"18", "syn ack"},
                        {"0", ""},
                        {"-", "?"},
                        {"", "?"},
                        {"1b", "?"},
                        {"established", "?"},
                        {"99999", "?"},
                        {"0x", "?"}});
  check_flags("history", {{"ShADadFf", "fin syn ack"},
                          {"S", "syn"},
                          {"Sr", "syn rst"},
                          {"Dd", ""},
                          {"^hCcGTw", "syn ack"},
                          {"I", "fin rst"},
                          {"Q", "syn"},
                          {"SYN", "?"},
                          {"", "?"}});
  check_flags("state", {{"S_RA", "syn rst ack"}, {"CON", "?"}, {"FSPA_FSPA", "fin syn psh ack"}});
  CHECK_FALSE(applied(with_texts(nad::Table(), "state", {"SF", "S0"})).has("flags.syn"));
  // with both, flags tell and history is not asked for
  nad::TrafficFeatures step;
  step.fit(with_texts(with_texts(nad::Table(), "history", {"S"}), "flags", {"A"}));
  CHECK(step.inputs() == std::vector<std::string>{"flags"});
  CHECK(flags_of(applied(with_numbers(nad::Table(), "flags", {18})), 0) == "syn ack");
}

TEST_CASE("states of all sources fall into five classes") {
  const std::vector<std::pair<std::string, std::string>> states = {{"S0", "half_open"},
                                                                   {"S1", "established"},
                                                                   {"SF", "established"},
                                                                   {"REJ", "rejected"},
                                                                   {"S2", "established"},
                                                                   {"S3", "established"},
                                                                   {"RSTO", "reset"},
                                                                   {"RSTR", "reset"},
                                                                   {"RSTOS0", "half_open"},
                                                                   {"RSTRH", "other"},
                                                                   {"SH", "half_open"},
                                                                   {"SHR", "other"},
                                                                   {"OTH", "other"},
                                                                   {"new", "half_open"},
                                                                   {"closed", "established"},
                                                                   {"syn_sent", "half_open"},
                                                                   {"fin_wait2", "established"},
                                                                   {"S_", "half_open"},
                                                                   {"S_RA", "rejected"},
                                                                   {"SPA_SPA", "established"},
                                                                   {"SRPA_SRPA", "reset"},
                                                                   {"S_SA", "half_open"},
                                                                   {"PA_PA", "other"},
                                                                   {"CON", "established"},
                                                                   {"REQ", "half_open"},
                                                                   {"REJECT", "rejected"},
                                                                   {"ACCEPT", "other"},
                                                                   {"nonsense", "other"},
                                                                   {"FSA_", "half_open"},
                                                                   {"", ""}};
  std::vector<std::string> texts;
  std::vector<std::string> classes;
  for (const auto& [text, expected] : states) {
    texts.push_back(text);
    classes.push_back(expected);
  }
  const nad::Table table = with_texts(nad::Table(), "state", texts);
  const nad::Table more = applied(table);
  CHECK(formatted(more["state.class"]) == classes);
  nad::TrafficFeatures step;
  step.fit(table);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    CHECK(step.apply(table.slice(row, 1), nullptr)["state.class"].format(0) == classes[row]);
  }
}
