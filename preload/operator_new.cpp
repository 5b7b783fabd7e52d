#include "preload/operator_new.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>

#include <atomic>
#include <cstddef>
#include <cstring>

#include "preload/bootstrap_arena.h"
#include "preload/entry_points.h"
#include "preload/real_functions.h"
#include "preload/record.h"
#include "preload/thread_ring.h"

extern "C" int _dl_find_object(void* address, dl_find_object* result) __attribute__((weak));

namespace memwatch::preload {

namespace {

using NewFunction = void* (*)(std::size_t);
using AlignedNewFunction = void* (*)(std::size_t, std::size_t);
using NothrowNewFunction = void* (*)(std::size_t, const void*);
using NothrowAlignedNewFunction = void* (*)(std::size_t, std::size_t, const void*);

constexpr std::uintptr_t kMaxFunctionBytes = 256;

// The next operator new of each kind, looked up once. Written by whoever comes first, always with
// the same values, so relaxed order is enough for the pointers; `known` is released last.
struct Next {
  std::atomic<bool> known;
  std::atomic<bool> standard;  // the standard library's, or none at all
  std::atomic<NewFunction> plain;
  std::atomic<AlignedNewFunction> aligned;
};
constinit Next g_next{};

bool is_in_standard_library(void* function) {
  dl_find_object object{};
  if (_dl_find_object == nullptr || _dl_find_object(function, &object) != 0) return false;
  const char* name = object.dlfo_link_map->l_name;
  return std::strstr(name, "libstdc++") != nullptr || std::strstr(name, "libc++") != nullptr;
}

// A library loaded with RTLD_LOCAL (a Python extension, say) may have brought the C++ library along
// where RTLD_NEXT does not look.
void* find_in_loaded_library(const char* symbol) {
  for (const char* library : {"libstdc++.so.6", "libc++.so.1", "libc++abi.so.1"}) {
    void* handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
    if (handle == nullptr) continue;
    void* found = dlsym(handle, symbol);
    dlclose(handle);
    if (found != nullptr) return found;
  }
  return nullptr;
}

void look_up() {
  const PassThrough dlsym_may_allocate;
  const int errno_before = errno;
  void* plain = next_definition("_Znwm");
  void* aligned = next_definition("_ZnwmSt11align_val_t");
  g_next.plain.store(reinterpret_cast<NewFunction>(plain), std::memory_order_relaxed);
  g_next.aligned.store(reinterpret_cast<AlignedNewFunction>(aligned), std::memory_order_relaxed);
  g_next.standard.store(plain == nullptr || is_in_standard_library(plain),
                        std::memory_order_relaxed);
  g_next.known.store(true, std::memory_order_release);
  errno = errno_before;
}

bool is_standard() {
  if (!g_next.known.load(std::memory_order_acquire)) [[unlikely]] look_up();
  return g_next.standard.load(std::memory_order_relaxed);
}

template <typename F>
bool contains(F function, std::uintptr_t pc) {
  const auto start = reinterpret_cast<std::uintptr_t>(function);
  return start != 0 && pc > start && pc - start < kMaxFunctionBytes;
}

// Has the program set a new-handler? Then the standard library's own loop has to run.
bool has_new_handler() {
  const PassThrough dlsym_may_allocate;
  using GetHandler = void (*(*)())();
  auto get = reinterpret_cast<GetHandler>(dlsym(RTLD_DEFAULT, "_ZSt15get_new_handlerv"));
  if (get == nullptr) {
    get = reinterpret_cast<GetHandler>(find_in_loaded_library("_ZSt15get_new_handlerv"));
  }
  return get != nullptr && get() != nullptr;
}

// libstdc++ rounds the size up to the alignment for aligned_alloc; the recorded size stays the one
// passed in.
void* allocate(std::size_t size, std::size_t alignment) {
  const PassThrough real_allocator;
  const std::size_t asked = size == 0 ? 1 : size;
  if (alignment == 0) return g_real.malloc(asked);
  if (alignment < sizeof(void*)) alignment = sizeof(void*);
  const std::size_t rounded = (asked + alignment - 1) & ~(alignment - 1);
  if (rounded < asked) return nullptr;
  return g_real.aligned_alloc(alignment, rounded);
}

// Hands a failed new to the standard library, which calls the new-handler or throws.
void* fail_standard(std::size_t size, std::size_t alignment) {
  if (alignment != 0) {
    AlignedNewFunction next = g_next.aligned.load(std::memory_order_relaxed);
    if (next == nullptr) {
      const PassThrough loader;
      next = reinterpret_cast<AlignedNewFunction>(find_in_loaded_library("_ZnwmSt11align_val_t"));
      g_next.aligned.store(next, std::memory_order_relaxed);
    }
    return next != nullptr ? next(size, alignment) : nullptr;
  }
  NewFunction next = g_next.plain.load(std::memory_order_relaxed);
  if (next == nullptr) {
    const PassThrough loader;
    next = reinterpret_cast<NewFunction>(find_in_loaded_library("_Znwm"));
    g_next.plain.store(next, std::memory_order_relaxed);
  }
  return next != nullptr ? next(size) : nullptr;
}

// alignment 0: the plain forms.
void* throwing_new(std::size_t size, std::size_t alignment, const CallSite& site) {
  const bool recording = is_recording();
  void* block = allocate(size, alignment);
  if (block == nullptr) [[unlikely]] {
    if (recording) record_failure(Function::operator_new, size, ENOMEM, site);
    return fail_standard(size, alignment);
  }
  if (recording) record_allocation(Function::operator_new, block, size, site);
  return block;
}

// With a new-handler the standard library's nothrow forms must run: they call the throwing forms,
// that is our hooks, which count.
void* nothrow_new(std::size_t size, std::size_t alignment, const void* tag, const char* symbol,
                  const CallSite& site) {
  const bool recording = is_recording();
  void* block = allocate(size, alignment);
  if (block != nullptr) [[likely]] {
    if (recording) record_allocation(Function::operator_new, block, size, site);
    return block;
  }
  if (has_new_handler()) {
    void* next = nullptr;
    {
      const PassThrough loader;
      next = next_definition(symbol);
    }
    if (next != nullptr && alignment == 0) {
      return reinterpret_cast<NothrowNewFunction>(next)(size, tag);
    }
    if (next != nullptr) {
      return reinterpret_cast<NothrowAlignedNewFunction>(next)(size, alignment, tag);
    }
  }
  if (recording) record_failure(Function::operator_new, size, ENOMEM, site);
  return nullptr;
}

std::uint64_t records_so_far() {
  const ThreadRing* ring = t_state.depth < kMaxDepth ? t_state.rings[t_state.depth] : nullptr;
  return ring != nullptr ? ring->tail : ~0ULL;
}

// Somebody's own operator new: if it ended in malloc, that was recorded; if not, record it here.
template <typename Call>
void* foreign_new(std::size_t size, const CallSite& site, Call call) {
  const bool recording = is_recording();
  const std::uint64_t before = records_so_far();
  void* block = call();
  if (recording && block != nullptr && records_so_far() == before && before != ~0ULL) {
    record_allocation(Function::operator_new, block, size, site);
  }
  return block;
}

template <typename F>
F own_next(std::atomic<void*>& cache, const char* symbol) {
  void* next = cache.load(std::memory_order_relaxed);
  if (next == nullptr) {
    const PassThrough loader;
    next = next_definition(symbol);
    cache.store(next, std::memory_order_relaxed);
  }
  return reinterpret_cast<F>(next);
}

// delete never throws, so what a foreign one does inside can simply be passed through.
template <typename Call>
void delete_block(void* block, Call foreign) {
  if (block == nullptr || is_bootstrap_block(block)) return;
  if (is_recording()) record_deallocation(Function::operator_delete, block);
  const PassThrough real_allocator;
  if (is_standard()) {
    g_real.free(block);
  } else {
    foreign();
  }
}

}  // namespace

bool is_inside_operator_new(std::uintptr_t pc) {
  if (!g_next.known.load(std::memory_order_acquire)) return false;
  return contains(g_next.plain.load(std::memory_order_relaxed), pc) ||
         contains(g_next.aligned.load(std::memory_order_relaxed), pc);
}

}  // namespace memwatch::preload

