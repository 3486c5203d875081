#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nad/table/group_profile.hpp"
#include "table_samples.hpp"

namespace {

using nad::ColumnType;
using tests::cell;
using tests::contains;
using tests::message_of;

using Groups = std::vector<std::uint32_t>;

const nad::GroupTrait& trait_of(const nad::GroupProfile& profile, const std::string& column) {
  for (const nad::GroupTrait& trait : profile.traits) {
    if (trait.column == column) {
      return trait;
    }
  }
  throw nad::Error(nad::ErrorCode::invalid_argument, "no trait of " + column);
}

/// Shares of the rows of a group, and of all others, of which something is true.
template <class True>
std::pair<double, double> slow_shares(const Groups& groups, std::uint32_t group, True is_true) {
  double here = 0.0;
  double elsewhere = 0.0;
  double rows = 0.0;
  for (std::size_t row = 0; row < groups.size(); ++row) {
    (groups[row] == group ? here : elsewhere) += is_true(row) ? 1.0 : 0.0;
    rows += groups[row] == group ? 1.0 : 0.0;
  }
  const double others = static_cast<double>(groups.size()) - rows;
  return {here / rows, others == 0.0 ? 0.0 : elsewhere / others};
}

template <class True>
double slow_difference(const Groups& groups, std::uint32_t group, True is_true) {
  const auto [here, elsewhere] = slow_shares(groups, group, is_true);
  return std::abs(here - elsewhere);
}

/// Whether the value of row `a` is at most that of row `b`; both are there.
bool at_most(const nad::Column& column, std::size_t a, std::size_t b) {
  return column.type() == ColumnType::number ? column.numbers()[a] <= column.numbers()[b]
                                             : column.parts().integers[a] <= column.parts().integers[b];
}

/// Asks each question that the header names, of each value.
double slowly_apart_in_order(const nad::Column& column, const Groups& groups, std::uint32_t group) {
  double apart = slow_difference(groups, group, [&](std::size_t row) { return column.is_missing(row); });
  for (std::size_t value = 0; value < groups.size(); ++value) {
    if (!column.is_missing(value)) {
      const auto low = [&](std::size_t row) { return !column.is_missing(row) && at_most(column, row, value); };
      const auto high = [&](std::size_t row) { return !column.is_missing(row) && !at_most(column, row, value); };
      apart = std::max({apart, slow_difference(groups, group, low), slow_difference(groups, group, high)});
    }
  }
  return apart;
}

/// Half of the sum of all differences. Values count by themselves where the header says so.
double slowly_apart_by_values(const nad::Column& column, const Groups& groups, std::uint32_t group) {
  std::map<std::string, std::array<std::size_t, 3>> counts;  // in the group, elsewhere, the first row
  std::array<double, 2> rows{};
  for (std::size_t row = 0; row < groups.size(); ++row) {
    std::array<std::size_t, 3>& found =
        counts.try_emplace(cell(column, row), std::array<std::size_t, 3>{0, 0, row}).first->second;
    ++found[groups[row] == group ? 0 : 1];
    ++rows[groups[row] == group ? 0 : 1];
  }
  std::vector<std::array<std::size_t, 3>> ranked;
  ranked.reserve(counts.size());
  for (const auto& [value, found] : counts) {
    ranked.push_back(found);
  }
  std::sort(ranked.begin(), ranked.end(),
            [](const auto& a, const auto& b) { return a[0] != b[0] ? a[0] > b[0] : a[2] < b[2]; });
  std::array<double, 2> rare{};
  double sum = 0.0;
  for (std::size_t rank = 0; rank < ranked.size(); ++rank) {
    const std::size_t total = ranked[rank][0] + ranked[rank][1];
    const std::array<double, 2> shares = {static_cast<double>(ranked[rank][0]) / rows[0],
                                          static_cast<double>(ranked[rank][1]) / rows[1]};
    if (total > 1 && ((rank < 64 && ranked[rank][0] > 0) || total >= groups.size() / 100)) {
      sum += std::abs(shares[0] - shares[1]);
    } else {
      rare = {rare[0] + shares[0], rare[1] + shares[1]};
    }
  }
  return (sum + std::abs(rare[0] - rare[1])) / 2.0;
}

/// The first value, in their order, that this share of the values is not above.
double slow_quantile(const nad::Column& column, const Groups& groups, std::size_t quarters,
                     const std::function<bool(std::uint32_t)>& is_meant) {
  std::vector<double> values;
  for (std::size_t row = 0; row < groups.size(); ++row) {
    if (is_meant(groups[row]) && !column.is_missing(row)) {
      double value = 0.0;
      column.copy_numbers(row, {&value, 1});
      values.push_back(value);
    }
  }
  std::sort(values.begin(), values.end());
  for (const double value : values) {
    const auto count = std::count_if(values.begin(), values.end(), [&](double other) { return other <= value; });
    if (4 * static_cast<std::size_t>(count) >= quarters * values.size()) {
      return value;
    }
  }
  return std::nan("");
}

void check_quartiles(const nad::Quartiles& found, const nad::Column& column, const Groups& groups,
                     const std::function<bool(std::uint32_t)>& is_meant) {
  CHECK(found.lower == slow_quantile(column, groups, 1, is_meant));
  CHECK(found.median == slow_quantile(column, groups, 2, is_meant));
  CHECK(found.upper == slow_quantile(column, groups, 3, is_meant));
}

void check_values(const nad::GroupTrait& trait, const nad::Column& column, const Groups& groups, std::uint32_t group) {
  for (const nad::ValueShare& value : trait.values) {
    const std::string text = cell(column, value.first_row);
    const auto [here, elsewhere] =
        slow_shares(groups, group, [&](std::size_t row) { return cell(column, row) == text; });
    CHECK(value.share == doctest::Approx(here));
    CHECK(value.share_elsewhere == doctest::Approx(elsewhere));
    CHECK(value.is_missing == (text == "missing"));
    CHECK(value.value == column.format(value.first_row));
    for (std::size_t row = 0; row < value.first_row; ++row) {
      CHECK(cell(column, row) != text);
    }
  }
}

nad::Table one_column(const std::string& name, ColumnType type, const std::vector<std::string>& values,
                      nad::Role role = nad::Role::feature) {
  nad::ColumnBuilder builder(type);
  for (const std::string& value : values) {
    if (value.empty()) {
      builder.add_missing();
    } else if (type == ColumnType::number) {
      builder.add_number(std::stod(value));
    } else if (type == ColumnType::integer) {
      builder.add_integer(std::stoll(value));
    } else if (type == ColumnType::boolean) {
      builder.add_boolean(value == "true");
    } else {
      builder.add_text(value);
    }
  }
  return {nad::Schema({{name, type, role}}), {builder.finish()}};
}

/// The sentences of the first column for group 0.
std::string sentence(const nad::Table& table, const Groups& groups) {
  return nad::profile_groups(table, groups, 2).front().traits.front().sentence;
}

}  // namespace

