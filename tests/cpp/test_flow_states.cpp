#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/flow/flow_meter.hpp"
#include "nad/source/read.hpp"
#include "packet_builder.hpp"
#include "shared_data.hpp"

namespace {

using tests::Bytes;

constexpr std::uint32_t client = 0xc0000201;
constexpr std::uint32_t server = 0xc6336402;

enum : unsigned { fin = 1, syn = 2, rst = 4, psh = 8, ack = 16, urg = 32 };

/// One packet of a story: who sends it, its flags, and how much it carries.
struct Step {
  char who;  ///< 'c' or 's'
  unsigned flags;
  std::size_t payload = 0;
};

/// The packets of a connection, a tenth of a second apart, with the sequence numbers that a system would give them.
class Talk {
 public:
  explicit Talk(nad::FlowMeter& meter, unsigned client_port = 40000, unsigned server_port = 80, std::int64_t begin = 0)
      : meter_(meter), ports_{client_port, server_port}, time_(begin) {}

  /// `skip`: bytes that the capture lost before.
  void send(const Step& step, std::uint32_t skip = 0) {
    const std::size_t side = step.who == 'c' ? 0 : 1;
    next_[side] += skip;
    const Bytes segment = tests::tcp({.from = ports_[side],
                                      .to = ports_[1 - side],
                                      .flags = step.flags,
                                      .sequence = next_[side],
                                      .acknowledgement = (step.flags & ack) != 0 ? next_[1 - side] : 0},
                                     tests::filler(step.payload));
    next_[side] += static_cast<std::uint32_t>(step.payload) + ((step.flags & (syn | fin)) != 0 ? 1U : 0U);
    const Bytes packet =
        tests::ipv4({.source = side == 0 ? client : server, .destination = side == 0 ? server : client}, segment);
    meter_.add(tests::frame_of(packet, time_, nad::LinkType::raw));
    time_ += tests::second / 10;
  }

 private:
  nad::FlowMeter& meter_;
  std::array<unsigned, 2> ports_;
  std::array<std::uint32_t, 2> next_ = {1000, 5000};
  std::int64_t time_;
};

std::pair<std::string, std::string> outcome_of(const std::vector<Step>& steps, unsigned server_port = 80) {
  nad::FlowMeter meter;
  Talk talk(meter, 40000, server_port);
  for (const Step& step : steps) {
    talk.send(step);
  }
  const nad::Table flows = meter.flush();
  REQUIRE(flows.rows() == 1);
  return {std::string(flows["state"].text(0)), flows["history"].format(0)};
}

using Outcome = std::pair<std::string, std::string>;

const std::vector<Step> handshake = {{'c', syn}, {'s', syn | ack}, {'c', ack}};

std::vector<Step> after_handshake(const std::vector<Step>& more) {
  std::vector<Step> steps = handshake;
  steps.insert(steps.end(), more.begin(), more.end());
  return steps;
}

}  // namespace

TEST_CASE("The thirteen states of connections, and their histories") {
  CHECK(outcome_of({{'c', syn}}) == Outcome("S0", "S"));
  CHECK(outcome_of(handshake) == Outcome("S1", "ShA"));
  CHECK(outcome_of({{'c', syn}, {'s', syn | ack}}) == Outcome("S1", "Sh"));
  CHECK(outcome_of(after_handshake({{'c', psh | ack, 100},
                                    {'s', ack},
                                    {'s', psh | ack, 200},
                                    {'c', fin | ack},
                                    {'s', fin | ack},
                                    {'c', ack}})) == Outcome("SF", "ShADadFf"));
  CHECK(outcome_of({{'c', syn}, {'s', rst | ack}}) == Outcome("REJ", "Sr"));
  CHECK(outcome_of(after_handshake({{'c', fin | ack}, {'s', ack}})) == Outcome("S2", "ShAFa"));
  CHECK(outcome_of(after_handshake({{'s', fin | ack}, {'c', ack}})) == Outcome("S3", "ShAf"));
  CHECK(outcome_of(after_handshake({{'c', rst | ack}})) == Outcome("RSTO", "ShAR"));
  CHECK(outcome_of(after_handshake({{'s', rst}})) == Outcome("RSTR", "ShAr"));
  CHECK(outcome_of({{'c', syn}, {'c', rst}}) == Outcome("RSTOS0", "SR"));
  CHECK(outcome_of({{'s', syn | ack}, {'s', rst}}) == Outcome("RSTRH", "^hr"));
  CHECK(outcome_of({{'c', syn}, {'c', fin}}) == Outcome("SH", "SF"));
  CHECK(outcome_of({{'s', syn | ack}, {'s', fin | ack}}) == Outcome("SHR", "^hf"));
  CHECK(outcome_of({{'c', ack}, {'s', psh | ack, 7}}) == Outcome("OTH", "Ad"));
}

TEST_CASE("What scanners send") {
  CHECK(outcome_of({{'c', syn | fin}}) == Outcome("SH", "Q"));
  CHECK(outcome_of({{'c', 0}}) == Outcome("OTH", ""));
  CHECK(outcome_of({{'c', fin}}) == Outcome("SH", "F"));
  CHECK(outcome_of({{'c', fin | psh | urg}}) == Outcome("SH", "F"));
  CHECK(outcome_of({{'c', fin | psh | urg}, {'s', rst | ack}}) == Outcome("RSTR", "Fr"));
  CHECK(outcome_of({{'c', 0}, {'s', rst | ack}}) == Outcome("RSTRH", "r"));
  CHECK(outcome_of({{'c', syn}, {'s', syn | ack}, {'c', rst}}) == Outcome("RSTO", "ShR"));
  CHECK(outcome_of({{'c', syn | rst}}) == Outcome("OTH", "Q"));
  CHECK(outcome_of({{'c', fin | rst}}) == Outcome("OTH", "I"));
  CHECK(outcome_of({{'c', rst}}) == Outcome("OTH", "R"));
}

