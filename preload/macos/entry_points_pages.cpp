// Pages: mmap and munmap, and the Mach functions for the same, which are counted under those two
// names; stacks tell them apart. Only where they are about the process itself. Not seen: the system
// calls themselves, and vm_map, vm_remap and their relatives.
#include <errno.h>
#include <mach/mach.h>
#include <sys/mman.h>

#include "preload/macos/interpose.h"
#include "preload/real_functions.h"
#include "preload/record.h"
#include "preload/thread_stacks.h"

// <mach/mach_vm.h>, which not every set of headers has.
extern "C" {
kern_return_t mach_vm_allocate(vm_map_t task, mach_vm_address_t* address, mach_vm_size_t size,
                               int flags);
kern_return_t mach_vm_deallocate(vm_map_t task, mach_vm_address_t address, mach_vm_size_t size);
}

namespace memwatch::preload {

namespace {

// The allocator's own pages are not the program's; a signal handler's that interrupts it are.
bool is_recording_pages(const CallSite& site) {
  if (is_allocator_code(site.pc)) return false;
  if (!is_passing_through()) return is_recording();
  return t_state.own_work == 0 && is_ready();
}

void* mmap_hook(void* at, size_t length, int protection, int flags, int fd, off_t offset) {
  const CallSite site = MEMWATCH_CALL_SITE();
  const bool recording = is_recording_pages(site);
  void* const address = mmap(at, length, protection, flags, fd, offset);
  if (recording && address == MAP_FAILED) record_failure(Function::mmap_, length, errno, site);
  if (recording && address != MAP_FAILED) record_map(Function::mmap_, address, length, site);
  return address;
}

int munmap_hook(void* address, size_t length) {
  note_memory_gone();
  const CallSite site = MEMWATCH_CALL_SITE();
  if (!is_recording_pages(site)) return munmap(address, length);
  PageRelease release;
  const int result = munmap(address, length);
  release.unmapped(address, length, result != 0, site);
  return result;
}

// `Address` and `Size`: the two sets of functions differ in name alone.
template <typename Address, typename Size>
[[gnu::always_inline]] inline kern_return_t allocate(kern_return_t (*real)(vm_map_t, Address*, Size,
                                                                           int),
                                                     vm_map_t task, Address* address, Size size,
                                                     int flags, const CallSite& site) {
  const bool recording = task == mach_task_self() && is_recording_pages(site);
  const kern_return_t result = real(task, address, size, flags);
  if (!recording) return result;
  if (result == KERN_SUCCESS) {
    record_map(Function::mmap_, reinterpret_cast<const void*>(*address), size, site);
  } else {
    record_failure(Function::mmap_, size, ENOMEM, site);
  }
  return result;
}

template <typename Address, typename Size>
[[gnu::always_inline]] inline kern_return_t deallocate(kern_return_t (*real)(vm_map_t, Address,
                                                                             Size),
                                                       vm_map_t task, Address address, Size size,
                                                       const CallSite& site) {
  if (task != mach_task_self()) return real(task, address, size);
  note_memory_gone();
  if (!is_recording_pages(site)) return real(task, address, size);
  PageRelease release;
  const kern_return_t result = real(task, address, size);
  release.unmapped(reinterpret_cast<const void*>(address), size, result != KERN_SUCCESS, site);
  return result;
}

kern_return_t vm_allocate_hook(vm_map_t task, vm_address_t* address, vm_size_t size, int flags) {
  return allocate(&vm_allocate, task, address, size, flags, MEMWATCH_CALL_SITE());
}

kern_return_t vm_deallocate_hook(vm_map_t task, vm_address_t address, vm_size_t size) {
  return deallocate(&vm_deallocate, task, address, size, MEMWATCH_CALL_SITE());
}

kern_return_t mach_vm_allocate_hook(vm_map_t task, mach_vm_address_t* address, mach_vm_size_t size,
                                    int flags) {
  return allocate(&mach_vm_allocate, task, address, size, flags, MEMWATCH_CALL_SITE());
}

kern_return_t mach_vm_deallocate_hook(vm_map_t task, mach_vm_address_t address,
                                      mach_vm_size_t size) {
  return deallocate(&mach_vm_deallocate, task, address, size, MEMWATCH_CALL_SITE());
}

}  // namespace

MEMWATCH_REPLACE(mmap, mmap_hook);
MEMWATCH_REPLACE(munmap, munmap_hook);
MEMWATCH_REPLACE(vm_allocate, vm_allocate_hook);
MEMWATCH_REPLACE(vm_deallocate, vm_deallocate_hook);
MEMWATCH_REPLACE(mach_vm_allocate, mach_vm_allocate_hook);
MEMWATCH_REPLACE(mach_vm_deallocate, mach_vm_deallocate_hook);

}  // namespace memwatch::preload
