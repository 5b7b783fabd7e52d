#include "preload/operator_new.h"

#include <dlfcn.h>
#include <errno.h>

#include <cstddef>

#include "preload/bootstrap_arena.h"
#include "preload/entry_points.h"
#include "preload/hook_caller.h"
#include "preload/quick_path.h"
#include "preload/real_functions.h"
#include "preload/record.h"
#include "preload/thread_ring.h"

namespace memwatch::preload {

namespace {

// A library loaded with RTLD_LOCAL (a Python extension, say) may have brought the C++ library along
// where the look-up at start could not see it. Only for failing calls.
template <typename F>
F find_in_loaded_library(const char* symbol) {
  const OwnWork loader_may_allocate;
  for (const char* library : {"libstdc++.so.6", "libc++.so.1", "libc++abi.so.1"}) {
    void* handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
    if (handle == nullptr) continue;
    void* found = dlsym(handle, symbol);
    g_real.dlclose(handle);
    if (found != nullptr) return reinterpret_cast<F>(found);
  }
  return nullptr;
}

bool is_standard() {
  if (g_real.malloc == nullptr) [[unlikely]] {
    is_recording();  // looks up the real functions
  }
  return g_real_operators.standard;
}

// Has the program set a new-handler? Then the standard library's own loop has to run.
bool has_new_handler() {
  using Handler = void (*)();
  const auto get = find_in_loaded_library<Handler (*)()>("_ZSt15get_new_handlerv");
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
    auto& next = g_real_operators.new_w_aligned;  // remembered: see is_inside_operator_new
    if (next == nullptr) {
      next = find_in_loaded_library<decltype(RealOperators::new_w_aligned)>("_ZnwmSt11align_val_t");
    }
    return next != nullptr ? next(size, alignment) : nullptr;
  }
  auto& next = g_real_operators.new_w;
  if (next == nullptr) next = find_in_loaded_library<decltype(RealOperators::new_w)>("_Znwm");
  return next != nullptr ? next(size) : nullptr;
}

// alignment 0: the plain forms.
void* throwing_new(std::size_t size, std::size_t alignment, const CallSite& site) {
  if (alignment == 0 && needs_no_record(size)) {
    void* block = g_real.malloc(size == 0 ? 1 : size);
    if (block != nullptr) [[likely]] {
      return block;
    }
    take_back_count(size);
    record_failure(Function::operator_new, size, ENOMEM, site);
    return fail_standard(size, alignment);
  }
  const Plan plan = plan_call(Function::operator_new, size, site);
  if (plan == Plan::fail) [[unlikely]] {
    t_state.new_is_lost = 1;
    void* none = fail_standard(size, alignment);
    t_state.new_is_lost = 0;  // used up, unless there is no standard library to fail
    return none;
  }
  const bool recording = plan == Plan::record;
  void* block = allocate(size, alignment);
  if (block == nullptr) [[unlikely]] {
    if (recording) record_failure(Function::operator_new, size, ENOMEM, site);
    return fail_standard(size, alignment);
  }
  if (recording) record_allocation(Function::operator_new, block, size, site);
  return block;
}

// With a new-handler the standard library's nothrow form (`next`) must run: it calls the throwing
// form, that is our hook, which counts. `known`: there is such a form.
template <typename Next>
void* nothrow_new(std::size_t size, std::size_t alignment, const CallSite& site, bool known,
                  Next next) {
  const Plan plan = plan_call(Function::operator_new, size, site);
  if (plan == Plan::fail) [[unlikely]] {
    if (!known || !has_new_handler()) return nullptr;
    t_state.new_is_lost = 1;
    return next();
  }
  const bool recording = plan == Plan::record;
  void* block = allocate(size, alignment);
  if (block != nullptr) [[likely]] {
    if (recording) record_allocation(Function::operator_new, block, size, site);
    return block;
  }
  if (known && has_new_handler()) return next();
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
  const bool recording = is_recording_call(site);
  const std::uint64_t before = records_so_far();
  void* block = call();
  if (recording && block != nullptr && records_so_far() == before && before != ~0ULL) {
    record_allocation(Function::operator_new, block, size, site);
  }
  return block;
}

// delete never throws, so what a foreign one does inside can simply be passed through.
template <typename Call>
void delete_block(void* block, const void* caller, Call foreign) {
  if (block == nullptr || is_bootstrap_block(block)) return;
  if (g_real_operators.standard && free_needs_no_record(block)) return g_real.free(block);
  if (is_recording_call(caller)) record_deallocation(Function::operator_delete, block);
  if (is_standard()) {
    const PassThrough real_allocator;
    g_real.free(block);
  } else {
    const ForeignDelete its_own_free_is_the_same_event;
    foreign();
  }
}

}  // namespace

}  // namespace memwatch::preload

namespace mw = memwatch::preload;

