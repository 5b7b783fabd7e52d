#include "collector/analysis/brief_types.h"

#include <array>
#include <utility>

namespace memwatch::analysis {

namespace {

// In one pass: names of files that others made may be long.
std::string with_all_replaced(const std::string& text, std::string_view from, std::string_view to) {
  std::string result;
  std::size_t since = 0;
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, since)) {
    result.append(text, since, at - since).append(to);
    since = at + from.size();
  }
  return since == 0 ? text : result.append(text, since);
}

}  // namespace

std::string with_brief_types(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kBrief = {{
      {"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >",
       "std::string"},
      {"std::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string"},
      {"std::__1::basic_string<char, std::__1::char_traits<char>, std::__1::allocator<char> >",
       "std::string"},
      {"std::__1::basic_string<char, std::__1::char_traits<char>, std::__1::allocator<char>>",
       "std::string"},
      {"std::basic_string_view<char, std::char_traits<char> >", "std::string_view"},
      {"std::__cxx11::", "std::"},
      {"std::__1::", "std::"},
      {"(anonymous namespace)::", "(anon)::"},
      {"unsigned long", "ulong"},
  }};
  std::string brief(name);
  for (const auto& [from, to] : kBrief) brief = with_all_replaced(brief, from, to);
  return brief;
}

}  // namespace memwatch::analysis