TEST_CASE("what is told of groups is what a plain count tells, for every type of column") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const nad::Table table = tests::random_table(seed == 3 ? 13 : 90, seed);
    nad::Random random(seed, 77);
    Groups groups;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const std::uint32_t drawn = static_cast<std::uint32_t>(random.below(3));
      groups.push_back(row == 5 ? 4 : drawn == 2 ? 3 : drawn);  // group 2 is empty, group 4 has one row
    }
    const std::vector<nad::GroupProfile> profiles = nad::profile_groups(table, groups, 5);
    REQUIRE(profiles.size() == 5);
    CHECK(profiles[2].rows == 0);
    CHECK(profiles[2].traits.empty());
    CHECK(profiles[4].rows == 1);
    for (const std::uint32_t group : {0U, 1U, 3U, 4U}) {
      const nad::GroupProfile& profile = profiles[group];
      CHECK(profile.group == group);
      CHECK(profile.rows == static_cast<std::size_t>(std::count(groups.begin(), groups.end(), group)));
      CHECK(profile.share == doctest::Approx(static_cast<double>(profile.rows) / static_cast<double>(table.rows())));
      CHECK(profile.traits.size() == table.columns());
      CHECK(std::is_sorted(profile.traits.begin(), profile.traits.end(),
                           [](const nad::GroupTrait& a, const nad::GroupTrait& b) { return a.apart > b.apart; }));
      for (const nad::GroupTrait& trait : profile.traits) {
        CAPTURE(trait.column);
        const nad::Column& column = table[trait.column];
        const auto [missing, missing_elsewhere] =
            slow_shares(groups, group, [&](std::size_t row) { return column.is_missing(row); });
        CHECK(trait.missing == doctest::Approx(missing));
        CHECK(trait.missing_elsewhere == doctest::Approx(missing_elsewhere));
        CHECK(trait.type == column.type());
        check_values(trait, column, groups, group);
        const bool has_order =
            trait.type == ColumnType::number || trait.type == ColumnType::integer || trait.type == ColumnType::time;
        CHECK(trait.quartiles.has_value() == (has_order && missing < 1.0));
        CHECK(trait.apart == doctest::Approx(has_order ? slowly_apart_in_order(column, groups, group)
                                                       : slowly_apart_by_values(column, groups, group)));
        if (trait.quartiles) {
          check_quartiles(*trait.quartiles, column, groups, [&](std::uint32_t of_row) { return of_row == group; });
          check_quartiles(*trait.quartiles_elsewhere, column, groups,
                          [&](std::uint32_t of_row) { return of_row != group; });
        }
        if (!has_order) {
          std::set<std::string> values;
          for (std::size_t row = 0; row < table.rows(); ++row) {
            if (groups[row] == group) {
              values.insert(cell(column, row));
            }
          }
          CHECK(trait.values.size() == std::min<std::size_t>(5, values.size()));
        }
      }
    }
  }
}

