#include "collector/analysis/noise_frames.h"

#include <algorithm>
#include <array>

namespace memwatch::analysis {
namespace {

// Names that begin so are allocator or container internals, or what runs before main.
constexpr auto kNoisePrefixes = std::to_array<std::string_view>(
    {"operator new", "operator delete", "__libc_start_", "start_thread", "clone3",
     // libstdc++ and libc++
     "std::allocator", "std::__new_allocator<", "__gnu_cxx::new_allocator<", "std::_Vector_base<",
     "std::_Rb_tree<", "std::_Hashtable<", "std::__detail::", "std::__allocate_guarded",
     "std::__shared_ptr<", "std::__shared_count<", "std::_Deque_base<",
     "std::pmr::", "std::__1::allocator", "std::__1::__libcpp_", "std::__1::__allocat",
     "std::__cxx11::basic_string<", "std::__cxx11::_List_base<", "std::vector<",
     "__gnu_cxx::__alloc_traits<",
     // Rust
     "__rust_alloc", "__rust_realloc", "__rdl_alloc", "__rdl_realloc",
     "alloc::alloc::", "alloc::raw_vec::", "<alloc::alloc::Global", "std::rt::lang_start",
     "std::sys::backtrace::__rust_begin_short_backtrace", "core::ops::function::",
     // CPython and GLib
     "_PyMem_", "PyMem_", "_PyObject_Malloc", "PyObject_Malloc", "g_malloc", "g_slice_alloc"});

constexpr auto kNoiseNames = std::to_array<std::string_view>(
    {"_start",   "clone",     "malloc",         "calloc",       "realloc",
     "strdup",   "__strdup",  "strndup",        "__strndup",    "xmalloc",
     "xrealloc", "xcalloc",   "xstrdup",        "_dl_start",    "_dl_start_user",
     "_dl_init", "call_init", "pymalloc_alloc", "reallocarray", "g_realloc"});

}  // namespace

bool is_noise(const Frame& frame) {
  const std::string_view name = frame.function;
  if (name.empty()) return false;
  return std::any_of(kNoisePrefixes.begin(), kNoisePrefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); }) ||
         std::find(kNoiseNames.begin(), kNoiseNames.end(), name) != kNoiseNames.end();
}

std::size_t telling_frame(std::span<const Frame> frames) {
  std::size_t named = frames.size();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (frames[i].function.empty() || is_noise(frames[i])) continue;
    if (!frames[i].file.empty()) return i;
    if (named == frames.size()) named = i;
  }
  return named == frames.size() ? 0 : named;
}

}  // namespace memwatch::analysis
