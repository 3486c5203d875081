#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "nad/nad.hpp"

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

nad::Column numbers(const std::vector<double>& values) {
  nad::ColumnBuilder builder(nad::ColumnType::number);
  for (const double value : values) {
    builder.add_number(value);
  }
  return builder.finish();
}

/// "" is missing.
nad::Column categories(const std::vector<std::string>& values) {
  nad::ColumnBuilder builder(nad::ColumnType::category);
  for (const std::string& value : values) {
    value.empty() ? builder.add_missing() : builder.add_text(value);
  }
  return builder.finish();
}

nad::Table table(std::vector<std::pair<std::string, nad::Column>> columns) {
  nad::Table result;
  for (auto& [name, column] : columns) {
    const nad::ColumnType type = column.type();
    result = result.with({name, type}, std::move(column));
  }
  return result;
}

std::vector<float> column_of(const nad::Matrix& x, std::size_t column) {
  std::vector<float> values;
  for (std::size_t row = 0; row < x.rows(); ++row) {
    values.push_back(x(row, column));
  }
  return values;
}

std::vector<std::string> names_of(const nad::FeaturePipeline& pipeline) {
  std::vector<std::string> names;
  for (const nad::FeatureInfo& feature : pipeline.features()) {
    names.push_back(feature.name);
  }
  return names;
}

std::vector<float> fitted(const nad::FeatureStep& step, const std::vector<double>& values) {
  nad::FeaturePipeline pipeline({step});
  return column_of(pipeline.fit_transform(table({{"x", numbers(values)}})), 0);
}

void check_close(const std::vector<float>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(static_cast<double>(found[i]) == doctest::Approx(expected[i]).epsilon(1e-6));
  }
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const nad::Error& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Records of every kind of input, some of them odd.
nad::Table traffic(std::size_t rows, std::uint64_t seed) {
  nad::Random random(seed);
  std::vector<double> duration;
  std::vector<double> bytes;
  std::vector<std::string> service;
  std::vector<std::string> flag;
  nad::ColumnBuilder local(nad::ColumnType::boolean);
  nad::ColumnBuilder count(nad::ColumnType::integer);
  for (std::size_t row = 0; row < rows; ++row) {
    duration.push_back(random.below(10) == 0 ? missing : std::exp(3.0 * random.normal()));
    bytes.push_back(std::floor(std::exp(6.0 + 2.0 * random.normal())));
    service.push_back(random.below(20) == 0 ? "" : "service " + std::to_string(random.below(9)));
    flag.push_back(random.below(2) == 0 ? "SF" : "S0");
    local.add_boolean(random.below(2) == 0);
    count.add_integer(static_cast<std::int64_t>(random.below(511)));
  }
  return table({{"duration", numbers(duration)},
                {"bytes", numbers(bytes)},
                {"service", categories(service)},
                {"flag", categories(flag)},
                {"local", local.finish()},
                {"count", count.finish()}});
}