TEST_CASE("a trait is a sentence that an analyst understands") {
  const Groups halves = {0, 0, 0, 0, 1, 1, 1, 1};
  const auto integers = [](const std::vector<std::string>& values) {
    return one_column("src_bytes", ColumnType::integer, values);
  };
  const auto services = [](const std::vector<std::string>& values) {
    return one_column("service", ColumnType::category, values);
  };
  CHECK(sentence(services({"http", "http", "http", "dns", "dns", "dns", "dns", "http"}), halves) ==
        "service is http in 75 % of the rows, 25 % elsewhere");
  CHECK(sentence(services({"http", "http", "http", "http", "dns", "dns", "dns", "dns"}), halves) ==
        "service is http in all rows, nowhere else");
  CHECK(sentence(services({"http", "http", "ssh", "ssh", "dns", "dns", "dns", "ssh"}), halves) ==
        "service is http in 50 % (0 % elsewhere) or ssh in 50 % (25 % elsewhere)");
  CHECK(sentence(services({"", "", "http", "http", "http", "http", "http", "http"}), halves) ==
        "service is missing in 50 % of the rows, nowhere else");
  CHECK(sentence(services({"a", "b", "c", "d", "e", "e", "e", "e"}), halves) ==
        "service is a rare value in all rows, nowhere else");
  CHECK(sentence(services({"tftp", "dns", "dns", "e"}), {0, 1, 1, 1}) == "service is tftp in all rows, nowhere else");
  CHECK(nad::profile_groups(services({"tftp", "dns", "dns", "e"}), Groups{0, 1, 1, 1}, 2)[0].traits[0].apart ==
        doctest::Approx(2.0 / 3.0));  // "tftp" and "e" occur once, so they count as one
  CHECK(sentence(one_column("land", ColumnType::boolean, {"true", "true", "true", "false", "false", "false"}),
                 {0, 0, 0, 1, 1, 1}) == "land is true in all rows, nowhere else");
  CHECK(sentence(integers({"210", "330", "250", "220", "0", "1032", "7", "99999"}), halves) ==
        "src_bytes is mostly 210 to 250, elsewhere 0 to 1,032");
  CHECK(sentence(integers({"1032", "1032", "1032", "0", "0", "0", "0", "1032"}), halves) ==
        "src_bytes is 1,032 in 75 % of the rows, 25 % elsewhere");
  CHECK(sentence(integers({"", "", "", "0", "0", "0", "0", "1032"}), halves) ==
        "src_bytes is missing in 75 % of the rows, nowhere else");
  CHECK(sentence(integers({"1", "2", "5", "5", "7", "8", "9", "9"}), halves) ==
        "src_bytes is 5 in 50 % of the rows, nowhere else");
  const nad::Table gaps = integers({"", "", "", "5", "5", "6", "7", "7", "8", "9"});
  CHECK(nad::profile_groups(gaps, Groups{0, 0, 0, 0, 0, 0, 1, 1, 1, 1}, 2)[0].traits[0].values.empty());  // 2 of 6
  CHECK(sentence(integers({"", "5", "5", "5", "1", "2", "3", "4"}), halves) ==
        "src_bytes is 5 in 75 % of the rows, nowhere else; missing in 25 % of the rows, nowhere else");
  CHECK(sentence(integers({"1", "1", "2", "2", "2", "9", "9", "9", "1", "1", "8", "8", "9", "9", "9"}),
                 {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1}) ==
        "src_bytes is at most 2 in 63 % of the rows, 29 % elsewhere");
  CHECK(sentence(one_column("dst_port", ColumnType::integer, {"8080", "8080", "53", "53"}), {0, 0, 1, 1}) ==
        "dst_port is 8080 in all rows, nowhere else");
  CHECK(sentence(one_column("rate", ColumnType::number, {"0.12345678", "1234567.8", "5", "1e30", "3"}),
                 {0, 0, 0, 1, 1}) == "rate is mostly 0.1235 to 1,234,568, elsewhere 3 to 1e+30");
  CHECK(sentence(services({"a\x1b[2J", "a\x1b[2J", "b", "b"}), {0, 0, 1, 1}) ==
        "service is a\\x1b[2J in all rows, nowhere else");
}

