// Finds the separate debug file of a stripped module, where GDB and distributions put it:
//   ROOT/.build-id/xx/yyyy.debug              for each root: the user's, then /usr/lib/debug
//   DIR/LINK, DIR/.debug/LINK, ROOT/DIR/LINK  LINK from .gnu_debuglink, DIR the module's folder
// (GDB manual, "Debugging Information in Separate Files".) A file counts only if it has debug
// information or a symbol table and belongs to the module: same build id, or, where the module has
// none, the checksum that .gnu_debuglink carries. Not thread-safe per object; reads files only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "collector/symbols/elf_file.h"

namespace memwatch::symbols {

// The name and checksum from .gnu_debuglink.
struct DebugLink {
  std::string file_name;
  std::uint32_t checksum = 0;
};

// Nothing where there is no such section or it names anything but a plain file name.
std::optional<DebugLink> read_debug_link(const ElfFile& file);

// ROOT/.build-id/xx/yyyy + suffix.
std::string build_id_path(const std::string& root, const std::string& build_id,
                          const std::string& suffix);

// The roots to look through, in order: the user's, then the system's.
std::vector<std::string> debug_roots(const std::vector<std::string>& user_paths);

// The debug file by build id alone, for a module whose own file is gone.
std::optional<ElfFile> find_debug_file_by_build_id(const std::string& build_id,
                                                   const std::vector<std::string>& roots);

// The debug file of a module that is there: by build id, then by link.
std::optional<ElfFile> find_debug_file(const ElfFile& main_file, const std::string& build_id,
                                       const std::vector<std::string>& roots);

}  // namespace memwatch::symbols
