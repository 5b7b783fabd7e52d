#include "preload/real_functions.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/auxv.h>

#include <cstring>

#include "preload/c_library.h"
#include "preload/code_objects.h"
#include "preload/raw_syscalls_linux.h"
#include "preload/thread_local_state.h"

// glibc's alone.
extern "C" void* dlvsym(void* handle, const char* name, const char* version) __attribute__((weak));

namespace memwatch::preload {

constinit RealFunctions g_real{};
constinit RealOperators g_real_operators{};

namespace {

template <typename F>
void find(F& function, const char* name, void* handle = RTLD_NEXT) {
  function = reinterpret_cast<F>(dlsym(handle, name));
}

// The path of the library that holds a function; "" where that cannot be told.
const char* library_of(void* function) {
  CodeObject object{};
  return find_code_object(reinterpret_cast<uintptr_t>(function), &object) ? object.name : "";
}

bool is_in_standard_library(void* function) {
  const char* name = library_of(function);
  return std::strstr(name, "libstdc++") != nullptr || std::strstr(name, "libc++") != nullptr;
}

// mimalloc's operators are its malloc and free by other names, except that a failing new ends the
// program where mimalloc was compiled as C. So the standard library's own are taken, which come
// back to malloc.
void* library_of_operators() {
  void* first = dlsym(RTLD_NEXT, "_Znwm");
  if (first == nullptr || std::strstr(library_of(first), "libmimalloc") == nullptr) {
    return RTLD_NEXT;
  }
  return dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_NOLOAD);  // stays open: its functions are kept
}

void find_page_functions() {
  find(g_real.mmap, "mmap");
  find(g_real.mmap_large, "mmap64");
  find(g_real.munmap, "munmap");
  find(g_real.mremap, "mremap");
  find(g_real.brk, "brk");
  find(g_real.sbrk, "sbrk");
}

// For who looks up the shim's execveat where libc (musl) has none.
int execveat_by_kernel(int directory, const char* path, char* const* arguments,
                       char* const* environment, int flags) {
  const long result = raw_syscall(SYS_execveat, directory, as_word(path), as_word(arguments),
                                  as_word(environment), flags);
  errno = static_cast<int>(-result);
  return -1;
}

void find_process_functions() {
  find(g_real.fork, "fork");
  find(g_real.execve, "execve");
  find(g_real.execvpe, "execvpe");
  find(g_real.fexecve, "fexecve");
  find(g_real.execveat, "execveat");
  if (g_real.execveat == nullptr) g_real.execveat = execveat_by_kernel;
  find(g_real.posix_spawn, "posix_spawn");
  find(g_real.posix_spawnp, "posix_spawnp");
  find(g_real.system, "system");
  find(g_real.popen, "popen");
  find(g_real.wait, "wait");
  find(g_real.waitpid, "waitpid");
  find(g_real.wait3, "wait3");
  find(g_real.wait4, "wait4");
  find(g_real.waitid, "waitid");
  find(g_real.start_main, "__libc_start_main");
  find(g_real.exit, "exit");
  find(g_real._exit, "_exit");
  find(g_real._Exit, "_Exit");
  find(g_real.quick_exit, "quick_exit");
  find(g_real.dlclose, "dlclose");
  find(g_real.prctl, "prctl");
  SystemCall system_call = nullptr;
  find(system_call, "syscall");
  if (system_call != nullptr) memwatch_real_syscall = system_call;
  find(g_real.setrlimit, "setrlimit");
  find(g_real.prlimit, "prlimit");
  find(g_real.longjmp, "longjmp");
  find(g_real._longjmp, "_longjmp");
  find(g_real.siglongjmp, "siglongjmp");
  find(g_real.__longjmp_chk, "__longjmp_chk");
  if (g_real.__longjmp_chk == nullptr) g_real.__longjmp_chk = g_real.longjmp;  // musl
}

void find_operators() {
  RealOperators& to = g_real_operators;
  void* library = library_of_operators();
  if (library == nullptr) {  // mimalloc, and no C++ library
    to.standard = true;
    return;
  }
  find(to.new_w, "_Znwm", library);
  to.standard = to.new_w == nullptr || is_in_standard_library(reinterpret_cast<void*>(to.new_w));
  find(to.new_a, "_Znam", library);
  find(to.new_w_aligned, "_ZnwmSt11align_val_t", library);
  find(to.new_a_aligned, "_ZnamSt11align_val_t", library);
  find(to.new_w_nothrow, "_ZnwmRKSt9nothrow_t", library);
  find(to.new_a_nothrow, "_ZnamRKSt9nothrow_t", library);
  find(to.new_w_aligned_nothrow, "_ZnwmSt11align_val_tRKSt9nothrow_t", library);
  find(to.new_a_aligned_nothrow, "_ZnamSt11align_val_tRKSt9nothrow_t", library);
  if (to.standard) return;  // then the real delete is never called
  find(to.delete_w, "_ZdlPv", library);
  find(to.delete_a, "_ZdaPv", library);
  find(to.delete_w_sized, "_ZdlPvm", library);
  find(to.delete_a_sized, "_ZdaPvm", library);
  find(to.delete_w_aligned, "_ZdlPvSt11align_val_t", library);
  find(to.delete_a_aligned, "_ZdaPvSt11align_val_t", library);
  find(to.delete_w_nothrow, "_ZdlPvRKSt9nothrow_t", library);
  find(to.delete_a_nothrow, "_ZdaPvRKSt9nothrow_t", library);
  find(to.delete_w_sized_aligned, "_ZdlPvmSt11align_val_t", library);
  find(to.delete_a_sized_aligned, "_ZdaPvmSt11align_val_t", library);
  find(to.delete_w_aligned_nothrow, "_ZdlPvSt11align_val_tRKSt9nothrow_t", library);
  find(to.delete_a_aligned_nothrow, "_ZdaPvSt11align_val_tRKSt9nothrow_t", library);
}

constinit decltype(RealFunctions::calloc) g_calloc_of_musl = nullptr;

// musl's calloc gets its block by the name malloc, from our hook: that call is neither recorded nor
// sampled.
void* calloc_by_malloc(size_t count, size_t size) {
  const PassThrough real_allocator;
  const uint64_t bytes_to_sample = t_state.bytes_to_sample;
  t_state.bytes_to_sample = UINT64_MAX;
  void* block = g_calloc_of_musl(count, size);
  t_state.bytes_to_sample = bytes_to_sample;
  return block;
}

// For who looks up the shim's pvalloc where libc (musl) has none.
void* whole_pages(size_t size) {
  const size_t page = getauxval(AT_PAGESZ);
  if (size > SIZE_MAX - page) {
    errno = ENOMEM;
    return nullptr;
  }
  return g_real.valloc((size + page - 1) / page * page);
}

void find_heap_functions() {
  find(g_real.calloc, "calloc");
  if (!is_glibc()) {
    g_calloc_of_musl = g_real.calloc;
    g_real.calloc = calloc_by_malloc;
  }
  find(g_real.realloc, "realloc");
  find(g_real.reallocarray, "reallocarray");
  find(g_real.free_sized, "free_sized");
  find(g_real.free_aligned_sized, "free_aligned_sized");
  find(g_real.posix_memalign, "posix_memalign");
  find(g_real.aligned_alloc, "aligned_alloc");
  find(g_real.memalign, "memalign");
  find(g_real.valloc, "valloc");
  find(g_real.pvalloc, "pvalloc");
  if (g_real.pvalloc == nullptr) g_real.pvalloc = whole_pages;
  find(g_real.malloc_usable_size, "malloc_usable_size");
  find(g_real.malloc_trim, "malloc_trim");
  find(g_real.mi_collect, "mi_collect");
}

// glibc's debugging library (mtrace, MALLOC_CHECK_), where it is loaded behind the shim: its
// functions have a version that only programs linked long ago, or this look-up, ask for.
template <typename F>
void prefer_debugging(F& function, const char* name, const char* version = "GLIBC_2.2.5") {
  void* found = dlvsym != nullptr ? dlvsym(RTLD_NEXT, name, version) : nullptr;
  if (found != nullptr && std::strstr(library_of(found), "libc_malloc_debug") != nullptr) {
    function = reinterpret_cast<F>(found);
  }
}

bool has_debugging_library() {
  RealFunctions trial{};
  prefer_debugging(trial.malloc, "malloc");
  return trial.malloc != nullptr;
}

void prefer_debugging_functions() {
  prefer_debugging(g_real.calloc, "calloc");
  prefer_debugging(g_real.realloc, "realloc");
  prefer_debugging(g_real.posix_memalign, "posix_memalign");
  prefer_debugging(g_real.aligned_alloc, "aligned_alloc", "GLIBC_2.16");
  prefer_debugging(g_real.memalign, "memalign");
  prefer_debugging(g_real.valloc, "valloc");
  prefer_debugging(g_real.pvalloc, "pvalloc");
  prefer_debugging(g_real.malloc_usable_size, "malloc_usable_size");
}

// A library, from its first to its last address.
struct Library {
  uintptr_t start, end;
};
constinit Library g_allocator{};  // that serves malloc
constinit Library g_shim{};
constinit bool g_is_debugging = false;

Library library_with(void* function) {
  CodeObject object{};
  if (!find_code_object(reinterpret_cast<uintptr_t>(function), &object)) return Library{};
  return Library{object.start, object.end};
}

void find_libraries() {
  g_allocator = library_with(reinterpret_cast<void*>(g_real.free));
  g_shim = library_with(reinterpret_cast<void*>(&look_up_real_functions));
}

}  // namespace

