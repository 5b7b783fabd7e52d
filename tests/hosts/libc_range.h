/* Where libc's code lies, for handlers that stay out of its malloc: interrupting that and calling
 * it again is undefined. look_for_libc() once, before the first signal; is_in_libc() then in any
 * handler. */
#ifndef MEMWATCH_TESTS_HOSTS_LIBC_RANGE_H
#define MEMWATCH_TESTS_HOSTS_LIBC_RANGE_H

#include <link.h>
#include <stdint.h>
#include <string.h>

#include "tests/hosts/host.h"

static uintptr_t libc_start, libc_end;

static int find_libc(struct dl_phdr_info* info, size_t size, void* unused) {
  (void)size, (void)unused;
  const int is_musl = strstr(info->dlpi_name, "/ld-musl-") != NULL; /* loader and libc in one */
  if (!is_musl && strstr(info->dlpi_name, "/libc.so") == NULL) return 0;
  libc_start = info->dlpi_addr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)* const header = &info->dlpi_phdr[i];
    if (header->p_type != PT_LOAD) continue;
    const uintptr_t end = info->dlpi_addr + header->p_vaddr + header->p_memsz;
    if (end > libc_end) libc_end = end;
  }
  return 1;
}

static inline void look_for_libc(void) {
  dl_iterate_phdr(find_libc, NULL);
  require(libc_start != 0, "where libc is");
}

static inline int is_in_libc(uintptr_t pc) {
  return pc >= libc_start && pc < libc_end;
}

#endif
