// mmap and its relatives, as called by the program. What the allocator itself maps does not come
// through here, or comes from the allocator's own code and is passed through. The real functions
// are plain system calls, so no thread passes through while they run: a signal handler that
// allocates when one returns is recorded.
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/entry_points.h"
#include "preload/hook_caller.h"
#include "preload/raw_syscalls_linux.h"
#include "preload/real_functions.h"
#include "preload/record.h"
#include "preload/thread_stacks.h"

using memwatch::Function;
namespace mw = memwatch::preload;

namespace {

// Before the real functions are known the system calls themselves serve.
void* result_of(long result) {
  if (!mw::is_raw_error(result)) return reinterpret_cast<void*>(result);
  errno = static_cast<int>(-result);
  return MAP_FAILED;
}

// Is this call to be recorded? The allocator's own calls are not (it may make them at a thread's
// end too), a signal handler's that interrupts it are: they are told apart by where they come from.
bool is_recording_pages(const mw::CallSite& site) {
  if (mw::is_allocator_code(site.pc)) return false;
  if (!mw::is_passing_through()) return mw::is_recording();
  return mw::t_state.own_work == 0 && mw::is_ready();
}

// The same of a call that asks for pages.
mw::Plan plan_pages(Function function, size_t length, const mw::CallSite& site) {
  if (!is_recording_pages(site)) return mw::Plan::pass;
  return mw::is_passing_through() ? mw::Plan::record : mw::plan_call(function, length, site);
}

void* fail_to_map() {
  errno = ENOMEM;
  return MAP_FAILED;
}

void* call_mmap(void* at, size_t length, int protection, int flags, int fd, int64_t offset) {
  if (mw::g_real.mmap_large != nullptr) {
    return mw::g_real.mmap_large(at, length, protection, flags, fd, offset);
  }
  return result_of(mw::raw_syscall(SYS_mmap, mw::as_word(at), static_cast<long>(length), protection,
                                   flags, fd, offset));
}

int call_munmap(void* address, size_t length) {
  if (mw::g_real.munmap != nullptr) return mw::g_real.munmap(address, length);
  return result_of(mw::raw_munmap(address, length)) == MAP_FAILED ? -1 : 0;
}

void* call_mremap(void* address, size_t old_length, size_t length, int flags, void* fixed) {
  if (mw::g_real.mremap != nullptr) {
    return mw::g_real.mremap(address, old_length, length, flags, fixed);
  }
  return result_of(mw::raw_syscall(SYS_mremap, mw::as_word(address), static_cast<long>(old_length),
                                   static_cast<long>(length), flags, mw::as_word(fixed)));
}

// What a mapping takes: the kernel gives whole huge pages where such are asked for. Without a size
// in the flags they are the system's ordinary ones, 2 MiB unless its boot options say otherwise.
size_t mapped_length(size_t length, int flags) {
  constexpr unsigned kOrdinary = 21, kLargest = 34;
  if ((flags & MAP_HUGETLB) == 0) return length;
  unsigned bits = (static_cast<unsigned>(flags) >> MAP_HUGE_SHIFT) & MAP_HUGE_MASK;
  if (bits == 0) bits = kOrdinary;
  if (bits > kLargest) return length;
  const size_t page = size_t{1} << bits;
  return (length + page - 1) & ~(page - 1);
}

size_t growth(const void* before, const void* after) {
  const auto from = reinterpret_cast<uintptr_t>(before);
  const auto to = reinterpret_cast<uintptr_t>(after);
  return to > from ? to - from : 0;
}

void* map(Function function, void* at, size_t length, int protection, int flags, int fd,
          int64_t offset, const mw::CallSite& site) {
  const mw::Plan plan = plan_pages(function, length, site);
  if (plan == mw::Plan::fail) return fail_to_map();
  void* address = call_mmap(at, length, protection, flags, fd, offset);
  if (plan == mw::Plan::record) {
    if (address == MAP_FAILED) {
      mw::record_failure(function, length, errno, site);
    } else {
      mw::record_map(function, address, mapped_length(length, flags), site);
    }
  }
  return address;
}

}  // namespace