namespace mw = memwatch::preload;

// The exported names are the Itanium C++ ABI's manglings, since a C++ definition of operator new
// would be checked against the compiler's own ideas of it.
#define MEMWATCH_NEW(symbol)                                                            \
  MEMWATCH_EXPORT void* symbol(std::size_t size) {                                      \
    if (mw::is_standard()) return mw::throwing_new(size, 0, MEMWATCH_CALL_SITE());      \
    static constinit std::atomic<void*> cache{nullptr};                                 \
    const auto next = mw::own_next<mw::NewFunction>(cache, #symbol);                    \
    return mw::foreign_new(size, MEMWATCH_CALL_SITE(), [=] { return next(size); });     \
  }
#define MEMWATCH_NEW_ALIGNED(symbol)                                                          \
  MEMWATCH_EXPORT void* symbol(std::size_t size, std::size_t alignment) {                     \
    if (mw::is_standard()) return mw::throwing_new(size, alignment, MEMWATCH_CALL_SITE());    \
    static constinit std::atomic<void*> cache{nullptr};                                       \
    const auto next = mw::own_next<mw::AlignedNewFunction>(cache, #symbol);                   \
    return mw::foreign_new(size, MEMWATCH_CALL_SITE(), [=] { return next(size, alignment); }); \
  }
#define MEMWATCH_NEW_NOTHROW(symbol)                                                         \
  MEMWATCH_EXPORT void* symbol(std::size_t size, const void* tag) noexcept {                 \
    if (mw::is_standard()) {                                                                 \
      return mw::nothrow_new(size, 0, tag, #symbol, MEMWATCH_CALL_SITE());                   \
    }                                                                                        \
    static constinit std::atomic<void*> cache{nullptr};                                      \
    const auto next = mw::own_next<mw::NothrowNewFunction>(cache, #symbol);                  \
    return mw::foreign_new(size, MEMWATCH_CALL_SITE(), [=] { return next(size, tag); });     \
  }
#define MEMWATCH_NEW_ALIGNED_NOTHROW(symbol)                                                  \
  MEMWATCH_EXPORT void* symbol(std::size_t size, std::size_t alignment, const void* tag)      \
      noexcept {                                                                              \
    if (mw::is_standard()) {                                                                  \
      return mw::nothrow_new(size, alignment, tag, #symbol, MEMWATCH_CALL_SITE());            \
    }                                                                                         \
    static constinit std::atomic<void*> cache{nullptr};                                       \
    const auto next = mw::own_next<mw::NothrowAlignedNewFunction>(cache, #symbol);            \
    return mw::foreign_new(size, MEMWATCH_CALL_SITE(),                                        \
                           [=] { return next(size, alignment, tag); });                       \
  }

MEMWATCH_NEW(_Znwm)
MEMWATCH_NEW(_Znam)
MEMWATCH_NEW_ALIGNED(_ZnwmSt11align_val_t)
MEMWATCH_NEW_ALIGNED(_ZnamSt11align_val_t)
MEMWATCH_NEW_NOTHROW(_ZnwmRKSt9nothrow_t)
MEMWATCH_NEW_NOTHROW(_ZnamRKSt9nothrow_t)
MEMWATCH_NEW_ALIGNED_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t)
MEMWATCH_NEW_ALIGNED_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t)

// delete: the further arguments (size, alignment, nothrow tag) travel as words.
#define MEMWATCH_DELETE_1(symbol)                                                           \
  MEMWATCH_EXPORT void symbol(void* block) noexcept {                                       \
    static constinit std::atomic<void*> cache{nullptr};                                     \
    mw::delete_block(block, [=] { mw::own_next<void (*)(void*)>(cache, #symbol)(block); }); \
  }
#define MEMWATCH_DELETE_2(symbol)                                                           \
  MEMWATCH_EXPORT void symbol(void* block, std::size_t a) noexcept {                        \
    static constinit std::atomic<void*> cache{nullptr};                                     \
    mw::delete_block(block, [=] {                                                           \
      mw::own_next<void (*)(void*, std::size_t)>(cache, #symbol)(block, a);                 \
    });                                                                                     \
  }
#define MEMWATCH_DELETE_3(symbol)                                                           \
  MEMWATCH_EXPORT void symbol(void* block, std::size_t a, std::size_t b) noexcept {         \
    static constinit std::atomic<void*> cache{nullptr};                                     \
    mw::delete_block(block, [=] {                                                           \
      mw::own_next<void (*)(void*, std::size_t, std::size_t)>(cache, #symbol)(block, a, b); \
    });                                                                                     \
  }

MEMWATCH_DELETE_1(_ZdlPv)
MEMWATCH_DELETE_1(_ZdaPv)
MEMWATCH_DELETE_2(_ZdlPvm)
MEMWATCH_DELETE_2(_ZdaPvm)
MEMWATCH_DELETE_2(_ZdlPvSt11align_val_t)
MEMWATCH_DELETE_2(_ZdaPvSt11align_val_t)
MEMWATCH_DELETE_2(_ZdlPvRKSt9nothrow_t)
MEMWATCH_DELETE_2(_ZdaPvRKSt9nothrow_t)
MEMWATCH_DELETE_3(_ZdlPvmSt11align_val_t)
MEMWATCH_DELETE_3(_ZdaPvmSt11align_val_t)
MEMWATCH_DELETE_3(_ZdlPvSt11align_val_tRKSt9nothrow_t)
MEMWATCH_DELETE_3(_ZdaPvSt11align_val_tRKSt9nothrow_t)
