#include "collector/procfs/text.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <limits>

#include "collector/base/unique_fd.h"

namespace memwatch::procfs {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

}  // namespace

std::optional<std::string> read_text(const std::string& path, std::size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.is_open()) return std::nullopt;
  std::string text;
  std::array<char, 4096> piece;
  while (text.size() < limit) {
    const ssize_t count = ::read(fd.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;  // ESRCH: the process is gone
    if (count == 0) break;
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
  if (text.size() > limit) text.resize(limit);
  return text;
}

std::optional<std::string> read_link(const std::string& path) {
  std::string target(4096, '\0');  // PATH_MAX; the kernel cuts there too
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length < 0) return std::nullopt;
  target.resize(static_cast<std::size_t>(length));
  return target;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  text = trim(text);
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (stop != end || problem == std::errc::invalid_argument) return std::nullopt;
  if (problem == std::errc::result_out_of_range) return std::numeric_limits<std::uint64_t>::max();
  return value;
}

std::optional<double> parse_real(std::string_view text) {
  text = trim(text);
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (stop != end || problem != std::errc{} || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool next_line(std::string_view& rest, std::string_view& line) {
  if (rest.empty()) return false;
  const std::size_t end = rest.find('\n');
  line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return true;
}

bool next_word(std::string_view& rest, std::string_view& word) {
  const std::size_t first = rest.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return false;
  rest.remove_prefix(first);
  word = rest.substr(0, rest.find_first_of(kBlanks));
  rest.remove_prefix(word.size());
  return true;
}

std::optional<std::string_view> find_value(std::string_view text, std::string_view key) {
  std::string_view line;
  while (next_line(text, line)) {
    if (!line.starts_with(key) || line.size() == key.size()) continue;
    const char after = line[key.size()];
    if (after == ':' || after == ' ' || after == '\t') return trim(line.substr(key.size() + 1));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_kilobytes(std::string_view text) {
  std::string_view number, unit;
  if (!next_word(text, number)) return std::nullopt;
  const std::optional<std::uint64_t> value = parse_number(number);
  if (!value) return std::nullopt;
  return next_word(text, unit) && unit == "kB" ? saturating_multiply(*value, 1024) : *value;
}

std::uint64_t saturating_multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::uint64_t>::max()
                                                : product;
}

std::string process_path(const std::string& proc_root, std::int32_t pid, std::string_view name) {
  std::string path = proc_root + "/" + std::to_string(pid);
  if (!name.empty()) (path += "/") += name;
  return path;
}

}  // namespace memwatch::procfs
