#pragma once

// The services of KDD Cup 99, by the ports that its network had them on in 1998. A port without a name is "private"
// where it is below 1024 and "other" above. Two of the published names, harvest and pm_dump, belong to no port that is
// known.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "nad/flow/community_id.hpp"
#include "nad/flow/protocol_names-inl.hpp"

namespace nad::detail {

struct KddService {
  std::uint16_t port;
  std::string_view name;
};

/// Of TCP, sorted by port.
inline constexpr std::array kdd_tcp_services = {
    KddService{7, "echo"},          KddService{9, "discard"},       KddService{11, "systat"},
    KddService{13, "daytime"},      KddService{15, "netstat"},      KddService{20, "ftp_data"},
    KddService{21, "ftp"},          KddService{22, "ssh"},          KddService{23, "telnet"},
    KddService{25, "smtp"},         KddService{37, "time"},         KddService{42, "name"},
    KddService{43, "whois"},        KddService{53, "domain"},       KddService{57, "mtp"},
    KddService{70, "gopher"},       KddService{71, "remote_job"},   KddService{77, "rje"},
    KddService{79, "finger"},       KddService{80, "http"},         KddService{84, "ctf"},
    KddService{87, "link"},         KddService{95, "supdup"},       KddService{101, "hostnames"},
    KddService{102, "iso_tsap"},    KddService{105, "csnet_ns"},    KddService{109, "pop_2"},
    KddService{110, "pop_3"},       KddService{111, "sunrpc"},      KddService{113, "auth"},
    KddService{117, "uucp_path"},   KddService{119, "nntp"},        KddService{137, "netbios_ns"},
    KddService{138, "netbios_dgm"}, KddService{139, "netbios_ssn"}, KddService{143, "imap4"},
    KddService{150, "sql_net"},     KddService{175, "vmnet"},       KddService{179, "bgp"},
    KddService{194, "IRC"},         KddService{210, "Z39_50"},      KddService{389, "ldap"},
    KddService{433, "nnsp"},        KddService{443, "http_443"},    KddService{512, "exec"},
    KddService{513, "login"},       KddService{514, "shell"},       KddService{515, "printer"},
    KddService{520, "efs"},         KddService{530, "courier"},     KddService{540, "uucp"},
    KddService{543, "klogin"},      KddService{544, "kshell"},      KddService{2784, "http_2784"},
    KddService{5190, "aol"},        KddService{6667, "IRC"},        KddService{8001, "http_8001"},
};

static_assert(std::is_sorted(kdd_tcp_services.begin(), kdd_tcp_services.end(),
                             [](const KddService& a, const KddService& b) { return a.port < b.port; }));

inline std::string_view kdd_unnamed(std::uint16_t port) noexcept { return port < 1024 ? "private" : "other"; }

inline std::string_view kdd_tcp_service(const FlowEnds& ends) noexcept {
  const std::uint16_t port = ends.destination_port;
  if (ends.source_port == 20) {
    return "ftp_data";  // the server opens this connection
  }
  if (port >= 6000 && port <= 6063) {
    return "X11";
  }
  const auto found =
      std::lower_bound(kdd_tcp_services.begin(), kdd_tcp_services.end(), port,
                       [](const KddService& service, std::uint16_t wanted) { return service.port < wanted; });
  return found != kdd_tcp_services.end() && found->port == port ? found->name : kdd_unnamed(port);
}

/// `type` and `code` of the message.
inline std::string_view kdd_icmp_service(std::uint16_t type, std::uint16_t code) noexcept {
  switch (type) {
    case 8:
      return "eco_i";
    case 0:
      return "ecr_i";
    case 3:
      return code == 3 ? "urp_i" : code == 1 ? "urh_i" : "oth_i";
    case 5:
      return "red_i";
    case 11:
      return "tim_i";
    default:
      return "oth_i";
  }
}

inline std::string_view kdd_service(const FlowEnds& ends) noexcept {
  switch (ends.protocol) {
    case protocol_tcp:
      return kdd_tcp_service(ends);
    case protocol_udp:
      return ends.destination_port == 53    ? "domain_u"
             : ends.destination_port == 69  ? "tftp_u"
             : ends.destination_port == 123 ? "ntp_u"
                                            : kdd_unnamed(ends.destination_port);
    case protocol_icmp:
      return kdd_icmp_service(ends.source_port, ends.destination_port);
    case protocol_icmpv6:
      return ends.source_port == 128 ? "eco_i" : ends.source_port == 129 ? "ecr_i" : "oth_i";
    default:
      return "other";
  }
}

}  // namespace nad::detail
