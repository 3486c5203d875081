#pragma once

// The bytes of datagrams and of messages whose form others look at: DNS, NTP, TLS, SSH.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nad/flow/simulate_hosts-inl.hpp"

namespace nad::detail::simulate {

using Bytes = std::vector<std::uint8_t>;

/// Big-endian numbers, text and noise, one behind the other.
class ByteWriter {
 public:
  ByteWriter& u8(std::uint64_t value) {
    bytes_.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }
  ByteWriter& u16(std::uint64_t value) { return u8(value >> 8U).u8(value); }
  ByteWriter& u32(std::uint64_t value) { return u16(value >> 16U).u16(value); }
  ByteWriter& text(std::string_view value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
  }
  ByteWriter& noise(std::size_t count, Draw& draw) {
    for (std::size_t i = 0; i < count; ++i) {
      u8(draw.below(256));
    }
    return *this;
  }
  std::size_t size() const noexcept { return bytes_.size(); }
  Bytes take() { return std::move(bytes_); }
  std::string take_text() const { return {bytes_.begin(), bytes_.end()}; }

 private:
  Bytes bytes_;
};

inline std::string random_letters(std::size_t count, Draw& draw, std::string_view letters) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += letters[draw.below(letters.size())];
  }
  return text;
}

/// "www.site17.example"
inline std::string site_name(std::size_t site) { return "www.site" + std::to_string(site) + ".example"; }

// ---- DNS

enum class DnsType : std::uint16_t { a = 1, txt = 16, aaaa = 28 };

inline void put_dns_name(ByteWriter& to, std::string_view name) {
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    to.u8(dot).text(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  to.u8(0);
}

inline Bytes dns_query(std::uint16_t id, std::string_view name, DnsType type) {
  ByteWriter to;
  to.u16(id).u16(0x0100).u16(1).u16(0).u16(0).u16(0);
  put_dns_name(to, name);
  return to.u16(static_cast<std::uint16_t>(type)).u16(1).take();
}

/// As many answers as `contents`; without any, the name is not there.
inline Bytes dns_answer(std::uint16_t id, std::string_view name, DnsType type,
                        const std::vector<std::string>& contents) {
  ByteWriter to;
  to.u16(id).u16(contents.empty() ? 0x8183 : 0x8180).u16(1).u16(contents.size()).u16(0).u16(0);
  put_dns_name(to, name);
  to.u16(static_cast<std::uint16_t>(type)).u16(1);
  for (const std::string& content : contents) {
    to.u16(0xc00c).u16(static_cast<std::uint16_t>(type)).u16(1).u32(300).u16(content.size()).text(content);
  }
  return to.take();
}

/// What a record of type TXT holds: pieces of up to 255 bytes, each with its length.
inline std::string dns_text(std::string_view text) {
  std::string content;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, 255);
    content += static_cast<char>(piece.size());
    content += piece;
    text.remove_prefix(piece.size());
  }
  return content;
}

inline std::string v4_content(const Host& host) { return ByteWriter().u32(host.v4()).take_text(); }

// ---- NTP

inline void put_ntp_time(ByteWriter& to, Ticks time) {
  constexpr std::uint64_t since_1900 = 2'208'988'800;
  const auto whole = static_cast<std::uint64_t>(time / second);
  const auto rest = static_cast<std::uint64_t>(time % second);
  to.u32(whole + since_1900).u32((rest << 32U) / static_cast<std::uint64_t>(second));
}

inline Bytes ntp_request(Ticks time) {
  ByteWriter to;
  to.u32(0x23000020);  // version 4, client
  for (int i = 0; i < 9; ++i) {
    to.u32(0);
  }
  put_ntp_time(to, time);
  return to.take();
}

inline Bytes ntp_reply(Ticks asked, Ticks time) {
  ByteWriter to;
  to.u32(0x240206e9).u32(0x00000123).u32(0x00000456).u32(0xcb007101);  // server, stratum 2
  put_ntp_time(to, time - 100 * second);
  put_ntp_time(to, asked);
  put_ntp_time(to, time);
  put_ntp_time(to, time);
  return to.take();
}

/// One of the many packets with which an old server answers "monlist".
inline Bytes ntp_monlist_reply(std::uint8_t number, Draw& draw) {
  constexpr std::size_t items = 6;
  constexpr std::size_t item_bytes = 72;
  ByteWriter to;
  to.u8(0xd7).u8(number & 0x7fU).u8(3).u8(42).u16(items).u16(item_bytes);
  for (std::size_t item = 0; item < items; ++item) {
    to.u32(draw.below(1000)).u32(draw.below(1000)).u32(0).u32(1 + draw.below(5000));
    to.u32(forged + draw.below(65'536)).u32(amplifiers + draw.below(32'768)).u32(1).u16(123).u8(3).u8(2);
    for (std::size_t rest = 32; rest < item_bytes; rest += 4) {
      to.u32(0);
    }
  }
  return to.take();
}

