// Text from sessions made safe and measurable. Names come from other people's binaries, files and
// command lines: they may hold escape sequences that drive a terminal, invalid UTF-8, or characters
// that reorder a line.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace memwatch::render {

// Valid UTF-8: every byte that is not part of a well-formed sequence becomes U+FFFD.
std::string valid_utf8(std::string_view text);

// valid_utf8 on one line: ends of lines and tabs become spaces (scripts on command lines have
// them), other control characters and direction overrides U+FFFD.
std::string printable(std::string_view text);

// Columns that valid UTF-8 takes in a terminal: 2 for East Asian wide characters and emoji, 0 for
// combining marks, else 1. An approximation by ranges, independent of the locale.
std::size_t display_width(std::string_view text);

// The longest beginning and end of valid UTF-8 text that take at most `width` columns.
std::string_view head_of_width(std::string_view text, std::size_t width);
std::string_view tail_of_width(std::string_view text, std::size_t width);

}  // namespace memwatch::render
