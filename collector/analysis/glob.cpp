#include "collector/analysis/glob.h"

#include <string>

namespace memwatch::analysis {

bool matches_glob(std::string_view pattern, std::string_view text, bool question_mark) {
  std::size_t p = 0, t = 0;
  std::size_t star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() &&
               (pattern[p] == text[t] || (question_mark && pattern[p] == '?'))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool matches_template(std::string_view pattern, std::string_view text) {
  std::string whole;
  if (pattern.starts_with('^')) {
    pattern.remove_prefix(1);
  } else {
    whole = "*";
  }
  const bool ends = pattern.ends_with('$');
  if (ends) pattern.remove_suffix(1);
  whole += pattern;
  if (!ends) whole += '*';
  return matches_glob(whole, text, false);
}

}  // namespace memwatch::analysis
