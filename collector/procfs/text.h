// Reading and picking apart the kernel's small text files. Stateless; any thread. Files of /proc
// and /sys that vanish or are forbidden are empty optionals. Texts may be hostile (a thread chooses
// its own name, a mount its path): lengths are bounded, numbers saturate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace memwatch::procfs {

inline constexpr std::size_t kSmallFileBytes = std::size_t{64} << 10;

// The file's first `limit` bytes. Follows symbolic links; never blocks on a FIFO.
std::optional<std::string> read_text(const std::string& path, std::size_t limit = kSmallFileBytes);

// The target of a symbolic link.
std::optional<std::string> read_link(const std::string& path);

// A decimal number that makes up the whole text (blanks around it are fine). Too large: the
// largest value.
std::optional<std::uint64_t> parse_number(std::string_view text);
// Finite, in plain decimal notation.
std::optional<double> parse_real(std::string_view text);

std::string_view trim(std::string_view text);

// Cuts the first line, or the first blank-separated word, off `rest`. False at the end.
bool next_line(std::string_view& rest, std::string_view& line);
bool next_word(std::string_view& rest, std::string_view& word);

// The value of the first line "KEY: value" or "KEY value", without blanks around it.
std::optional<std::string_view> find_value(std::string_view text, std::string_view key);

// "123 kB" in bytes; a number without a unit as it is.
std::optional<std::uint64_t> parse_kilobytes(std::string_view text);

std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b);

// "ROOT/PID/NAME"
std::string process_path(const std::string& proc_root, std::int32_t pid, std::string_view name);

}  // namespace memwatch::procfs
