#include "tools/server/listen_address.h"

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <utility>  // before any header of asio, which uses std::exchange without it in C++20

namespace memwatch::server {

std::string ListenAddress::text() const {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
         std::to_string(port);
}

Result<ListenAddress> parse_listen_address(const std::string& text, bool may_be_reached) {
  const Error wrong{ErrorKind::usage, "listen for requests", text,
                    may_be_reached ? "expected ADDRESS:PORT with the address as numbers"
                                   : "expected ADDRESS:PORT with an address of this machine alone",
                    "127.0.0.1:7676, [::1]:7676, or off"};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return wrong;
  ListenAddress address;
  address.host = text.substr(0, colon);
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  if (address.host == "localhost") address.host = "127.0.0.1";
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data() + colon + 1, end, address.port);
  boost::system::error_code error;
  const boost::asio::ip::address parsed = boost::asio::ip::make_address(address.host, error);
  if (failure != std::errc{} || stop != end || error) return wrong;
  address.is_loopback = parsed.is_loopback();
  if (!address.is_loopback && !may_be_reached) return wrong;
  return address;
}

}  // namespace memwatch::server
