// What a Mach-O file says of itself, as far as its names and its use for tracing go: for which
// processors, and by which UUID debug information is found. Bounded reading, by hand: every offset
// and count of the file is hostile. Any thread. Source of the layout: <mach-o/loader.h>,
// <mach-o/fat.h>.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/base/result.h"

namespace memwatch::procfs {

enum class MachProcessor : std::uint8_t { other, x86_64, arm64, arm64e };

// One program or library; a universal file has one for each processor.
struct MachImage {
  MachProcessor processor = MachProcessor::other;
  bool is_program = false;         // MH_EXECUTE
  std::string uuid;                // 32 hexadecimal digits; "" none
  std::uint64_t text_address = 0;  // of __TEXT, as linked
  std::uint64_t text_bytes = 0;
  bool needs_dyld = false;  // its loader is dyld: libraries can be inserted
};

// Of the 64-bit images in a file's bytes. Empty: it is no Mach-O file; or none of its images makes
// sense.
std::vector<MachImage> parse_mach_images(std::string_view bytes);

// The same of a file, of which the first 16 MiB of each image are looked at.
Result<std::vector<MachImage>> read_mach_images(const std::string& path);

}  // namespace memwatch::procfs
