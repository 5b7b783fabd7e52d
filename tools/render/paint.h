// Colour by meaning. With colour off every function returns its text unchanged, so that piped text
// is the same text without escapes. Colours are the terminal's own sixteen, which follow its theme.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace memwatch::render {

enum class Tone : std::uint8_t {
  plain,
  strong,   // headings, the number that matters
  faint,    // plumbing, units, explanations
  name,     // the reader's own code
  place,    // file:line
  heap,     // the traced heap in charts and bars
  good,     // exact, complete
  caution,  // not freed, estimates
  bad,      // failures, losses
  command,  // something to type
};

class Painter {
 public:
  explicit Painter(bool color) : color_(color) {}
  [[nodiscard]] std::string operator()(Tone tone, std::string_view text) const;

 private:
  bool color_;
};

}  // namespace memwatch::render
