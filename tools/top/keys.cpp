#include "tools/top/keys.h"

namespace memwatch::top {

namespace {

constexpr char kEscape = '\x1b';
constexpr std::size_t kLongestSequence = 32;

// By the last byte of "ESC [ … X" or "ESC O X", and the first number in it.
std::optional<Key> key_of(char last, int number) {
  switch (last) {
    case 'A':
      return Key::up;
    case 'B':
      return Key::down;
    case 'H':
      return Key::home;
    case 'F':
      return Key::end;
    case 'M':
      return Key::enter;  // of the number pad
    case '~':
      break;
    default:
      return std::nullopt;
  }
  switch (number) {
    case 1:
    case 7:
      return Key::home;
    case 4:
    case 8:
      return Key::end;
    case 5:
      return Key::page_up;
    case 6:
      return Key::page_down;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<KeyPress> KeyReader::next() {
  while (!bytes_.empty()) {
    const char first = bytes_.front();
    if (first != kEscape) {
      bytes_.erase(0, 1);
      if (first == '\r' || first == '\n') return KeyPress{Key::enter, 0};
      if (first >= ' ' && first <= '~') return KeyPress{Key::letter, first};
      continue;  // other control characters, and the bytes of other letters
    }
    if (bytes_.size() == 1) return std::nullopt;
    if (bytes_[1] != '[' && bytes_[1] != 'O') {
      bytes_.erase(0, 1);  // the key itself, and then something else
      return KeyPress{Key::escape, 0};
    }
    std::size_t end = 2;
    int number = 0;
    bool is_first_number = true;
    while (end < bytes_.size() && bytes_[end] >= ' ' && bytes_[end] < '@') {
      const char byte = bytes_[end++];
      if (byte < '0' || byte > '9') is_first_number = false;
      if (is_first_number && number < 1000) number = number * 10 + (byte - '0');
    }
    if (end == bytes_.size()) {
      if (bytes_.size() < kLongestSequence) return std::nullopt;
      bytes_.clear();
      return std::nullopt;
    }
    const char last = bytes_[end];
    bytes_.erase(0, end + 1);
    if (const auto key = key_of(last, number)) return KeyPress{*key, 0};
  }
  return std::nullopt;
}

std::optional<KeyPress> KeyReader::settle() {
  if (bytes_.empty()) return std::nullopt;
  const bool is_key = bytes_.size() == 1;
  bytes_.clear();  // what is longer was cut off on its way
  return is_key ? std::optional(KeyPress{Key::escape, 0}) : std::nullopt;
}

}  // namespace memwatch::top