TEST_CASE("Ends that come in an unusual order") {
  CHECK(outcome_of(after_handshake({{'c', fin | ack}, {'c', rst}})) == Outcome("RSTO", "ShAFR"));
  CHECK(outcome_of(after_handshake({{'c', fin | ack}, {'c', rst}, {'s', fin | ack}})) == Outcome("SF", "ShAFRf"));
  CHECK(outcome_of(after_handshake({{'c', fin | ack}, {'s', fin | ack}, {'c', rst}})) == Outcome("SF", "ShAFfR"));
  CHECK(outcome_of({{'c', syn}, {'s', rst | ack}, {'c', rst}}) == Outcome("REJ", "SrR"));
  CHECK(outcome_of({{'c', syn}, {'c', ack}, {'c', psh | ack, 9}}) == Outcome("OTH", "SAD"));
  // what begins in the middle is turned where the server's port tells
  CHECK(outcome_of({{'s', psh | ack, 9}, {'c', ack}}) == Outcome("OTH", "^dA"));
  CHECK(outcome_of({{'s', psh | ack, 9}, {'c', ack}}, 8080) == Outcome("OTH", "Da"));
}

TEST_CASE("Connections that Zeek saw have its states") {
  // Histories of real conn.logs, played again: their letters say which packets came in which order.
  const std::map<char, unsigned> flags_of = {{'S', syn},       {'H', syn | ack}, {'A', ack},
                                             {'D', psh | ack}, {'F', fin | ack}, {'R', rst}};
  std::size_t compared = 0;
  for (const char* name : {"logs/zeek_conn_tsv_one_hour.log.gz", "logs/zeek_conn_tsv_mixed.log.gz",
                           "logs/zeek_conn_tsv_horizontal_scan.log.gz", "logs/zeek_conn_json_mixed.log.gz",
                           "logs/zeek_conn_json_vertical_scan.log.gz"}) {
    const auto path = shared_data(name);
    if (!path) {
      return;
    }
    const nad::Table log = nad::read(*path);
    std::map<std::string, std::string> state_of;
    for (std::size_t row = 0; row < log.rows(); ++row) {
      if (log["protocol"].text(row) == "tcp" && !log["history"].is_missing(row) && !log["state"].is_missing(row)) {
        state_of[std::string(log["history"].text(row))] = log["state"].text(row);
      }
    }
    for (const auto& entry : state_of) {
      const std::string& history = entry.first;
      const std::string& state = entry.second;
      // A state without a first answer is no outcome of Zeek's own; H is a SYN with ACK that it does not turn, w, c and
      // g come from what the letters do not tell.
      if (history.find('H') != std::string::npos || (history == "S" && state != "S0")) {
        continue;
      }
      nad::FlowMeter meter;
      Talk talk(meter);
      std::set<char> before;
      for (const char letter : history) {
        // a letter comes again where its sequence number is another
        const std::uint32_t skip = before.insert(letter).second ? 0 : 1;
        const char big = static_cast<char>(letter & ~0x20);
        if (flags_of.contains(big)) {
          talk.send({letter == big ? 'c' : 's', flags_of.at(big), big == 'D' ? std::size_t{10} : 0}, skip);
        }
      }
      const nad::Table flows = meter.flush();
      CAPTURE(history);
      REQUIRE(flows.rows() == 1);
      CHECK(flows["state"].text(0) == state);
      std::string letters = history;
      std::erase_if(letters, [](char c) { return std::string_view("TtWwCcGg").find(c) != std::string_view::npos; });
      CHECK(flows["history"].text(0) == letters);
      ++compared;
    }
  }
  CHECK(compared > 60);
}

TEST_CASE("UDP and ICMP have states too") {
  const auto states = [](const std::vector<std::pair<bool, Bytes>>& packets, unsigned protocol) {
    nad::FlowMeter meter;
    std::int64_t time = 0;
    for (const auto& [forth, payload] : packets) {
      const Bytes packet = tests::ipv4(
          {.source = forth ? client : server, .destination = forth ? server : client, .protocol = protocol}, payload);
      meter.add(tests::frame_of(packet, time++, nad::LinkType::raw));
    }
    const nad::Table flows = meter.flush();
    std::vector<Outcome> outcomes;
    for (std::size_t row = 0; row < flows.rows(); ++row) {
      outcomes.emplace_back(flows["state"].text(row), flows["history"].format(row));
    }
    return outcomes;
  };
  const Bytes question = tests::udp(5000, 53, tests::filler(20));
  const Bytes answer = tests::udp(53, 5000, tests::filler(90));
  CHECK(states({{true, question}}, 17) == std::vector<Outcome>{{"S0", "D"}});
  CHECK(states({{true, question}, {false, answer}}, 17) == std::vector<Outcome>{{"SF", "Dd"}});
  CHECK(states({{false, answer}}, 17) == std::vector<Outcome>{{"SHR", "^d"}});
  CHECK(states({{true, tests::icmp(8, 0, {})}, {false, tests::icmp(0, 0, {})}}, 1) ==
        std::vector<Outcome>{{"OTH", ""}});
  // two messages that nothing answers are two flows
  CHECK(states({{true, tests::icmp(3, 3, {})}, {false, tests::icmp(3, 3, {})}}, 1).size() == 2);
}
