#include "collector/symbols/build_id.h"

#include <elfutils/libdwelf.h>
#include <fmt/format.h>

#include <algorithm>

#include "collector/symbols/elf_file.h"

namespace memwatch::symbols {
namespace {
constexpr std::size_t kMaxBuildIdBytes = 64;
}

std::string build_id_of(Elf* elf) {
  const void* bytes = nullptr;
  const auto length = dwelf_elf_gnu_build_id(elf, &bytes);
  if (length <= 0 || static_cast<std::size_t>(length) > kMaxBuildIdBytes) return {};
  const auto* first = static_cast<const unsigned char*>(bytes);
  std::string hex;
  for (const unsigned char* byte = first; byte != first + length; ++byte) {
    hex += fmt::format("{:02x}", *byte);
  }
  return hex;
}

Result<std::string> read_build_id(const std::string& path) {
  auto file = ElfFile::open(path);
  if (!file) return file.error();
  return build_id_of(file->get());
}

bool is_build_id(const std::string& text) {
  return text.size() >= 4 && text.size() <= 2 * kMaxBuildIdBytes && text.size() % 2 == 0 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace memwatch::symbols
