// What a loaded image's own header says of it. The header is dyld's, which has checked it; the
// commands are bounded all the same. Source of the layout: <mach-o/loader.h>.
#pragma once

#include <mach-o/loader.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace memwatch::preload {

inline constexpr std::size_t kUuidBytes = 16;

struct MachImage {
  std::uintptr_t code_bytes = 0;  // of __TEXT, which begins with the header; 0: not a 64-bit image
  const std::uint8_t* uuid = nullptr;
};

inline MachImage read_mach_image(const mach_header* header) {
  MachImage image;
  if (header->magic != MH_MAGIC_64) return image;
  const auto* at = reinterpret_cast<const std::uint8_t*>(header) + sizeof(mach_header_64);
  const std::uint8_t* const end = at + header->sizeofcmds;
  for (std::uint32_t i = 0; i < header->ncmds; ++i) {
    const auto left = static_cast<std::size_t>(end - at);
    load_command command{};
    if (left < sizeof command) break;
    std::memcpy(&command, at, sizeof command);
    if (command.cmdsize < sizeof command || command.cmdsize > left) break;
    if (command.cmd == LC_SEGMENT_64 && command.cmdsize >= sizeof(segment_command_64)) {
      segment_command_64 segment{};
      std::memcpy(&segment, at, sizeof segment);
      if (std::strncmp(segment.segname, SEG_TEXT, sizeof segment.segname) == 0) {
        image.code_bytes = segment.vmsize;
      }
    } else if (command.cmd == LC_UUID && command.cmdsize >= sizeof(uuid_command)) {
      image.uuid = at + offsetof(uuid_command, uuid);
    }
    at += command.cmdsize;
  }
  return image;
}

}  // namespace memwatch::preload