/// Connections of some hosts over some minutes.
nad::Table flow_table(std::size_t rows) {
  nad::Random random(9);
  nad::ColumnBuilder time(nad::ColumnType::time);
  nad::ColumnBuilder src(nad::ColumnType::address);
  nad::ColumnBuilder dst(nad::ColumnType::address);
  nad::ColumnBuilder src_port(nad::ColumnType::integer);
  nad::ColumnBuilder dst_port(nad::ColumnType::integer);
  nad::ColumnBuilder bytes(nad::ColumnType::integer);
  std::vector<double> duration;
  std::vector<std::string> protocol;
  std::vector<std::string> state;
  std::int64_t now = 1'700'000'000 * nad::nanoseconds_per_second;
  for (std::size_t row = 0; row < rows; ++row) {
    now += static_cast<std::int64_t>(random.below(900'000'000));
    time.add_time(now);
    src.add_address(nad::Address::v4(0x0a000000U + static_cast<std::uint32_t>(random.below(5))));
    dst.add_address(nad::Address::v4(0xc6336400U + static_cast<std::uint32_t>(random.below(3))));
    src_port.add_integer(static_cast<std::int64_t>(1024 + random.below(60000)));
    dst_port.add_integer(random.below(2) == 0 ? 80 : 443);
    random.below(15) == 0 ? bytes.add_missing() : bytes.add_integer(static_cast<std::int64_t>(random.below(5000)));
    duration.push_back(random.uniform());
    protocol.emplace_back(random.below(4) == 0 ? "udp" : "tcp");
    state.emplace_back(random.below(5) == 0 ? "S0" : "SF");
  }
  nad::Table result = table({{"duration", numbers(duration)},
                             {"protocol", categories(protocol)},
                             {"state", categories(state)},
                             {"bytes_sent", bytes.finish()},
                             {"dst_port", dst_port.finish()}});
  result = result.with({"timestamp", nad::ColumnType::time, nad::Role::moment}, time.finish());
  result = result.with({"src_ip", nad::ColumnType::address, nad::Role::identifier}, src.finish());
  result = result.with({"dst_ip", nad::ColumnType::address, nad::Role::identifier}, dst.finish());
  return result.with({"src_port", nad::ColumnType::integer, nad::Role::identifier}, src_port.finish());
}

void set_record(nad::FeatureStream& stream, const nad::Table& from, std::size_t row) {
  for (std::size_t place = 0; place < stream.inputs().size(); ++place) {
    const nad::Column& column = from[stream.inputs()[place].name];
    if (column.is_missing(row)) {
      stream.set_missing(place);
    } else if (column.type() == nad::ColumnType::category) {
      stream.set(place, column.text(row));
    } else if (column.type() == nad::ColumnType::address) {
      stream.set(place, column.addresses()[row]);
    } else if (column.type() == nad::ColumnType::time) {
      stream.set_time(place, column.times()[row]);
    } else {
      double value = 0.0;
      column.copy_numbers(row, {&value, 1});
      stream.set(place, value);
    }
  }
}

}  // namespace

TEST_CASE("scaling steps do what their formulas say") {
  const std::vector<double> x = {1.0, 2.0, 3.0, 4.0, 10.0};
  const double deviation = std::sqrt((9.0 + 4.0 + 1.0 + 0.0 + 36.0) / 5.0);
  check_close(fitted(nad::Standardise{}, x),
              {-3.0 / deviation, -2.0 / deviation, -1.0 / deviation, 0.0, 6.0 / deviation});
  check_close(fitted(nad::Standardise{.clip = 0.5}, x), {-0.5, -0.5, -1.0 / deviation, 0.0, 0.5});
  check_close(fitted(nad::MinMax{}, x), {0.0, 1.0 / 9, 2.0 / 9, 3.0 / 9, 1.0});
  check_close(fitted(nad::MinMax{.low = -1.0, .high = 1.0}, x), {-1.0, -7.0 / 9, -5.0 / 9, -3.0 / 9, 1.0});
  check_close(fitted(nad::RobustScale{}, x), {-2 / 1.4826, -1 / 1.4826, 0.0, 1 / 1.4826, 7 / 1.4826});
  check_close(fitted(nad::Clip{.low = 0.25, .high = 0.75}, x), {2.0, 2.0, 3.0, 4.0, 4.0});
  check_close(fitted(nad::Clip{.by = nad::Clip::By::deviations, .deviations = 1.0}, x),
              {1.0, 2.0, 3.0, 4.0, 4.0 + deviation});
  check_close(fitted(nad::QuantileScale{.quantiles = 5}, x), {0.0, 0.25, 0.5, 0.75, 1.0});
  check_close(fitted(nad::QuantileScale{.quantiles = 5, .normal = true}, {1, 2, 3, 4, 5}),
              {-5.199337582605575, -0.6744897501960817, 0.0, 0.6744897501960817, 5.199337582605575});
  check_close(fitted(nad::Log1p{.min_skewness = 0.0, .unit = 2.0}, x),
              {std::log1p(0.5), std::log1p(1.0), std::log1p(1.5), std::log1p(2.0), std::log1p(5.0)});
  check_close(fitted(nad::Impute{}, {1.0, missing, 5.0, 9.0}), {1.0, 5.0, 5.0, 9.0});
  check_close(fitted(nad::Impute{.with = nad::Impute::With::mean}, {1.0, missing, 5.0, 9.0}), {1.0, 5.0, 5.0, 9.0});
  check_close(fitted(nad::Impute{.with = nad::Impute::With::constant, .constant = -1.0}, {1.0, missing}), {1.0, -1.0});
}

