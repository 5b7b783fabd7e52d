#include "tools/server/control_protocol.h"

#include <charconv>

namespace memwatch::server {

std::string encode_answer(const ControlAnswer& answer) {
  return std::to_string(answer.status) + "\n" + answer.text;
}

bool decode_answer(const std::string& bytes, ControlAnswer* answer) {
  const std::size_t end = bytes.find('\n');
  if (end == std::string::npos) return false;
  const auto [stop, error] = std::from_chars(bytes.data(), bytes.data() + end, answer->status);
  if (error != std::errc{} || stop != bytes.data() + end || answer->status < 0 ||
      answer->status > 255) {
    return false;
  }
  answer->text = bytes.substr(end + 1);
  return true;
}

bool decode_question(const std::string& bytes, std::vector<std::string>* words) {
  if (bytes.empty() || bytes.back() != '\n') return false;
  std::size_t from = 0;
  while (from < bytes.size()) {
    const std::size_t end = bytes.find('\n', from);
    words->push_back(bytes.substr(from, end - from));
    from = end + 1;
  }
  return true;
}

}  // namespace memwatch::server
