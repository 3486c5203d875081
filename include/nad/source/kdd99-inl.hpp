#pragma once

#include "nad/source/kdd99.hpp"

namespace nad {

namespace detail {

inline constexpr std::array<std::string_view, 41> kdd99_names = {"duration",
                                                                 "protocol_type",
                                                                 "service",
                                                                 "flag",
                                                                 "src_bytes",
                                                                 "dst_bytes",
                                                                 "land",
                                                                 "wrong_fragment",
                                                                 "urgent",
                                                                 "hot",
                                                                 "num_failed_logins",
                                                                 "logged_in",
                                                                 "num_compromised",
                                                                 "root_shell",
                                                                 "su_attempted",
                                                                 "num_root",
                                                                 "num_file_creations",
                                                                 "num_shells",
                                                                 "num_access_files",
                                                                 "num_outbound_cmds",
                                                                 "is_host_login",
                                                                 "is_guest_login",
                                                                 "count",
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

// The 22 attacks of the training set and the 17 that only the test set has. httptunnel counts as u2r, as in the
// contest's own table of the test set (228 u2r records).
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 40> kdd99_labels = {{
    {"normal", "normal"},     {"back", "dos"},        {"land", "dos"},
    {"neptune", "dos"},       {"pod", "dos"},         {"smurf", "dos"},
    {"teardrop", "dos"},      {"apache2", "dos"},     {"mailbomb", "dos"},
    {"processtable", "dos"},  {"udpstorm", "dos"},    {"ipsweep", "probe"},
    {"nmap", "probe"},        {"portsweep", "probe"}, {"satan", "probe"},
    {"mscan", "probe"},       {"saint", "probe"},     {"ftp_write", "r2l"},
    {"guess_passwd", "r2l"},  {"imap", "r2l"},        {"multihop", "r2l"},
    {"phf", "r2l"},           {"spy", "r2l"},         {"warezclient", "r2l"},
    {"warezmaster", "r2l"},   {"named", "r2l"},       {"sendmail", "r2l"},
    {"snmpgetattack", "r2l"}, {"snmpguess", "r2l"},   {"worm", "r2l"},
    {"xlock", "r2l"},         {"xsnoop", "r2l"},      {"buffer_overflow", "u2r"},
    {"loadmodule", "u2r"},    {"perl", "u2r"},        {"rootkit", "u2r"},
    {"httptunnel", "u2r"},    {"ps", "u2r"},          {"sqlattack", "u2r"},
    {"xterm", "u2r"},
}};

}  // namespace detail

NAD_INLINE std::span<const std::string_view> kdd99_columns() noexcept { return detail::kdd99_names; }

NAD_INLINE std::span<const std::pair<std::string_view, std::string_view>> kdd99_families() noexcept {
  return detail::kdd99_labels;
}

NAD_INLINE std::string_view kdd99_family(std::string_view label) noexcept {
  for (const auto& [known, family] : detail::kdd99_labels) {
    if (known == label) {
      return family;
    }
  }
  return {};
}

}  // namespace nad