TEST_CASE("log1p takes its unit from the data and leaves light tails alone") {
  std::vector<double> heavy;
  for (int i = 0; i < 1000; ++i) {
    heavy.push_back(i % 10 == 0 ? 0.0 : std::exp(0.01 * i));
  }
  const std::vector<float> logged = fitted(nad::Log1p{}, heavy);
  std::vector<double> positive;
  for (const double value : heavy) {
    if (value > 0.0) {
      positive.push_back(value);
    }
  }
  const double unit = positive[89] + 0.9 * (positive[90] - positive[89]);  // rising already
  CHECK(static_cast<double>(logged[999]) == doctest::Approx(std::log1p(heavy[999] / unit)).epsilon(1e-6));
  CHECK(fitted(nad::Log1p{}, {1, 2, 3, 4, 5}) == std::vector<float>{1, 2, 3, 4, 5});
  CHECK(fitted(nad::Log1p{.min_skewness = -9.0}, {-1, 2, 3, 4, 50}) == std::vector<float>{-1, 2, 3, 4, 50});
}

TEST_CASE("constants become flags of novelty, or are left out") {
  nad::FeaturePipeline pipeline({nad::Standardise{}});
  pipeline.fit(table({{"always", numbers({7.0, 7.0, 7.0})}, {"x", numbers({1.0, 2.0, 3.0})}}));
  const nad::Matrix x = pipeline.transform(table({{"always", numbers({7.0, 8.0})}, {"x", numbers({2.0, 2.0})}}));
  CHECK(column_of(x, 0) == std::vector<float>{0.0F, 10.0F});
  nad::FeaturePipeline dropping({nad::DropConstant{}});
  dropping.fit(table({{"always", numbers({7.0, 7.0, 7.0})}, {"x", numbers({1.0, 2.0, 3.0})}}));
  CHECK(names_of(dropping) == std::vector<std::string>{"x"});
}

TEST_CASE("missing values leave a flag behind, scaled like any feature") {
  nad::FeaturePipeline pipeline({nad::Impute{}, nad::MinMax{.low = -1.0}});
  const nad::Matrix x =
      pipeline.fit_transform(table({{"x", numbers({1.0, missing, 3.0, 5.0})}, {"y", numbers({1, 2, 3, 4})}}));
  CHECK(names_of(pipeline) == std::vector<std::string>{"x", "x is missing", "y"});
  CHECK(column_of(x, 0) == std::vector<float>{-1.0F, 0.0F, 0.0F, 1.0F});
  CHECK(column_of(x, 1) == std::vector<float>{-1.0F, 1.0F, -1.0F, -1.0F});
  nad::FeaturePipeline plain({nad::Impute{.indicator = false}});
  plain.fit(table({{"x", numbers({1.0, missing})}}));
  CHECK(names_of(plain) == std::vector<std::string>{"x"});
}

