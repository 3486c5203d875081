#pragma once

// Small fitted pipelines that have every step and every part between them, for the tests and fuzzers of their files.

#include <nad/nad.hpp>

#include <sstream>
#include <string>
#include <vector>

namespace pipeline_samples {

/// Flows of a few hosts; some values are missing.
inline nad::Table flows(std::size_t rows = 24, std::uint64_t seed = 5) {
  nad::Random random(seed);
  std::string text =
      "timestamp,src_ip,dst_ip,src_port,dst_port,protocol,packet_size,duration,flags,bytes_sent,bytes_received,"
      "packets_sent,packets_received,is_anomaly\n";
  const char* const protocols[] = {"tcp", "udp", "icmp"};
  const char* const flags[] = {"S", "SA", "FSPA", ""};
  for (std::size_t row = 0; row < rows; ++row) {
    const auto number = [&](std::uint64_t below) { return std::to_string(random.below(below)); };
    text += std::to_string(1767571200 + row * 7) + ",10.0.0." + number(5) + ",192.0.2." + number(4) + "," +
            std::to_string(1024 + random.below(9000)) + "," + (row % 3 == 0 ? "80" : "53") + "," +
            protocols[random.below(3)] + "," + std::to_string(40 + random.below(1400)) + ",0." + number(999) + "," +
            flags[random.below(4)] + "," + (row % 7 == 3 ? "" : number(9000)) + "," + number(90000) + "," + number(9) +
            "," + number(9) + "," + (row % 10 == 0 ? "1" : "0") + "\n";
  }
  std::istringstream stream(text);
  return nad::read(stream, {.format = "flow_csv"});
}

/// Between them every kind of step.
inline std::vector<std::vector<nad::FeatureStep>> steps() {
  return {
      {nad::LeaveOut{.columns = nad::ColumnChoice({"src_port"}), .reason = "a number that is a name"},
       nad::TimeParts{.utc_offset = 1.0}, nad::AddressFeatures{.most_prefixes = 2}, nad::PortFeatures{},
       nad::TrafficFeatures{}, nad::Impute{.indicator = true}, nad::DropConstant{}, nad::OneHot{.max_categories = 2},
       nad::Novelty{.weight = 3.0}, nad::Log1p{}, nad::Standardise{.clip = 10.0}},
      {nad::LeaveOut{.columns = nad::ColumnChoice::all_but({"bytes_sent", "bytes_received", "duration", "flags"})},
       nad::Impute{.with = nad::Impute::With::mean}, nad::Hashing{.features = 3}, nad::Clip{.low = 0.1, .high = 0.9},
       nad::QuantileScale{.quantiles = 4, .normal = true}, nad::UnitLength{}, nad::Pca{.components = 2}, nad::MinMax{}},
      {nad::HostWindows{.most_hosts = 9, .state = ""},
       nad::RollingWindows{.keys = {"src_ip", "dst_ip"},
                           .columns = {"bytes_sent"},
                           .functions = {nad::Rolling::maximum, nad::Rolling::count},
                           .distinct = {"dst_port"},
                           .rows = 4,
                           .most_rows = 16},
       nad::Impute{}, nad::Ordinal{.columns = nad::ColumnChoice({"protocol"})}, nad::Frequency{}, nad::RobustScale{}},
      {nad::DropMissing{.columns = nad::ColumnChoice({"bytes_sent"})},
       nad::DropDuplicates{.columns = nad::ColumnChoice({"src_ip", "dst_port"})}, nad::Impute{}, nad::OneHot{},
       nad::Standardise{}},
      {nad::Impute{}, nad::OneHot{.max_categories = 2}, nad::Novelty{}, nad::View{"far"}, nad::Log1p{},
       nad::Standardise{.clip = 10.0}, nad::View{"rare"}, nad::DropConstant{}, nad::RankScale{.quantiles = 5}}};
}

inline std::vector<nad::FeaturePipeline> small_pipelines() {
  std::vector<nad::FeaturePipeline> pipelines;
  for (std::vector<nad::FeatureStep>& of_one : steps()) {
    pipelines.emplace_back(std::move(of_one)).fit(flows());
  }
  return pipelines;
}

/// A pipeline that was loaded from anything must survive everything that can be done to it.
inline void use(const nad::FeaturePipeline& pipeline) {
  std::vector<nad::Column> columns;
  for (const nad::Field& field : pipeline.inputs()) {
    nad::ColumnBuilder builder(field.type);
    for (int row = 0; row < 5; ++row) {
      switch (field.type) {
        case nad::ColumnType::number:
          builder.add_number(row * 7.5 - 3.0);
          break;
        case nad::ColumnType::integer:
          builder.add_integer(row * 40);
          break;
        case nad::ColumnType::category:
        case nad::ColumnType::text:
          builder.add_text(row % 2 == 0 ? "tcp" : "SA");
          break;
        case nad::ColumnType::time:
          builder.add_time(row * nad::nanoseconds_per_second);
          break;
        case nad::ColumnType::address:
          builder.add_address(*nad::Address::parse(row % 2 == 0 ? "10.0.0.1" : "2001:db8::1"));
          break;
        case nad::ColumnType::boolean:
          builder.add_boolean(row % 2 == 0);
          break;
      }
    }
    builder.add_missing();
    columns.push_back(builder.finish());
  }
  const nad::Table table(pipeline.inputs(), columns);
  if (pipeline.features().size() < 4096) {
    static_cast<void>(pipeline.transform(table));
    nad::FeatureStream stream(pipeline);
    static_cast<void>(stream.next());
    static_cast<void>(stream.push(table));
  }
  static_cast<void>(pipeline.to_string());
  static_cast<void>(pipeline.ignored(table));
  static_cast<void>(nad::load_bytes<nad::FeaturePipeline>(nad::save_bytes(pipeline)));
}

}  // namespace pipeline_samples
