// The functions the shim stands in front of: the next definitions in the program's own look-up
// order, so that another allocator (jemalloc, tcmalloc, mimalloc as a library) is traced and not
// replaced. All of them are looked up once, at the very first event, and never later: dlsym touches
// what the program sees through dlerror(). While the look-up runs, the thread's allocations come
// from the bootstrap arena, because dlsym may allocate.
#pragma once

#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>

namespace memwatch::preload {

// syscall(), of words, however many of them count. Called by entry_points_syscall alone, which has
// one of its own until the functions are looked up.
using SystemCall = long (*)(long, long, long, long, long, long, long);
extern "C" SystemCall memwatch_real_syscall;

struct RealFunctions {
  void* (*malloc)(size_t);
  void* (*calloc)(size_t, size_t);
  void* (*realloc)(void*, size_t);
  void* (*reallocarray)(void*, size_t, size_t);  // may be absent
  void (*free)(void*);
  void (*free_sized)(void*, size_t);                  // may be absent (C23)
  void (*free_aligned_sized)(void*, size_t, size_t);  // may be absent (C23)
  int (*posix_memalign)(void**, size_t, size_t);
  void* (*aligned_alloc)(size_t, size_t);
  void* (*memalign)(size_t, size_t);
  void* (*valloc)(size_t);
  void* (*pvalloc)(size_t);
  size_t (*malloc_usable_size)(void*);
  int (*malloc_trim)(size_t);  // glibc's; may be absent
  void (*mi_collect)(bool);    // mimalloc's; absent without it
  void* (*mmap)(void*, size_t, int, int, int, off_t);
  void* (*mmap_large)(void*, size_t, int, int, int, int64_t);  // mmap64, a macro in musl
  int (*munmap)(void*, size_t);
  void* (*mremap)(void*, size_t, size_t, int, ...);
  int (*brk)(void*);
  void* (*sbrk)(intptr_t);

  pid_t (*fork)();
  int (*execve)(const char*, char* const*, char* const*);
  int (*execvpe)(const char*, char* const*, char* const*);
  int (*fexecve)(int, char* const*, char* const*);
  int (*execveat)(int, const char*, char* const*, char* const*, int);
  int (*posix_spawn)(pid_t*, const char*, const posix_spawn_file_actions_t*,
                     const posix_spawnattr_t*, char* const*, char* const*);
  int (*posix_spawnp)(pid_t*, const char*, const posix_spawn_file_actions_t*,
                      const posix_spawnattr_t*, char* const*, char* const*);
  int (*system)(const char*);
  void* (*popen)(const char*, const char*);
  pid_t (*wait)(int*);
  pid_t (*waitpid)(pid_t, int*, int);
  pid_t (*wait3)(int*, int, struct rusage*);
  pid_t (*wait4)(pid_t, int*, int, struct rusage*);
  int (*waitid)(idtype_t, id_t, siginfo_t*, int);
  int (*start_main)(int (*)(int, char**, char**), int, char**, void (*)(), void (*)(), void (*)(),
                    void*);  // __libc_start_main
  void (*exit)(int);
  void (*_exit)(int);
  void (*_Exit)(int);
  void (*quick_exit)(int);
  int (*dlclose)(void*);
  int (*prctl)(int, ...);
  int (*setrlimit)(int, const struct rlimit*);
  int (*prlimit)(pid_t, int, const struct rlimit*, struct rlimit*);
  void (*longjmp)(void*, int);
  void (*_longjmp)(void*, int);
  void (*siglongjmp)(void*, int);
  void (*__longjmp_chk)(void*, int);
};

// C++ operator new and delete, null where no C++ library is loaded at start. By their mangled names
// (Itanium C++ ABI): w is the scalar, a the array form.
struct RealOperators {
  void* (*new_w)(size_t);
  void* (*new_a)(size_t);
  void* (*new_w_aligned)(size_t, size_t);
  void* (*new_a_aligned)(size_t, size_t);
  void* (*new_w_nothrow)(size_t, const void*);
  void* (*new_a_nothrow)(size_t, const void*);
  void* (*new_w_aligned_nothrow)(size_t, size_t, const void*);
  void* (*new_a_aligned_nothrow)(size_t, size_t, const void*);
  void (*delete_w)(void*);
  void (*delete_a)(void*);
  void (*delete_w_sized)(void*, size_t);
  void (*delete_a_sized)(void*, size_t);
  void (*delete_w_aligned)(void*, size_t);
  void (*delete_a_aligned)(void*, size_t);
  void (*delete_w_nothrow)(void*, size_t);
  void (*delete_a_nothrow)(void*, size_t);
  void (*delete_w_sized_aligned)(void*, size_t, size_t);
  void (*delete_a_sized_aligned)(void*, size_t, size_t);
  void (*delete_w_aligned_nothrow)(void*, size_t, size_t);
  void (*delete_a_aligned_nothrow)(void*, size_t, size_t);
  // new_w is the standard library's own (libstdc++, libc++) or absent: then new is malloc and
  // delete is free.
  bool standard;
};

// Complete once look_up_real_functions has returned; the allocation functions of libc are always
// there, the others null where nothing defines them.
extern RealFunctions g_real;
extern RealOperators g_real_operators;

void look_up_real_functions();

// May the look-up not run before the shim's constructor does? Callable at any moment.
bool must_wait_for_constructor();

// Is this code address in the library that serves malloc?
bool is_allocator_code(uintptr_t pc);

// Or in the shim itself?
bool is_shim_code(uintptr_t pc);

// May the library that serves malloc call hooks that the program has set (__malloc_hook, in glibc's
// debugging library)? What they ask for while a real function runs is that function's work.
bool calls_program_from_allocator();

}  // namespace memwatch::preload