TEST_CASE("categories: one-hot with rare ones pooled, unseen and missing ones apart") {
  const nad::Table train = table({{"s", categories({"http", "dns", "http", "ssh", "ftp", "http", "dns", ""})}});
  nad::FeaturePipeline pipeline({nad::OneHot{.max_categories = 2, .unseen = true}});
  pipeline.fit(train);
  CHECK(names_of(pipeline) == std::vector<std::string>{"s=http", "s=dns", "s=(other)", "s=(unseen)", "s=(missing)"});
  const nad::Matrix x = pipeline.transform(table({{"s", categories({"dns", "ftp", "new", "", "http"})}}));
  const std::vector<std::vector<float>> expected = {
      {0, 1, 0, 0, 0}, {0, 0, 1, 0, 0}, {0, 0, 0, 1, 0}, {0, 0, 0, 0, 1}, {1, 0, 0, 0, 0}};
  for (std::size_t row = 0; row < expected.size(); ++row) {
    CHECK(std::vector<float>(x.row(row).begin(), x.row(row).end()) == expected[row]);
  }

  nad::FeaturePipeline ordinal({nad::Ordinal{}});
  ordinal.fit(train);
  CHECK(column_of(ordinal.transform(table({{"s", categories({"http", "dns", "ftp", "ssh", "new", ""})}})), 0) ==
        std::vector<float>{0, 1, 2, 3, 4, 5});

  nad::FeaturePipeline frequency({nad::Frequency{}});
  frequency.fit(train);
  check_close(column_of(frequency.transform(table({{"s", categories({"http", "ftp", "new", ""})}})), 0),
              {-std::log(3.0 / 8), -std::log(1.0 / 8), -std::log(0.5 / 8), -std::log(1.0 / 8)});

  nad::FeaturePipeline novelty({nad::Ordinal{}, nad::Novelty{.most = 1}, nad::Standardise{}});
  novelty.fit(train);
  CHECK(names_of(novelty).back() == "novelty");
  CHECK(column_of(novelty.transform(table({{"s", categories({"http", "new", ""})}})), 1) ==
        std::vector<float>{0, 10, 0});

  nad::FeaturePipeline hashing({nad::Hashing{.features = 4}});
  const nad::Matrix hashed = hashing.fit_transform(train);
  CHECK(hashed.columns() == 4);
  for (std::size_t row = 0; row + 1 < train.rows(); ++row) {
    float length = 0.0F;
    for (const float value : hashed.row(row)) {
      length += std::abs(value);
    }
    CHECK(length == 1.0F);
  }
  CHECK(std::vector<float>(hashed.row(0).begin(), hashed.row(0).end()) ==
        std::vector<float>(hashed.row(2).begin(), hashed.row(2).end()));
}

TEST_CASE("one-hot features are scaled by what training says of them, as columns of numbers would be") {
  const nad::Table train = traffic(5000, 1);
  nad::FeaturePipeline pipeline({nad::Impute{}, nad::OneHot{.max_categories = 5}, nad::Standardise{.clip = 3.0}});
  const nad::Matrix x = pipeline.fit_transform(train);
  nad::FeaturePipeline encoder({nad::Impute{}, nad::OneHot{.max_categories = 5}});
  const nad::Matrix raw = encoder.fit_transform(train);
  REQUIRE(raw.columns() == x.columns());
  for (std::size_t column = 0; column < x.columns(); ++column) {
    double mean = 0.0;
    double squares = 0.0;
    for (std::size_t row = 0; row < raw.rows(); ++row) {
      mean += static_cast<double>(raw(row, column)) / 5000.0;
    }
    for (std::size_t row = 0; row < raw.rows(); ++row) {
      squares += std::pow(static_cast<double>(raw(row, column)) - mean, 2.0) / 5000.0;
    }
    bool close = true;
    for (std::size_t row = 0; row < raw.rows(); ++row) {
      const double z = (static_cast<double>(raw(row, column)) - mean) / std::sqrt(squares);
      close = close && std::abs(std::min(3.0, std::max(-3.0, z)) - static_cast<double>(x(row, column))) < 1e-4;
    }
    CHECK_MESSAGE(close, pipeline.features()[column].name);
  }
}

