#pragma once

// What a TCP connection is to be: who speaks to whom, what they say, and how it ends.

#include <cstddef>
#include <cstdint>
#include <string>

#include "nad/flow/simulate_filler-inl.hpp"
#include "nad/flow/simulate_hosts-inl.hpp"

namespace nad::detail::simulate {

/// What one side says in one go.
struct Message {
  Side from = client;
  std::uint64_t bytes = 0;  ///< at least those of head and tail
  Ticks pause = 0;          ///< before it, beside the time on the way
  Filler filler = Filler::noise;
  std::string head = {};
  std::string tail = {};
};

class Talk {
 public:
  Talk() = default;
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;
  virtual ~Talk() = default;
  /// The next message; false when there is nothing more to say.
  virtual bool next(Message& message, Draw& draw, Ticks now) = 0;
};

enum class Ending : std::uint8_t {
  closed_by_client,
  closed_by_server,
  refused,     ///< SYN, RST
  unanswered,  ///< SYN, again after one and three seconds
  given_up,    ///< SYN, RST of the client
  probed,      ///< SYN, SYN-ACK, RST of the client
  half_open,   ///< SYN, SYN-ACK and again after one, three and seven seconds
  reset_by_client,
  reset_by_server,
  left_open,
  half_closed_by_client,
  half_closed_by_server,
};

struct TcpPlan {
  Host* client = nullptr;
  Host* server = nullptr;
  std::uint16_t client_port = 0;  ///< 0: one of the client's own
  std::uint16_t server_port = 0;
  bool v6 = false;
  Path path = {};
  Ending ending = Ending::closed_by_client;
  int attempts = 3;                 ///< SYNs of `unanswered`
  std::size_t messages = SIZE_MAX;  ///< what is reset or left is so after so many, if there are so many
};

}  // namespace nad::detail::simulate
