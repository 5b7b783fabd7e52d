#include "collector/symbols/debug_file_search.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "collector/symbols/build_id.h"

namespace memwatch::symbols {
namespace {

// CRC-32 (ISO 3309, reflected polynomial 0xEDB88320) as .gnu_debuglink carries it.
constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320U : 0U);
    table[i] = value;
  }
  return table;
}

std::optional<std::uint32_t> checksum_of(int descriptor) {
  static constexpr auto kTable = make_crc_table();
  std::vector<unsigned char> buffer(std::size_t{1} << 16);
  std::uint32_t crc = ~std::uint32_t{0};
  off_t offset = 0;
  while (true) {
    const ssize_t got = ::pread(descriptor, buffer.data(), buffer.size(), offset);
    if (got < 0) return std::nullopt;
    if (got == 0) return ~crc;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
      crc = kTable[(crc ^ buffer[i]) & 0xFFU] ^ (crc >> 8);
    }
    offset += got;
  }
}

// A build id decides where there is one on both sides; the checksum only otherwise, since reading
// a whole debug file is slow.
bool belongs(const ElfFile& candidate, const std::string& build_id,
             const std::optional<DebugLink>& link) {
  if (!candidate.has_debug_info() && !candidate.has_section(".symtab")) return false;
  const std::string found = build_id_of(candidate.get());
  if (!build_id.empty() && !found.empty()) return found == build_id;
  return link && checksum_of(candidate.descriptor()) == link->checksum;
}

std::optional<ElfFile> open_matching(const std::string& path, const std::string& build_id,
                                     const std::optional<DebugLink>& link) {
  auto candidate = ElfFile::open(path);
  if (!candidate || !belongs(*candidate, build_id, link)) return std::nullopt;
  return std::move(candidate).value();
}

}  // namespace

std::optional<DebugLink> read_debug_link(const ElfFile& file) {
  // A zero-terminated name, padded to four bytes, then the checksum in the file's byte order.
  const std::string bytes = file.section_bytes(".gnu_debuglink");
  const std::size_t length = bytes.find('\0');
  if (length == std::string::npos || length == 0) return std::nullopt;
  const std::size_t at = (length + 1 + 3) & ~std::size_t{3};
  if (at + 4 > bytes.size()) return std::nullopt;
  DebugLink link{bytes.substr(0, length), 0};
  if (link.file_name.find('/') != std::string::npos || link.file_name == "." ||
      link.file_name == "..") {
    return std::nullopt;
  }
  const char* ident = elf_getident(file.get(), nullptr);
  const bool big_endian = ident != nullptr && ident[EI_DATA] == ELFDATA2MSB;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[at + (big_endian ? i : 3 - i)]);
    link.checksum = (link.checksum << 8) | byte;
  }
  return link;
}

std::string build_id_path(const std::string& root, const std::string& build_id,
                          const std::string& suffix) {
  return root + "/.build-id/" + build_id.substr(0, 2) + "/" + build_id.substr(2) + suffix;
}

std::vector<std::string> debug_roots(const std::vector<std::string>& user_paths) {
  std::vector<std::string> roots = user_paths;
  roots.emplace_back("/usr/lib/debug");
  return roots;
}

std::optional<ElfFile> find_debug_file_by_build_id(const std::string& build_id,
                                                   const std::vector<std::string>& roots) {
  if (!is_build_id(build_id)) return std::nullopt;
  for (const std::string& root : roots) {
    for (const char* suffix : {".debug", ""}) {
      auto found = open_matching(build_id_path(root, build_id, suffix), build_id, std::nullopt);
      if (found) return found;
    }
  }
  return std::nullopt;
}

std::optional<ElfFile> find_debug_file(const ElfFile& main_file, const std::string& build_id,
                                       const std::vector<std::string>& roots) {
  if (auto found = find_debug_file_by_build_id(build_id, roots)) return found;
  const auto link = read_debug_link(main_file);
  if (!link) return std::nullopt;

  // The folder as named and as it is behind symbolic links (/lib is /usr/lib on most systems).
  const std::filesystem::path named(main_file.path());
  std::error_code ignored;
  const auto real = std::filesystem::canonical(named, ignored);
  std::vector<std::string> folders{named.parent_path().string()};
  if (!real.empty() && real.parent_path() != named.parent_path()) {
    folders.push_back(real.parent_path().string());
  }
  for (const std::string& folder : folders) {
    std::vector<std::string> places{folder, folder + "/.debug"};
    for (const std::string& root : roots) places.push_back(fmt::format("{}/{}", root, folder));
    for (const std::string& place : places) {
      auto found = open_matching(fmt::format("{}/{}", place, link->file_name), build_id, link);
      if (found) return found;
    }
  }
  // A user's path may be a plain folder of debug files.
  for (const std::string& root : roots) {
    auto found = open_matching(fmt::format("{}/{}", root, link->file_name), build_id, link);
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace memwatch::symbols
