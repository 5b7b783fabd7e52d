#include "tests/support/oracle/counters.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/oracle/kernel.h"

typedef struct {
  char name[56];
  uint64_t value;
} Counter;

typedef struct {
  Counter totals[kTotalCount];
  Counter calls[kFunctionCount];
  Counter bytes[kFunctionCount];
  Counter failed[kFunctionCount];
} Counters;

_Static_assert(sizeof(Counter) == 64, "the reader steps by 64 bytes");

static Counters* counters;

static const char* const kTotalNames[kTotalCount] = {
    "totals.allocations", "totals.frees",        "totals.reallocations",   "totals.allocated_bytes",
    "totals.freed_bytes", "totals.failed",       "totals.temporary",       "totals.maps",
    "totals.unmaps",      "totals.mapped_bytes", "totals.unmapped_bytes",  "totals.inherited_frees",
    "heap.live_blocks",   "heap.live_bytes",     "heap.peak_bytes",        "heap.inherited_blocks",
    "mapped.live_bytes",  "mapped.peak_bytes",   "oracle.unmatched_frees", "oracle.table_full"};

static const char* const kFunctionNames[kFunctionCount] = {"malloc",
                                                           "calloc",
                                                           "realloc",
                                                           "reallocarray",
                                                           "free",
                                                           "free_sized",
                                                           "free_aligned_sized",
                                                           "posix_memalign",
                                                           "aligned_alloc",
                                                           "memalign",
                                                           "valloc",
                                                           "pvalloc",
                                                           "operator new",
                                                           "operator delete",
                                                           "mmap",
                                                           "mmap64",
                                                           "munmap",
                                                           "mremap",
                                                           "brk",
                                                           "sbrk"};

/* The environment as the kernel keeps it: libc's own copy is not set up yet when the loader makes
 * the first allocation. Returns 0 when the variable is absent or too long. */
static int read_environment(const char* name, char* value, size_t capacity) {
  static char text[1 << 17];
  const int file = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  size_t used = 0;
  ssize_t got = 0;
  while (used < sizeof text - 1 && (got = read(file, text + used, sizeof text - 1 - used)) > 0)
    used += (size_t)got;
  close(file);
  text[used] = '\0';
  const size_t name_length = strlen(name);
  for (const char* entry = text; entry < text + used; entry += strlen(entry) + 1) {
    if (strncmp(entry, name, name_length) != 0 || entry[name_length] != '=') continue;
    if (strlen(entry + name_length + 1) >= capacity) return 0;
    strcpy(value, entry + name_length + 1);
    return 1;
  }
  return 0;
}

static void expand_pid(const char* pattern, char* path, size_t capacity) {
  const char* marker = strstr(pattern, "%p");
  if (marker == NULL)
    snprintf(path, capacity, "%s", pattern);
  else
    snprintf(path, capacity, "%.*s%d%s", (int)(marker - pattern), pattern, (int)getpid(),
             marker + 2);
}

static int create_result_file(void) {
  static char pattern[4096], path[4200], numbered[4300];
  if (!read_environment("ORACLE_OUT", pattern, sizeof pattern)) return -1;
  expand_pid(pattern, path, sizeof path);
  for (int image = 0; image < 10000; ++image) {
    snprintf(numbered, sizeof numbered, "%s.%d", path, image);
    const int file = open(numbered, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) return file;
  }
  return -1;
}

static void name_all(void) {
  for (int i = 0; i < kTotalCount; ++i)
    snprintf(counters->totals[i].name, sizeof counters->totals[i].name, "%s", kTotalNames[i]);
  for (int i = 0; i < kFunctionCount; ++i) {
    snprintf(counters->calls[i].name, sizeof counters->calls[i].name, "functions.%s.calls",
             kFunctionNames[i]);
    snprintf(counters->bytes[i].name, sizeof counters->bytes[i].name, "functions.%s.bytes",
             kFunctionNames[i]);
    snprintf(counters->failed[i].name, sizeof counters->failed[i].name, "functions.%s.failed",
             kFunctionNames[i]);
  }
}

void oracle_open_counters(void) {
  const int file = create_result_file();
  const int shared = file >= 0 && ftruncate(file, sizeof(Counters)) == 0;
  /* The system call itself: mmap is one of the functions this library wraps. */
  counters = kernel_mmap(NULL, sizeof(Counters), PROT_READ | PROT_WRITE,
                         shared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, shared ? file : -1, 0);
  if (file >= 0) close(file);
  if (counters == MAP_FAILED) _exit(99);
  name_all();
}

void oracle_add(OracleTotal total, uint64_t amount) {
  counters->totals[total].value += amount;
}

void oracle_subtract(OracleTotal total, uint64_t amount) {
  counters->totals[total].value -= amount;
}

void oracle_set(OracleTotal total, uint64_t value) {
  counters->totals[total].value = value;
}

uint64_t oracle_get(OracleTotal total) {
  return counters->totals[total].value;
}

void oracle_raise(OracleTotal peak, uint64_t value) {
  if (counters->totals[peak].value < value) counters->totals[peak].value = value;
}

void oracle_count_call(OracleFunction function, uint64_t bytes) {
  counters->calls[function].value += 1;
  counters->bytes[function].value += bytes;
}

void oracle_count_failed_call(OracleFunction function) {
  counters->calls[function].value += 1;
  counters->failed[function].value += 1;
  counters->totals[kFailed].value += 1;
}
