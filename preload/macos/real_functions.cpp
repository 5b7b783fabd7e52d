// The real functions by their own names: dyld binds this table before any code runs, and replaces
// nothing in the image that asks for replacements. What macOS does not have is null, and so are
// C++'s operators: those of its library end in malloc and free, and are counted there.
#include "preload/real_functions.h"

#include <malloc/malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/code_objects.h"
#include "preload/thread_local_state.h"

namespace memwatch::preload {

namespace {

// What malloc_trim is elsewhere.
int relieve_pressure(size_t) {
  return malloc_zone_pressure_relief(nullptr, 0) > 0 ? 1 : 0;
}

struct Range {
  uintptr_t start, end;
};
constinit Range g_allocator{};
constinit Range g_shim{};

Range image_with(void* function) {
  CodeObject object{};
  if (!find_code_object(reinterpret_cast<uintptr_t>(function), &object)) return Range{};
  return Range{object.start, object.end};
}

}  // namespace

constinit RealFunctions g_real{.malloc = ::malloc,
                               .calloc = ::calloc,
                               .realloc = ::realloc,
                               .free = ::free,
                               .posix_memalign = ::posix_memalign,
                               .aligned_alloc = ::aligned_alloc,
                               .valloc = ::valloc,
                               .malloc_trim = relieve_pressure,
                               .mmap = ::mmap,
                               .munmap = ::munmap};
constinit RealOperators g_real_operators{};

// Until then neither libpthread nor the system's own libraries can be relied on.
bool must_wait_for_constructor() {
  return true;
}

void look_up_real_functions() {
  const OwnWork dyld_may_allocate;
  prepare_code_objects();
  g_allocator = image_with(reinterpret_cast<void*>(::free));
  g_shim = image_with(reinterpret_cast<void*>(&look_up_real_functions));
}

bool is_allocator_code(uintptr_t pc) {
  return pc >= g_allocator.start && pc < g_allocator.end;
}

bool calls_program_from_allocator() {
  return false;
}

bool is_shim_code(uintptr_t pc) {
  return pc >= g_shim.start && pc < g_shim.end;
}

}  // namespace memwatch::preload