// The exported names are the Itanium C++ ABI's manglings, since a C++ definition of operator new
// would be checked against the compiler's own ideas of it.
#define MEMWATCH_NEW(symbol, next)                                                 \
  MEMWATCH_EXPORT void* symbol(std::size_t size) {                                 \
    if (mw::is_standard()) return mw::throwing_new(size, 0, MEMWATCH_CALL_SITE()); \
    return mw::foreign_new(size, MEMWATCH_CALL_SITE(),                             \
                           [=] { return mw::g_real_operators.next(size); });       \
  }
#define MEMWATCH_NEW_ALIGNED(symbol, next)                                                 \
  MEMWATCH_EXPORT void* symbol(std::size_t size, std::size_t alignment) {                  \
    if (mw::is_standard()) return mw::throwing_new(size, alignment, MEMWATCH_CALL_SITE()); \
    return mw::foreign_new(size, MEMWATCH_CALL_SITE(),                                     \
                           [=] { return mw::g_real_operators.next(size, alignment); });    \
  }
#define MEMWATCH_NEW_NOTHROW(symbol, next)                                                        \
  MEMWATCH_EXPORT void* symbol(std::size_t size, const void* tag) noexcept {                      \
    const auto real = [=] { return mw::g_real_operators.next(size, tag); };                       \
    if (mw::is_standard())                                                                        \
      return mw::nothrow_new(size, 0, MEMWATCH_CALL_SITE(), mw::g_real_operators.next != nullptr, \
                             real);                                                               \
    return mw::foreign_new(size, MEMWATCH_CALL_SITE(), real);                                     \
  }
#define MEMWATCH_NEW_ALIGNED_NOTHROW(symbol, next)                                     \
  MEMWATCH_EXPORT void* symbol(std::size_t size, std::size_t alignment,                \
                               const void* tag) noexcept {                             \
    const auto real = [=] { return mw::g_real_operators.next(size, alignment, tag); }; \
    if (mw::is_standard())                                                             \
      return mw::nothrow_new(size, alignment, MEMWATCH_CALL_SITE(),                    \
                             mw::g_real_operators.next != nullptr, real);              \
    return mw::foreign_new(size, MEMWATCH_CALL_SITE(), real);                          \
  }

MEMWATCH_NEW(_Znwm, new_w)
MEMWATCH_NEW(_Znam, new_a)
MEMWATCH_NEW_ALIGNED(_ZnwmSt11align_val_t, new_w_aligned)
MEMWATCH_NEW_ALIGNED(_ZnamSt11align_val_t, new_a_aligned)
MEMWATCH_NEW_NOTHROW(_ZnwmRKSt9nothrow_t, new_w_nothrow)
MEMWATCH_NEW_NOTHROW(_ZnamRKSt9nothrow_t, new_a_nothrow)
MEMWATCH_NEW_ALIGNED_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t, new_w_aligned_nothrow)
MEMWATCH_NEW_ALIGNED_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t, new_a_aligned_nothrow)

// delete: the further arguments (size, alignment, nothrow tag) travel as words.
#define MEMWATCH_DELETE_1(symbol, next)                          \
  MEMWATCH_EXPORT void symbol(void* block) noexcept {            \
    mw::delete_block(block, __builtin_return_address(0),         \
                     [=] { mw::g_real_operators.next(block); }); \
  }
#define MEMWATCH_DELETE_2(symbol, next)                              \
  MEMWATCH_EXPORT void symbol(void* block, std::size_t a) noexcept { \
    mw::delete_block(block, __builtin_return_address(0),             \
                     [=] { mw::g_real_operators.next(block, a); });  \
  }
#define MEMWATCH_DELETE_3(symbol, next)                                             \
  MEMWATCH_EXPORT void symbol(void* block, std::size_t a, std::size_t b) noexcept { \
    mw::delete_block(block, __builtin_return_address(0),                            \
                     [=] { mw::g_real_operators.next(block, a, b); });              \
  }

MEMWATCH_DELETE_1(_ZdlPv, delete_w)
MEMWATCH_DELETE_1(_ZdaPv, delete_a)
MEMWATCH_DELETE_2(_ZdlPvm, delete_w_sized)
MEMWATCH_DELETE_2(_ZdaPvm, delete_a_sized)
MEMWATCH_DELETE_2(_ZdlPvSt11align_val_t, delete_w_aligned)
MEMWATCH_DELETE_2(_ZdaPvSt11align_val_t, delete_a_aligned)
MEMWATCH_DELETE_2(_ZdlPvRKSt9nothrow_t, delete_w_nothrow)
MEMWATCH_DELETE_2(_ZdaPvRKSt9nothrow_t, delete_a_nothrow)
MEMWATCH_DELETE_3(_ZdlPvmSt11align_val_t, delete_w_sized_aligned)
MEMWATCH_DELETE_3(_ZdaPvmSt11align_val_t, delete_a_sized_aligned)
MEMWATCH_DELETE_3(_ZdlPvSt11align_val_tRKSt9nothrow_t, delete_w_aligned_nothrow)
MEMWATCH_DELETE_3(_ZdaPvSt11align_val_tRKSt9nothrow_t, delete_a_aligned_nothrow)