TEST_CASE("a group of all rows is compared with nothing") {
  const nad::Table table = one_column("packets", ColumnType::number, {"1", "2", "2", ""});
  const nad::GroupTrait trait = trait_of(nad::profile_groups(table, Groups(4, 0), 1).front(), "packets");
  CHECK(trait.apart == 0.0);
  CHECK(trait.quartiles == nad::Quartiles{1.0, 2.0, 2.0});
  CHECK_FALSE(trait.quartiles_elsewhere.has_value());
  CHECK(trait.sentence == "packets is 2 in 50 % of the rows");
}

TEST_CASE("labels and identifiers do not set groups apart, and labels give their shares") {
  nad::Table table = one_column("service", ColumnType::category, {"http", "http", "http", "http", "dns", "dns"});
  const auto add = [&](const std::string& name, nad::Role role, const std::vector<std::string>& values) {
    table = table.with({name, ColumnType::category, role}, one_column(name, ColumnType::category, values)[name]);
  };
  add("flow_id", nad::Role::identifier, {"a", "b", "c", "d", "e", "f"});
  add("attack", nad::Role::label, {"flood", "normal", "flood", "", "normal", "normal"});
  const std::vector<nad::GroupProfile> profiles = nad::profile_groups(table, Groups{0, 0, 0, 0, 1, 1}, 3);
  CHECK(profiles[0].traits.size() == 1);
  REQUIRE(profiles[0].labels.size() == 1);
  CHECK(profiles[0].labels[0].column == "attack");
  const std::vector<nad::ValueShare> expected = {
      {"flood", false, 0.5, 0.0, 0}, {"normal", false, 0.25, 1.0, 1}, {"", true, 0.25, 0.0, 3}};
  CHECK(profiles[0].labels[0].values == expected);
  CHECK(nad::to_string(profiles[0]) ==
        "group 0: 4 rows (67 % of all)\n"
        "  attack: flood 50 %, normal 25 %, missing 25 %\n"
        "  service is http in all rows, nowhere else");
  CHECK(nad::to_string(profiles[0], {.traits = 0, .labels = 1}) ==
        "group 0: 4 rows (67 % of all)\n"
        "  attack: flood 50 % and 2 more\n"
        "  nothing sets it apart from the other rows");
  CHECK(nad::to_string(profiles[2]) == "group 2: 0 rows (0 % of all)");
}

