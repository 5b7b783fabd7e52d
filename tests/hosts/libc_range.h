/* Where libc's code and its loader's lie, for handlers that stay out of libc's malloc: interrupting
 * that and calling it again is undefined. It asks the loader for its tunables when it is first
 * called. look_for_libc() once, before the first signal; is_in_libc() then in any handler. */
#ifndef MEMWATCH_TESTS_HOSTS_LIBC_RANGE_H
#define MEMWATCH_TESTS_HOSTS_LIBC_RANGE_H

#include <link.h>
#include <stdint.h>
#include <string.h>

#include "tests/hosts/host.h"

struct code_range {
  uintptr_t start, end;
};
static struct code_range libc_code, loader_code; /* musl's are one */

static struct code_range range_of(const struct dl_phdr_info* info) {
  struct code_range range = {info->dlpi_addr, info->dlpi_addr};
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)* const header = &info->dlpi_phdr[i];
    if (header->p_type != PT_LOAD) continue;
    const uintptr_t end = info->dlpi_addr + header->p_vaddr + header->p_memsz;
    if (end > range.end) range.end = end;
  }
  return range;
}

static int find_libc(struct dl_phdr_info* info, size_t size, void* unused) {
  (void)size, (void)unused;
  const int is_musl = strstr(info->dlpi_name, "/ld-musl-") != NULL;
  if (is_musl || strstr(info->dlpi_name, "/libc.so") != NULL) libc_code = range_of(info);
  if (is_musl || strstr(info->dlpi_name, "/ld-linux") != NULL) loader_code = range_of(info);
  return 0;
}

static inline void look_for_libc(void) {
  dl_iterate_phdr(find_libc, NULL);
  require(libc_code.start != 0 && loader_code.start != 0, "where libc is");
}

static inline int is_in_libc(uintptr_t pc) {
  return (pc >= libc_code.start && pc < libc_code.end) ||
         (pc >= loader_code.start && pc < loader_code.end);
}

#endif
