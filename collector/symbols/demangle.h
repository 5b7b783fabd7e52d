// Linkage names to what a programmer wrote, with libiberty: C++ (Itanium ABI), Rust (legacy and
// v0), D. Thread-safe. Never fails: what cannot be demangled comes back as it was.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace memwatch::symbols {

// Longer names are not demangled, and longer results are cut and end in "...". Compilers' own names
// stay far below; the bounds are against files made to waste memory, stack or time.
inline constexpr std::size_t kMaxMangledLength = 4096;
inline constexpr std::size_t kMaxDemangledLength = 16384;

// "_ZN2ns1C1mEi" gives "ns::C::m(int)": parameter types and template arguments, no return type, no
// Rust hash. A name longer than kMaxDemangledLength is cut.
std::string demangle(std::string_view name);

}  // namespace memwatch::symbols