TEST_CASE("principal components are orthogonal, sorted, and keep the variance they promise") {
  const nad::Table train = traffic(2000, 2);
  nad::FeaturePipeline all({nad::Impute{}, nad::OneHot{}, nad::Standardise{}, nad::Pca{.variance = 1.0}});
  const nad::Matrix x = all.fit_transform(train);
  std::vector<double> variances;
  for (std::size_t a = 0; a < x.columns(); ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double sum = 0.0;
      for (std::size_t row = 0; row < x.rows(); ++row) {
        sum += static_cast<double>(x(row, a)) * static_cast<double>(x(row, b));
      }
      if (a == b) {
        variances.push_back(sum / 1999.0);
      } else {
        CHECK(std::abs(sum / 1999.0) < 1e-3);
      }
    }
  }
  double total = 0.0;
  for (std::size_t i = 0; i < variances.size(); ++i) {
    CHECK((i == 0 || variances[i] <= variances[i - 1] + 1e-6));
    total += variances[i];
  }
  nad::FeaturePipeline some({nad::Impute{}, nad::OneHot{}, nad::Standardise{}, nad::Pca{.variance = 0.6}});
  some.fit(train);
  double kept = 0.0;
  for (std::size_t i = 0; i < some.features().size(); ++i) {
    kept += variances[i];
  }
  CHECK(kept >= 0.6 * total * 0.999);
  CHECK(kept - variances[some.features().size() - 1] < 0.6 * total);
  CHECK(names_of(some)[0] == "pca_0");
  CHECK(some.features()[0].sources.size() == 6);

  nad::FeaturePipeline unit({nad::Impute{}, nad::OneHot{}, nad::UnitLength{}, nad::MinMax{}});
  const nad::Matrix scaled = unit.fit_transform(train);
  for (std::size_t column = 0; column < scaled.columns(); ++column) {
    const std::vector<float> values = column_of(scaled, column);
    CHECK(*std::min_element(values.begin(), values.end()) == doctest::Approx(0.0));
    CHECK(*std::max_element(values.begin(), values.end()) == doctest::Approx(1.0));
  }
}

TEST_CASE("a batch, its pieces, any number of threads, and record by record give the same bits") {
  const nad::Table train = traffic(3000, 3);
  const nad::Table test = traffic(1111, 4);
  const std::vector<std::vector<nad::FeatureStep>> pipelines = {
      {nad::Impute{}, nad::OneHot{.max_categories = 4}, nad::Novelty{}, nad::Log1p{}, nad::Standardise{.clip = 10.0}},
      {nad::Impute{}, nad::Frequency{}, nad::QuantileScale{}, nad::Pca{.components = 4}, nad::MinMax{}}};
  for (const auto& steps : pipelines) {
    nad::FeaturePipeline pipeline(steps);
    pipeline.fit(train);
    nad::FeaturePipeline threaded(steps);
    threaded.fit(train, {.n_jobs = 3});
    const nad::Matrix whole = pipeline.transform(test);
    const nad::Matrix again = threaded.transform(test, {.n_jobs = 3});
    const nad::Matrix piece = pipeline.transform(test.slice(700, 300));
    nad::FeatureStream stream(pipeline);
    bool same = true;
    for (std::size_t row = 0; row < test.rows(); ++row) {
      set_record(stream, test, row);
      const auto single = stream.next();
      for (std::size_t i = 0; i < whole.columns(); ++i) {
        same = same && single[i] == whole(row, i) && again(row, i) == whole(row, i);
        same = same && (row < 700 || row >= 1000 || piece(row - 700, i) == whole(row, i));
      }
    }
    CHECK(same);
  }
}

