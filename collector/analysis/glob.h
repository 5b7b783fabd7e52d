// Patterns with wildcards, as suppressions have them. Pure, linear in the texts' product at worst.
#pragma once

#include <string_view>

namespace memwatch::analysis {

// Does the whole text match? '*' any characters, '?' one, where `question_mark`.
bool matches_glob(std::string_view pattern, std::string_view text, bool question_mark);

// As LeakSanitizer: anywhere in the text, '*' any characters, '^' at the beginning and '$' at the
// end anchor.
bool matches_template(std::string_view pattern, std::string_view text);

}  // namespace memwatch::analysis
