#include "collector/analysis/noise_frames.h"

#include <algorithm>
#include <array>

namespace memwatch::analysis {
namespace {

// Names that begin so are allocator or container internals, or what runs before main.
constexpr auto kNoisePrefixes = std::to_array<std::string_view>(
    {"operator new", "operator delete", "__libc_start_", "start_thread", "clone3",
     "std::", "__gnu_cxx::", "__cxxabiv1::",
     // Rust
     "__rust_", "__rdl_", "__rg_", "alloc::", "core::", "hashbrown::", "<alloc::", "<core::",
     "<std::", "<T as alloc::", "<T as core::",
     // CPython and GLib
     "_PyMem_", "PyMem_", "_PyObject_Malloc", "PyObject_Malloc", "g_slice_alloc"});

constexpr auto kNoiseNames =
    std::to_array<std::string_view>({"_start", "clone", "_dl_start", "_dl_start_user", "_dl_init",
                                     "call_init", "execute_native_thread_routine"});

constexpr auto kRuntimeLibraries = std::to_array<std::string_view>(
    {"libc.so", "libc-2", "ld-linux", "ld-2", "ld-musl", "libc.musl", "libstdc++.so", "libc++.so",
     "libc++abi.so", "libgcc_s", "libpthread", "libdl", "librt", "libm.so"});

// What C programs call their wrappers around malloc and its kin: xmalloc, zcalloc, sqlite3Malloc,
// g_malloc0, xmalloc_array.
constexpr auto kAllocatorWords = std::to_array<std::string_view>(
    {"malloc", "calloc", "realloc", "zalloc", "strdup", "strndup", "memdup"});
constexpr auto kAllocatorEndings = std::to_array<std::string_view>(
    {"", "0", "_n", "0_n", "array", "_array", "_usable", "_internal", "_usable_internal"});

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool wraps_allocator(std::string_view name) {
  constexpr std::size_t kLongest = 40;
  if (name.size() > kLongest || name.find(':') != std::string_view::npos) return false;
  name = name.substr(0, name.find('('));
  std::string small(name);
  std::transform(small.begin(), small.end(), small.begin(), lower);
  return std::any_of(kAllocatorWords.begin(), kAllocatorWords.end(), [&](std::string_view word) {
    const std::size_t at = small.rfind(word);
    if (at == std::string::npos) return false;
    const std::string_view ending = std::string_view(small).substr(at + word.size());
    return std::find(kAllocatorEndings.begin(), kAllocatorEndings.end(), ending) !=
           kAllocatorEndings.end();
  });
}

// "void std::vector<…>::push_back(…)" without "void ": demangled templates begin with their result.
std::string_view without_result_type(std::string_view name) {
  std::size_t depth = 0, begin = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '(' && depth == 0 && i > begin) break;
    if (c == '<' || c == '(' || c == '{' || c == '[') {
      ++depth;
    } else if (c == '>' || c == ')' || c == '}' || c == ']') {
      if (depth > 0) --depth;
    } else if (c == ' ' && depth == 0) {
      if (name.substr(begin, i - begin).ends_with("operator")) break;
      begin = i + 1;
    }
  }
  return begin < name.size() ? name.substr(begin) : name;
}

// Headers of the C and C++ libraries, sources of Rust's.
bool in_library_source(std::string_view file) {
  return file.starts_with("/usr/include/") || file.starts_with("/usr/lib/") ||
         file.starts_with("/rustc/") ||
         file.find("/rustlib/src/rust/library/") != std::string_view::npos;
}

bool named_like_noise(std::string_view name) {
  const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
  return std::any_of(kNoisePrefixes.begin(), kNoisePrefixes.end(), begins) ||
         std::find(kNoiseNames.begin(), kNoiseNames.end(), name) != kNoiseNames.end() ||
         wraps_allocator(name);
}

}  // namespace

bool is_runtime_library(std::string_view path) {
  const std::string_view name = base_name(path);
  return std::any_of(kRuntimeLibraries.begin(), kRuntimeLibraries.end(),
                     [&](std::string_view library) { return name.starts_with(library); });
}

bool is_noise(const Frame& frame) {
  if (is_runtime_library(frame.module) || in_library_source(frame.file)) return true;
  return !frame.function.empty() && named_like_noise(without_result_type(frame.function));
}

std::size_t telling_frame(std::span<const Frame> frames) {
  std::size_t named = frames.size(), unnamed = frames.size();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (is_noise(frames[i])) continue;
    if (frames[i].function.empty()) {
      unnamed = std::min(unnamed, i);
      continue;
    }
    if (!frames[i].file.empty()) return i;
    named = std::min(named, i);
  }
  if (named < frames.size()) return named;
  return unnamed < frames.size() ? unnamed : 0;
}

}  // namespace memwatch::analysis
