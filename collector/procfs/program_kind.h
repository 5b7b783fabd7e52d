// What happens when a file is executed: is it a program, a script (of which interpreter), does it
// gain privileges, and what is the ELF file that really runs. Callers: `run`, which refuses what
// cannot be traced before starting it, and `doctor`. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/base/result.h"
#include "collector/procfs/elf_kind.h"

namespace memwatch::procfs {

enum class ProgramFormat {
  elf,
  other,  // neither ELF nor script: the kernel refuses it unless binfmt_misc knows it; shells run
          // it
};

struct ProgramKind {
  bool may_execute = false;               // this user may execute the file itself
  std::vector<std::string> interpreters;  // of scripts: outermost first, the last one is what runs
  std::string program;                    // the file that really runs
  ProgramFormat format = ProgramFormat::other;  // of that file, as is all that follows
  ElfKind elf;
  bool is_setuid = false, is_setgid = false, has_capabilities = false;
  // Executing it changes the user, the group or the capabilities of this caller, so that the
  // loader ignores LD_PRELOAD.
  bool gains_privileges = false;
};

// Follows "#!" lines as the kernel does, five levels at most. Error: the file or an interpreter
// does not exist (not_found), cannot be read, is a directory, or its scripts form a circle.
Result<ProgramKind> inspect_program(const std::string& path);

// The interpreter of a script's first bytes; "" where they are no "#!" line. The kernel's rules:
// blanks around it are dropped, and it ends at a blank.
std::string_view parse_script_interpreter(std::string_view first_bytes);

}  // namespace memwatch::procfs
