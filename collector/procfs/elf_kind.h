// What an ELF program is, as far as tracing cares: for which machine, static or not, of which
// language's runtime, with which debug information. Callers: program_kind, `doctor`. Any thread.
// Costs a few reads of the file's ends, independent of its size.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collector/base/result.h"

namespace memwatch::procfs {

struct ElfKind {
  bool is_64 = true;
  bool is_big_endian = false;
  std::uint16_t type = 0;      // ET_EXEC, ET_DYN …
  std::uint16_t machine = 0;   // EM_X86_64, EM_AARCH64 …
  bool is_native = false;      // class, byte order and machine are this build's: the shim can load
  bool is_executable = false;  // ET_EXEC or ET_DYN, with segments
  std::string interpreter;     // of PT_INTERP, the dynamic loader; "" none
  bool needs_libraries = false;   // DT_NEEDED
  bool is_static = false;         // static or static-pie: no loader reads LD_PRELOAD for it
  bool is_go = false;             // made by the Go toolchain, whose runtime brings its own heap
  bool has_symbol_table = false;  // .symtab: not stripped
  bool has_debug_info = false;    // .debug_info or .zdebug_info
};

// Empty optional: a regular file, but no ELF file.
Result<std::optional<ElfKind>> read_elf_kind(const std::string& path);

}  // namespace memwatch::procfs
