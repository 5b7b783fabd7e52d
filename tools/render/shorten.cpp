#include "tools/render/shorten.h"

#include <algorithm>
#include <array>
#include <utility>

#include "collector/analysis/brief_types.h"
#include "tools/render/printable.h"

namespace memwatch::render {
namespace {

constexpr std::string_view kEllipsis = "…";

// True where name[at] is a '<' or '>' of an operator's name rather than of template arguments.
bool belongs_to_operator(std::string_view name, std::size_t at) {
  constexpr std::string_view kOperator = "operator";
  std::size_t start = at;
  while (start > 0 &&
         (name[start - 1] == '<' || name[start - 1] == '>' || name[start - 1] == '-')) {
    --start;
  }
  // operator<, <<, <=, <=>, >, >>, >=, ->; but not the '<' of operator()<int> or operator=<int>.
  return start >= kOperator.size() &&
         name.substr(start - kOperator.size(), kOperator.size()) == kOperator && at - start < 2;
}

// Replaces what stands between outermost open and close by "…". Text that does not balance comes
// back as it was.
std::string folded(std::string_view name, char open, char close) {
  std::string result;
  std::size_t depth = 0, since = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool counts = open != '<' || !belongs_to_operator(name, i);
    // "->" is never a closing bracket.
    const bool arrow = c == '>' && i > 0 && name[i - 1] == '-';
    if (c == open && counts) {
      if (depth == 0) {
        result += c;
        since = i + 1;
      }
      ++depth;
    } else if (c == close && counts && !arrow) {
      if (depth == 0) return std::string(name);
      if (--depth == 0) {
        const std::string_view inside = name.substr(since, i - since);
        // Folding "(anon)" or "()" would lose more than it saves.
        const bool keep = display_width(inside) <= 1 || inside.starts_with("anon");
        result += keep ? inside : kEllipsis;
        result += c;
      }
    } else if (depth == 0) {
      result += c;
    }
  }
  return depth == 0 ? result : std::string(name);
}

}  // namespace

std::string shorten_middle(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  const std::size_t tail = (width - 1) / 2;
  std::string result(head_of_width(text, width - 1 - tail));
  result += kEllipsis;
  result += tail_of_width(text, tail);
  return result;
}

std::string shorten_end(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  return std::string(head_of_width(text, width - 1)) + std::string(kEllipsis);
}

std::string shorten_function(std::string_view name, std::size_t width) {
  // The steps look at every character; a name beyond this length is cut first.
  constexpr std::size_t kLongest = 4096;
  const std::string bounded = shorten_middle(name, kLongest);
  std::string shorter = analysis::with_brief_types(bounded);
  if (display_width(shorter) > width) shorter = folded(shorter, '(', ')');
  if (display_width(shorter) > width) shorter = folded(shorter, '<', '>');
  return shorten_middle(shorter, width);
}

std::string short_path(std::string_view path) {
  constexpr std::array<std::string_view, 9> kEverywhere = {
      "mod.rs",   "lib.rs",   "main.rs",        "__init__.py", "__main__.py",
      "index.js", "index.ts", "CMakeLists.txt", "main.go"};
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return std::string(path);
  const std::string_view file = path.substr(slash + 1);
  if (std::find(kEverywhere.begin(), kEverywhere.end(), file) == kEverywhere.end() || slash == 0) {
    return std::string(file);
  }
  const std::size_t before = path.rfind('/', slash - 1);
  return std::string(before == std::string_view::npos ? path : path.substr(before + 1));
}

std::string command_line(const std::vector<std::string>& command) {
  constexpr std::string_view kSpecial = " \t\n\"'\\$`*?[]{}()<>|&;#~!";
  constexpr std::size_t kLongest = 4096;
  std::string line;
  for (const std::string& argument : command) {
    if (!line.empty()) line += ' ';
    if (!argument.empty() && argument.find_first_of(kSpecial) == std::string::npos) {
      line += argument;
    } else {
      line += '\'';
      for (const char c : argument) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
      line += '\'';
    }
    if (line.size() > kLongest) break;
  }
  return line;
}

std::string command_title(const std::vector<std::string>& command) {
  std::string line = command_line(command);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return line;
}

}  // namespace memwatch::render