TEST_CASE("derived columns: whole, in pieces and record by record, the features are the same bits") {
  const nad::Table flows = flow_table(600);
  const std::vector<nad::FeatureStep> steps = {
      nad::TimeParts{},
      nad::AddressFeatures{},
      nad::PortFeatures{},
      nad::TrafficFeatures{},
      nad::HostWindows{},
      nad::RollingWindows{.columns = {"bytes_sent"}, .distinct = {"dst_port"}},
      nad::LeaveOut{.columns = nad::ColumnChoice({"dst_port"}), .reason = "a number that is a name"},
      nad::Impute{},
      nad::OneHot{},
      nad::Standardise{}};
  nad::FeaturePipeline pipeline(steps);
  const nad::Matrix whole = pipeline.fit_transform(flows);
  CHECK(whole.columns() == pipeline.features().size());
  const std::vector<std::string> names = names_of(pipeline);
  for (const char* wanted : {"duration", "timestamp.hour_sin", "dst_ip.is_private", "serror_rate", "state=SF"}) {
    CHECK_MESSAGE(std::find(names.begin(), names.end(), wanted) != names.end(), wanted);
  }
  bool reason_given = false;
  for (const nad::LeftOut& column : pipeline.left_out()) {
    reason_given = reason_given || (column.column == "dst_port" && column.reason == "a number that is a name");
  }
  CHECK(reason_given);

  nad::FeatureStream pieces(pipeline);
  nad::FeatureStream records(pipeline);
  bool same = true;
  for (std::size_t begin = 0; begin < flows.rows(); begin += 77) {
    const nad::Table part = flows.slice(begin, std::min<std::size_t>(77, flows.rows() - begin));
    const nad::Matrix x = pieces.push(part);
    for (std::size_t row = 0; row < part.rows(); ++row) {
      set_record(records, part, row);
      const auto single = records.next();
      for (std::size_t i = 0; i < x.columns(); ++i) {
        same = same && x(row, i) == whole(begin + row, i) && single[i] == whole(begin + row, i);
      }
    }
  }
  CHECK(same);
  nad::FeaturePipeline wrong({nad::TimeParts{.column = "time"}});
  CHECK(contains(message_of([&] { wrong.fit(flows); }), "step time_parts: "));
}

TEST_CASE("labels and the like are left out by name; columns may come in any order, and more of them") {
  const nad::Table train =
      traffic(100, 5).with_role("count", nad::Role::label).with({"who", nad::ColumnType::text}, [] {
        nad::ColumnBuilder who(nad::ColumnType::text);
        for (int i = 0; i < 100; ++i) {
          who.add_text("x");
        }
        return who.finish();
      }());
  nad::FeaturePipeline pipeline({nad::Impute{}, nad::Ordinal{}});
  pipeline.fit(train);
  REQUIRE(pipeline.left_out().size() == 2);
  CHECK(pipeline.left_out()[0] == nad::LeftOut{"count", "its role is label"});
  CHECK(pipeline.left_out()[1].column == "who");
  const nad::Table shuffled = train.select({"flag", "bytes", "who", "local", "service", "duration"});
  const nad::Matrix a = pipeline.transform(train);
  const nad::Matrix b = pipeline.transform(shuffled);
  bool same = true;
  for (std::size_t i = 0; i < a.rows() * a.columns(); ++i) {
    same = same && a.data()[i] == b.data()[i];
  }
  CHECK(same);
  CHECK(pipeline.ignored(shuffled) == std::vector<std::string>{"who"});
}

TEST_CASE("what does not fit is an error that names it") {
  const nad::Table train = traffic(100, 6);
  nad::FeaturePipeline pipeline({nad::Impute{}, nad::OneHot{}});
  CHECK(contains(message_of([&] { pipeline.transform(train); }), "fit()"));
  pipeline.fit(train);
  CHECK(contains(message_of([&] { pipeline.transform(train.rename("service", "servce")); }),
                 "'service', which the pipeline learnt from, is missing; the nearest name is 'servce'"));
  CHECK(contains(message_of([&] {
                   pipeline.transform(train.with({"bytes", nad::ColumnType::category}, train["flag"]));
                 }),
                 "'bytes' is of type category"));
  nad::FeaturePipeline unencoded({nad::Impute{}});
  CHECK(contains(message_of([&] { unencoded.fit(train); }), "'service' holds categories"));
  nad::FeaturePipeline wrong({nad::OneHot{}, nad::Standardise{.columns = nad::ColumnChoice({"byte"})}});
  CHECK(contains(message_of([&] { wrong.fit(train); }), "did you mean 'bytes'?"));
  nad::FeaturePipeline nothing;
  CHECK(contains(message_of([&] { nothing.fit(train.select({"count"}).with_role("count", nad::Role::label)); }),
                 "'count'"));
  CHECK(contains(message_of([&] { nothing.fit(train.slice(0, 0)); }), "without rows"));
  CHECK(contains(message_of([&] { fitted(nad::Clip{.low = 0.9, .high = 0.1}, {1, 2}); }), "low"));
  nad::FeatureStream stream(pipeline);
  CHECK(contains(message_of([&] { stream.set(stream.place("bytes"), "http"); }), "'bytes' is of type number"));
  CHECK(contains(message_of([&] { stream.place("byts"); }), "'bytes'"));
}