TEST_CASE("values that occur once set nothing apart, and many of them cost no more than their rows") {
  constexpr std::size_t rows = 20'000;
  nad::ColumnBuilder texts(ColumnType::text);
  nad::ColumnBuilder mixed(ColumnType::text);
  Groups halves;
  Groups own;
  for (std::size_t row = 0; row < rows; ++row) {
    texts.add_text(std::to_string(row));
    mixed.add_text(row < 500 ? "seldom" : std::to_string(row % 200));  // group 0: 500 of 1,000
    halves.push_back(row < 1000 ? 0 : 1);
    own.push_back(static_cast<std::uint32_t>(row));
  }
  const nad::Table table(nad::Schema({{"path", ColumnType::text}, {"host", ColumnType::text}}),
                         {texts.finish(), mixed.finish()});
  const std::vector<nad::GroupProfile> profiles = nad::profile_groups(table, halves, 2);
  CHECK(trait_of(profiles[0], "path").apart == 0.0);
  CHECK(trait_of(profiles[0], "path").sentence == "path is a rare value in all rows, 100 % elsewhere");
  CHECK(trait_of(profiles[0], "host").apart == doctest::Approx(0.5));
  CHECK(trait_of(profiles[0], "host").values.front() == nad::ValueShare{"seldom", false, 0.5, 0.0, 0});
  const std::vector<nad::GroupProfile> singles = nad::profile_groups(table, own, rows);
  CHECK(singles.back().rows == 1);
  CHECK(trait_of(singles.back(), "host").values.front().share == 1.0);
}

TEST_CASE("rare values count together unless they are common in the group, common ones always by themselves") {
  nad::Random random(9);
  nad::ColumnBuilder hosts(ColumnType::text);
  nad::ColumnBuilder ports(ColumnType::text);
  Groups groups;
  for (std::size_t row = 0; row < 3000; ++row) {
    groups.push_back(random.below(4) == 0 ? 0 : 1);
    const double spread = groups.back() == 0 ? 300.0 : 900.0;  // group 0 has fewer, and more of each
    const double drawn = random.uniform();
    hosts.add_text(std::to_string(static_cast<int>(spread * drawn * drawn)));
    const double port = random.uniform();  // 80 of about 1 %
    ports.add_text(std::to_string(static_cast<int>(80.0 * (groups.back() == 0 ? port * port : port))));
  }
  const nad::Table table(nad::Schema({{"host", ColumnType::text}, {"port", ColumnType::text}}),
                         {hosts.finish(), ports.finish()});
  const std::vector<nad::GroupProfile> profiles = nad::profile_groups(table, groups, 2);
  for (const std::uint32_t group : {0U, 1U}) {
    for (const nad::GroupTrait& trait : profiles[group].traits) {
      CHECK(trait.apart > 0.1);
      CHECK(trait.apart == doctest::Approx(slowly_apart_by_values(table[trait.column], groups, group)));
    }
  }
}

TEST_CASE("groups that do not fit the table are refused") {
  const nad::Table table = tests::random_table(3, 1);
  CHECK(contains(message_of([&] {
                   nad::profile_groups(table, Groups{0, 1}, 2);
                 }),
                 "the table has 3 rows, but 2 have a group"));
  CHECK(contains(message_of([&] {
                   nad::profile_groups(table, Groups{0, 1, 7}, 2);
                 }),
                 "row 2 is in group 7, but there are 2 groups, numbered from 0"));
  CHECK(contains(message_of([&] { nad::profile_groups(table, Groups{0, 0, 0}, 0); }), "there are 0 groups"));
  CHECK(nad::profile_groups(nad::Table(), Groups{}, 2)[1].rows == 0);
  const std::vector<nad::GroupProfile> none = nad::profile_groups(table.head(0), Groups{}, 1);
  CHECK(none[0].traits.empty());
  CHECK(none[0].share == 0.0);
}
