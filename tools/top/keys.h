// What the bytes of a terminal mean: keys, as ECMA-48 and xterm send them (arrows in both of their
// modes, with modifiers too). Sequences that are none of ours are swallowed whole, so that no rest
// of one is taken for a letter. One owner, not thread-safe. No errors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace memwatch::top {

enum class Key : std::uint8_t {
  letter,
  up,
  down,
  page_up,
  page_down,
  home,
  end,
  enter,
  escape,
};

struct KeyPress {
  Key key = Key::letter;
  char letter = 0;  // ASCII, of Key::letter
  bool operator==(const KeyPress&) const = default;
};

class KeyReader {
 public:
  void feed(std::string_view bytes) { bytes_ += bytes; }
  // The next whole key.
  std::optional<KeyPress> next();
  // An escape byte has come, and nothing after it: the key of that name, or the begin of a sequence
  // of which the rest is on its way. settle() decides for the key; call it a moment later.
  [[nodiscard]] bool is_undecided() const { return !bytes_.empty(); }
  std::optional<KeyPress> settle();

 private:
  std::string bytes_;
};

}  // namespace memwatch::top
