#include "collector/procfs/pressure.h"

#include "collector/procfs/text.h"

namespace memwatch::procfs {
namespace {

struct PressureLine {
  double avg10 = 0, avg60 = 0, avg300 = 0;
  std::uint64_t total_us = 0;
};

PressureLine parse_line(std::string_view words) {
  PressureLine line;
  std::string_view word;
  while (next_word(words, word)) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = word.substr(0, equals), value = word.substr(equals + 1);
    if (key == "avg10") line.avg10 = parse_real(value).value_or(0);
    if (key == "avg60") line.avg60 = parse_real(value).value_or(0);
    if (key == "avg300") line.avg300 = parse_real(value).value_or(0);
    if (key == "total") line.total_us = parse_number(value).value_or(0);
  }
  return line;
}

}  // namespace

std::optional<Pressure> parse_pressure(std::string_view text) {
  const std::optional<std::string_view> some = find_value(text, "some");
  if (!some) return std::nullopt;
  const PressureLine some_line = parse_line(*some);
  const PressureLine full_line = parse_line(find_value(text, "full").value_or(std::string_view{}));
  return Pressure{some_line.avg10, some_line.avg60,  some_line.avg300,   full_line.avg10,
                  full_line.avg60, full_line.avg300, some_line.total_us, full_line.total_us};
}

std::optional<Pressure> read_pressure(const std::string& path) {
  const std::optional<std::string> text = read_text(path);
  return text ? parse_pressure(*text) : std::nullopt;
}

}  // namespace memwatch::procfs