MEMWATCH_EXPORT void* mmap(void* at, size_t length, int protection, int flags, int fd,
                           off_t offset) noexcept {
  return map(Function::mmap_, at, length, protection, flags, fd, offset, MEMWATCH_CALL_SITE());
}

#undef mmap64  // musl's headers make it another spelling of mmap; programs may still look for it

MEMWATCH_EXPORT void* mmap64(void* at, size_t length, int protection, int flags, int fd,
                             int64_t offset) noexcept {
  return map(Function::mmap64_, at, length, protection, flags, fd, offset, MEMWATCH_CALL_SITE());
}

MEMWATCH_EXPORT int munmap(void* address, size_t length) noexcept {
  mw::note_memory_gone();  // whoever calls: an allocator unmaps what was freed long before
  const mw::CallSite site = MEMWATCH_CALL_SITE();
  if (!is_recording_pages(site)) return call_munmap(address, length);
  mw::PageRelease release;
  const int result = call_munmap(address, length);
  release.unmapped(address, length, result != 0, site);
  return result;
}

MEMWATCH_EXPORT void* mremap(void* address, size_t old_length, size_t length, int flags,
                             ...) noexcept {
  va_list rest;
  va_start(rest, flags);
  void* fixed = (flags & MREMAP_FIXED) != 0 ? va_arg(rest, void*) : nullptr;
  va_end(rest);
  mw::note_memory_gone();
  const mw::CallSite site = MEMWATCH_CALL_SITE();
  // What does not grow asks for nothing.
  const mw::Plan plan = length > old_length        ? plan_pages(Function::mremap_, length, site)
                        : is_recording_pages(site) ? mw::Plan::record
                                                   : mw::Plan::pass;
  if (plan == mw::Plan::fail) return fail_to_map();
  if (plan == mw::Plan::pass) return call_mremap(address, old_length, length, flags, fixed);
  void* moved = nullptr;
  {
    mw::PageRelease release;
    moved = call_mremap(address, old_length, length, flags, fixed);
    release.remapped(address, old_length, moved, length, moved == MAP_FAILED, site);
  }
  if (moved == MAP_FAILED) mw::record_failure(Function::mremap_, length, errno, site);
  return moved;
}

MEMWATCH_EXPORT int brk(void* end) noexcept {
  const mw::CallSite site = MEMWATCH_CALL_SITE();
  const bool recording = is_recording_pages(site);
  if (mw::g_real.brk == nullptr || mw::g_real.sbrk == nullptr) {
    errno = ENOMEM;
    return -1;
  }
  void* before = mw::g_real.sbrk(0);
  if (recording && growth(before, end) > 0 &&
      plan_pages(Function::brk_, growth(before, end), site) == mw::Plan::fail) {
    errno = ENOMEM;
    return -1;
  }
  const int result = mw::g_real.brk(end);
  if (recording) {
    if (result != 0) {
      mw::record_failure(Function::brk_, growth(before, end), errno, site);
    } else {
      mw::record_break(Function::brk_, before, end, site);
    }
  }
  return result;
}

MEMWATCH_EXPORT void* sbrk(intptr_t increment) noexcept {
  const mw::CallSite site = MEMWATCH_CALL_SITE();
  const mw::Plan plan = increment > 0
                            ? plan_pages(Function::sbrk_, static_cast<size_t>(increment), site)
                        : is_recording_pages(site) ? mw::Plan::record
                                                   : mw::Plan::pass;
  if (plan == mw::Plan::fail || mw::g_real.sbrk == nullptr) return fail_to_map();
  const bool recording = plan == mw::Plan::record;
  void* before = mw::g_real.sbrk(increment);
  if (recording && increment != 0) {
    if (before == MAP_FAILED) {
      mw::record_failure(Function::sbrk_, increment > 0 ? static_cast<size_t>(increment) : 0, errno,
                         site);
    } else {
      mw::record_break(Function::sbrk_, before, static_cast<char*>(before) + increment, site);
    }
  }
  return before;
}
