#include "collector/symbols/elf_file.h"

#include <fcntl.h>
#include <gelf.h>
#include <sys/stat.h>

#include <cerrno>
#include <mutex>
#include <utility>

namespace memwatch::symbols {
namespace {

// Real debug sections compress to a quarter at best; zlib's own limit is about a thousandth.
constexpr std::uint64_t kMaxExpansion = 64;
constexpr std::uint64_t kExpansionAllowance = std::uint64_t{64} << 20;
constexpr std::size_t kMaxSmallSection = std::size_t{1} << 20;

Error damaged(const std::string& path, std::string why) {
  return Error{ErrorKind::damaged, "read the ELF file", path, std::move(why), {}};
}

// Calls visit(section, header, name) for every section until it returns true; gives that section.
template <typename Visit>
Elf_Scn* find_section(Elf* elf, Visit visit) {
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) return nullptr;
  Elf_Scn* section = nullptr;
  while ((section = elf_nextscn(elf, section)) != nullptr) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    const char* name = elf_strptr(elf, names, header.sh_name);
    if (visit(section, header, std::string_view(name == nullptr ? "" : name))) return section;
  }
  return nullptr;
}

Elf_Scn* find_section_named(Elf* elf, std::string_view wanted) {
  return find_section(elf, [&](Elf_Scn*, const GElf_Shdr& header, std::string_view name) {
    return name == wanted && header.sh_type != SHT_NOBITS && header.sh_size != 0;
  });
}

bool expands_beyond_reason(Elf* elf, std::uint64_t file_size) {
  std::uint64_t total = 0;
  return find_section(elf, [&](Elf_Scn* section, const GElf_Shdr& header, std::string_view name) {
           GElf_Chdr compressed;
           if ((header.sh_flags & SHF_COMPRESSED) != 0 &&
               gelf_getchdr(section, &compressed) != nullptr) {
             if (__builtin_add_overflow(total, compressed.ch_size, &total)) return true;
           }
           // The older GNU form, "ZLIB" and a big-endian size, is not written any more and can hide
           // its size from libelf's header; one such section is as good as a foreign file.
           if (name.starts_with(".zdebug")) {
             const Elf_Data* raw = elf_rawdata(section, nullptr);
             if (raw != nullptr && raw->d_size >= 12) {
               std::uint64_t size = 0;
               const auto* bytes = static_cast<const unsigned char*>(raw->d_buf);
               for (int i = 4; i < 12; ++i) size = (size << 8) | bytes[i];
               if (__builtin_add_overflow(total, size, &total)) return true;
             }
           }
           return total / kMaxExpansion > file_size && total > kExpansionAllowance;
         }) != nullptr;
}

}  // namespace

Result<ElfFile> ElfFile::open(const std::string& path) {
  // O_NONBLOCK: the path comes from another process's maps and may name a FIFO by now.
  UniqueFd descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!descriptor.is_open()) {
    const int error_number = errno;
    Error error = system_error("open the file", path, error_number);
    if (error_number == ENOENT || error_number == ENOTDIR) error.kind = ErrorKind::not_found;
    return error;
  }
  return from_descriptor(std::move(descriptor), path);
}

Result<ElfFile> ElfFile::from_descriptor(UniqueFd descriptor, std::string path) {
  static std::once_flag version_once;
  std::call_once(version_once, [] { elf_version(EV_CURRENT); });

  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) return system_error("examine the file", path, errno);
  if (!S_ISREG(status.st_mode)) return damaged(path, "not a regular file");
  const auto size = static_cast<std::uint64_t>(status.st_size);

  ElfFile file;
  file.path_ = std::move(path);
  file.descriptor_ = std::move(descriptor);
  const Elf_Cmd command = size <= kLargestFileRead ? ELF_C_READ : ELF_C_READ_MMAP;
  file.elf_.reset(elf_begin(file.descriptor_.get(), command, nullptr));
  if (!file.elf_ || elf_kind(file.elf_.get()) != ELF_K_ELF) {
    return damaged(file.path_, "not an ELF file");
  }
  if (expands_beyond_reason(file.elf_.get(), size)) {
    return damaged(file.path_, "its compressed sections claim absurd sizes");
  }
  return file;
}

bool ElfFile::has_section(std::string_view name) const {
  return find_section_named(elf_.get(), name) != nullptr;
}

bool ElfFile::has_debug_info() const {
  return has_section(".debug_info") || has_section(".zdebug_info");
}

std::string ElfFile::section_bytes(std::string_view name) const {
  Elf_Scn* section = find_section_named(elf_.get(), name);
  GElf_Shdr header;
  if (section == nullptr || gelf_getshdr(section, &header) == nullptr) return {};
  if (header.sh_size > kMaxSmallSection) return {};
  const Elf_Data* data = elf_rawdata(section, nullptr);
  if (data == nullptr || data->d_buf == nullptr) return {};
  return {static_cast<const char*>(data->d_buf), data->d_size};
}

CodeRanges ElfFile::code_ranges() const {
  CodeRanges code;
  std::size_t count = 0;
  if (elf_getphdrnum(elf_.get(), &count) != 0) return code;
  for (std::size_t i = 0; i < count && i < 65536; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf_.get(), static_cast<int>(i), &header) == nullptr) break;
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    std::uint64_t end = 0;
    if (__builtin_add_overflow(header.p_vaddr, header.p_memsz, &end)) continue;
    code.ranges.push_back({header.p_vaddr, end});
  }
  return code;
}

}  // namespace memwatch::symbols
