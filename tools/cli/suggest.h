// "did you mean …?": the candidate nearest to a mistyped word.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace memwatch::cli {

// Insertions, deletions, substitutions and swaps of neighbours that turn one into the other
// (optimal string alignment). Words are cut to 64 characters.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest candidate that is near enough to be meant: about a third of its letters may differ; a
// candidate that the word begins counts as near. Nothing for an empty word.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

}  // namespace memwatch::cli