TEST_CASE("steps go through JSON unchanged, and what is wrong in it is named") {
  const std::vector<nad::FeatureStep> steps = {
      nad::LeaveOut{.columns = nad::ColumnChoice({"sttl"}), .reason = "leaks"},
      nad::TimeParts{.utc_offset = 1.5, .gap = false},
      nad::AddressFeatures{.columns = {"host"}},
      nad::PortFeatures{.columns = {"dst_port"}},
      nad::TrafficFeatures{.shortest_duration = 0.5},
      nad::HostWindows{.most_hosts = 99, .src_port = ""},
      nad::RollingWindows{.functions = {nad::Rolling::maximum, nad::Rolling::count}, .distinct = {"dst_port"}},
      nad::Impute{.with = nad::Impute::With::constant, .constant = 2.5, .indicator = false},
      nad::DropConstant{},
      nad::Clip{.columns = nad::ColumnChoice({"a"}), .by = nad::Clip::By::deviations, .deviations = 3.0},
      nad::Log1p{.columns = nad::ColumnChoice::all_but({"b"}), .unit = 1.0},
      nad::Standardise{.clip = 10.0},
      nad::RobustScale{.novelty = 0.0},
      nad::MinMax{.clip = true},
      nad::QuantileScale{.normal = true},
      nad::OneHot{.min_count = 3, .unseen = true},
      nad::Ordinal{},
      nad::Frequency{},
      nad::Hashing{.features = 7},
      nad::Novelty{.most = 1},
      nad::UnitLength{},
      nad::Pca{.components = 3, .whiten = true}};
  CHECK(nad::step_kinds().size() == steps.size());
  CHECK(nad::steps_from_json(nad::to_json(steps)) == steps);
  CHECK(nad::to_json({nad::Standardise{}}) == "[\n  {\"kind\":\"standardise\"}\n]");
  CHECK(nad::steps_from_json("[]").empty());
  const auto error = [](const std::string& text) { return message_of([&] { nad::steps_from_json(text); }); };
  CHECK(contains(error("{"), "JSON list"));
  CHECK(contains(error("[1]"), "step 1"));
  CHECK(contains(error(R"([{"kind": "standardize"}])"), "did you mean 'standardise'?"));
  CHECK(contains(error(R"([{"kind": "standardise", "clp": 1}])"), "did you mean 'clip'?"));
  CHECK(contains(error(R"([{"kind": "standardise", "clip": "ten"}])"), "clip is \"ten\""));
  CHECK(contains(error(R"([{"kind": "one_hot", "max_categories": -3}])"), "not negative"));
  CHECK(contains(error(R"([{"kind": "impute", "with": "magic"}])"), "\"median\", \"mean\""));
  CHECK(contains(error(R"([{"kind": "log1p", "columns": "x"}])"), "list of names"));
}

TEST_CASE("the logarithm of its own is as good as the library's") {
  double worst = 0.0;
  for (int power = -37; power <= 307; ++power) {
    for (double digit = 1.0; digit < 10.0; digit += 0.37) {
      const double x = digit * std::pow(10.0, power);
      const double expected = std::log1p(x);
      worst = std::max(
          worst,
          std::abs(static_cast<double>(fitted(nad::Log1p{.min_skewness = -1e9, .unit = 1.0}, {0.0, x})[1]) - expected) /
              expected);
      if (power % 20 != 0) {
        break;
      }
    }
  }
  CHECK(worst < 6e-8);  // what a float holds
}