// ---- TLS

inline std::string tls_record_of(std::uint8_t type, const std::string& content) {
  return ByteWriter().u8(type).u16(0x0303).u16(content.size()).text(content).take_text();
}

inline std::string tls_client_hello(std::string_view name, Draw& draw) {
  ByteWriter extensions;
  extensions.u16(0).u16(name.size() + 5).u16(name.size() + 3).u8(0).u16(name.size()).text(name);  // its name
  extensions.u16(10).u16(6).u16(4).u16(29).u16(23);                                               // groups
  extensions.u16(13).u16(6).u16(4).u16(0x0403).u16(0x0804);                                       // signatures
  extensions.u16(43).u16(3).u8(2).u16(0x0304);                                                    // TLS 1.3
  extensions.u16(51).u16(38).u16(36).u16(29).u16(32).noise(32, draw);                             // a key
  const std::string listed = extensions.take_text();
  ByteWriter hello;
  hello.u16(0x0303).noise(32, draw).u8(32).noise(32, draw);
  hello.u16(6).u16(0x1301).u16(0x1302).u16(0x1303).u8(1).u8(0).u16(listed.size()).text(listed);
  const std::string body = hello.take_text();
  return tls_record_of(22, ByteWriter().u8(1).u8(body.size() >> 16U).u16(body.size()).text(body).take_text());
}

/// Server hello and change of cipher; what follows is encrypted.
inline std::string tls_server_hello(Draw& draw) {
  ByteWriter hello;
  hello.u16(0x0303).noise(32, draw).u8(32).noise(32, draw).u16(0x1301).u8(0);
  hello.u16(46).u16(43).u16(2).u16(0x0304).u16(51).u16(36).u16(29).u16(32).noise(32, draw);
  const std::string body = hello.take_text();
  return tls_record_of(22, ByteWriter().u8(2).u8(body.size() >> 16U).u16(body.size()).text(body).take_text()) +
         tls_record_of(20, std::string(1, '\x01'));
}

/// A record of application data that holds nothing to be read.
inline std::string tls_data(std::size_t content, Draw& draw) {
  return tls_record_of(23, ByteWriter().noise(content, draw).take_text());
}

// ---- SSH

/// A packet before encryption: length, padding and payload.
inline std::string ssh_packet(const std::string& payload, Draw& draw) {
  const std::size_t unpadded = 5 + payload.size();
  const std::size_t padding = 8 - unpadded % 8 + (unpadded % 8 > 4 ? 8 : 0);
  return ByteWriter().u32(1 + payload.size() + padding).u8(padding).text(payload).noise(padding, draw).take_text();
}

inline std::string ssh_key_exchange_init(Draw& draw) {
  static constexpr std::array<std::string_view, 10> lists = {
      "curve25519-sha256,ecdh-sha2-nistp256",
      "ssh-ed25519,rsa-sha2-512",
      "aes128-ctr,aes256-ctr",
      "aes128-ctr,aes256-ctr",
      "hmac-sha2-256",
      "hmac-sha2-256",
      "none",
      "none",
      "",
      "",
  };
  ByteWriter to;
  to.u8(20).noise(16, draw);
  for (const std::string_view list : lists) {
    to.u32(list.size()).text(list);
  }
  return ssh_packet(to.u8(0).u32(0).take_text(), draw);
}

/// The client's half of a key.
inline std::string ssh_key_init(Draw& draw) {
  return ssh_packet(ByteWriter().u8(30).u32(32).noise(32, draw).take_text(), draw);
}

/// The server's: host key, half of a key, signature; then both may use them.
inline std::string ssh_key_reply(Draw& draw) {
  const std::string host_key = ByteWriter().u32(11).text("ssh-ed25519").u32(32).noise(32, draw).take_text();
  const std::string signature = ByteWriter().u32(11).text("ssh-ed25519").u32(64).noise(64, draw).take_text();
  ByteWriter to;
  to.u8(31).u32(host_key.size()).text(host_key).u32(32).noise(32, draw).u32(signature.size()).text(signature);
  std::string packets = ssh_packet(to.take_text(), draw);
  packets += ssh_packet(std::string(1, '\x15'), draw);
  return packets;
}

inline std::string ssh_new_keys(Draw& draw) { return ssh_packet(std::string(1, '\x15'), draw); }

}  // namespace nad::detail::simulate
