/* operator new and delete in every form, under their mangled names (those of 64-bit targets, where
 * size_t is unsigned long). Written in C so that the library drags no C++ runtime into C programs:
 * the two functions of it that a failing new needs are found only then, in the program's own copy.
 * Callers: any thread. Errors: std::bad_alloc or null, as each form promises. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/oracle/state.h"

extern void* __libc_malloc(size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void* block);

typedef void (*Handler)(void);

static void* runtime_function(const char* name) {
  return dlsym(RTLD_DEFAULT, name);
}

static Handler current_new_handler(void) {
  Handler (*get_new_handler)(void) = NULL;
  void* const symbol = runtime_function("_ZSt15get_new_handlerv");
  memcpy(&get_new_handler, &symbol, sizeof symbol);
  return get_new_handler == NULL ? NULL : get_new_handler();
}

static void throw_bad_alloc(void) {
  Handler thrower = NULL;
  void* const symbol = runtime_function("_ZSt17__throw_bad_allocv");
  memcpy(&thrower, &symbol, sizeof symbol);
  if (thrower != NULL) thrower();
}

/* One event however often the new handler is asked; alignment 0 is the default one. */
static void* make(size_t size, size_t alignment) {
  for (;;) {
    oracle_enter();
    void* const block = alignment == 0 ? __libc_malloc(size == 0 ? 1 : size)
                                       : __libc_memalign(alignment, size == 0 ? 1 : size);
    if (block != NULL) oracle_note_allocation(kOperatorNew, block, size);
    oracle_leave();
    if (block != NULL) return block;
    const Handler handler = current_new_handler();
    if (handler == NULL) break;
    handler();
  }
  oracle_enter();
  oracle_note_failure(kOperatorNew);
  oracle_leave();
  return NULL;
}

static void* make_or_throw(size_t size, size_t alignment) {
  void* const block = make(size, alignment);
  if (block == NULL) throw_bad_alloc();
  return block;
}

static void destroy(void* block) {
  if (block == NULL) return;
  oracle_enter();
  oracle_note_free(kOperatorDelete, block);
  __libc_free(block);
  oracle_leave();
}

/* Parameters: m = size_t, St11align_val_t = std::align_val_t, RKSt9nothrow_t = const
 * std::nothrow_t&. */
#define NEW_FORM(name, parameters, body) \
  ORACLE_EXPORT void* name parameters;   \
  void* name parameters {                \
    return body;                         \
  }
#define DELETE_FORM(name, parameters, ...) \
  ORACLE_EXPORT void name parameters;      \
  void name parameters {                   \
    __VA_ARGS__;                           \
    destroy(block);                        \
  }

NEW_FORM(_Znwm, (size_t size), make_or_throw(size, 0))
NEW_FORM(_Znam, (size_t size), make_or_throw(size, 0))
NEW_FORM(_ZnwmSt11align_val_t, (size_t size, size_t alignment), make_or_throw(size, alignment))
NEW_FORM(_ZnamSt11align_val_t, (size_t size, size_t alignment), make_or_throw(size, alignment))
NEW_FORM(_ZnwmRKSt9nothrow_t, (size_t size, const void* tag), ((void)tag, make(size, 0)))
NEW_FORM(_ZnamRKSt9nothrow_t, (size_t size, const void* tag), ((void)tag, make(size, 0)))
NEW_FORM(_ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void* tag),
         ((void)tag, make(size, alignment)))
NEW_FORM(_ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void* tag),
         ((void)tag, make(size, alignment)))

DELETE_FORM(_ZdlPv, (void* block), (void)0)
DELETE_FORM(_ZdaPv, (void* block), (void)0)
DELETE_FORM(_ZdlPvm, (void* block, size_t size), (void)size)
DELETE_FORM(_ZdaPvm, (void* block, size_t size), (void)size)
DELETE_FORM(_ZdlPvSt11align_val_t, (void* block, size_t alignment), (void)alignment)
DELETE_FORM(_ZdaPvSt11align_val_t, (void* block, size_t alignment), (void)alignment)
DELETE_FORM(_ZdlPvmSt11align_val_t, (void* block, size_t size, size_t alignment), (void)size,
            (void)alignment)
DELETE_FORM(_ZdaPvmSt11align_val_t, (void* block, size_t size, size_t alignment), (void)size,
            (void)alignment)
DELETE_FORM(_ZdlPvRKSt9nothrow_t, (void* block, const void* tag), (void)tag)
DELETE_FORM(_ZdaPvRKSt9nothrow_t, (void* block, const void* tag), (void)tag)
DELETE_FORM(_ZdlPvSt11align_val_tRKSt9nothrow_t, (void* block, size_t alignment, const void* tag),
            (void)alignment, (void)tag)
DELETE_FORM(_ZdaPvSt11align_val_tRKSt9nothrow_t, (void* block, size_t alignment, const void* tag),
            (void)alignment, (void)tag)