// A program that defines malloc itself (statically linked jemalloc, say), so that the name means
// its function and not the shim's, may be inside it, holding its locks, when it calls mmap: the
// look-ups would wait for them for ever, since the loader allocates through the program's malloc.
bool must_wait_for_constructor() {
  CodeObject theirs{};
  CodeObject ours{};
  return find_code_object(reinterpret_cast<uintptr_t>(&malloc), &theirs) &&
         find_code_object(reinterpret_cast<uintptr_t>(&look_up_real_functions), &ours) &&
         theirs.start != ours.start;
}

bool is_allocator_code(uintptr_t pc) {
  return pc >= g_allocator.start && pc < g_allocator.end;
}

bool calls_program_from_allocator() {
  return g_is_debugging;
}

bool is_shim_code(uintptr_t pc) {
  return pc >= g_shim.start && pc < g_shim.end;
}

void look_up_real_functions() {
  const OwnWork dlsym_may_allocate;
  prepare_code_objects();
  find_page_functions();
  find_process_functions();
  find_operators();
  find_heap_functions();
  // The program shall not find our failed look-ups in its dlerror(). As long as free and malloc are
  // unknown, the loader's messages live in the bootstrap arena and freeing them does nothing.
  g_is_debugging = has_debugging_library();
  if (g_is_debugging) prefer_debugging_functions();
  static_cast<void>(dlerror());
  find(g_real.free, "free");
  if (g_is_debugging) prefer_debugging(g_real.free, "free");
  find_libraries();
  void* (*real_malloc)(size_t) = nullptr;
  find(real_malloc, "malloc");
  if (g_is_debugging) prefer_debugging(real_malloc, "malloc");
  g_real.malloc = real_malloc;  // last: it says that all are known
}

}  // namespace memwatch::preload
