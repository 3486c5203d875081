#pragma once

// The flags of a TCP header, as bits.

namespace nad::detail {

enum TcpFlag : unsigned {
  tcp_fin = 1U,
  tcp_syn = 2U,
  tcp_rst = 4U,
  tcp_psh = 8U,
  tcp_ack = 16U,
  tcp_urg = 32U,
  tcp_ece = 64U,
  tcp_cwr = 128U,
};

}  // namespace nad::detail
