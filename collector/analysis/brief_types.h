// Well-known types as people write them: std::string, without the C++ library's inner namespaces.
// What is printed is spelled so, and what is looked for may be. Pure function; no errors.
#pragma once

#include <string>
#include <string_view>

namespace memwatch::analysis {

// A function's demangled name with such types spelled briefly; the name itself where it has none.
std::string with_brief_types(std::string_view name);

}  // namespace memwatch::analysis
