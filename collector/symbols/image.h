// The files that tell about one module: its own file, checked against the recorded build id, and
// its separate debug file where its own was stripped. Not thread-safe per object.
#pragma once

#include <optional>
#include <string>

#include "collector/model/session.h"
#include "collector/symbols/elf_file.h"
#include "collector/symbols/module_note.h"
#include "collector/symbols/symbolize_options.h"

namespace memwatch::symbols {

struct Image {
  // At least one is there. Without main_file (it is gone or another build by now) the debug file
  // was found by build id.
  std::optional<ElfFile> main_file;
  std::optional<ElfFile> debug_file;
  std::string build_id;  // "" unknown
  // Why a wanted download did not help; "" when none was wanted or it did.
  std::string download_failure;

  // The file with debug information, or null.
  [[nodiscard]] const ElfFile* with_debug_info() const;
  // Where code lies; of the main file if it is there, since both have the same addresses.
  [[nodiscard]] CodeRanges code_ranges() const;
};

// An Image, or why there is none in words for a user.
struct ImageLookup {
  std::optional<Image> image;
  std::optional<ModuleNote> note;  // set exactly when there is no image
};

ImageLookup open_image(const model::Module& module, const SymbolizeOptions& options);

}  // namespace memwatch::symbols
