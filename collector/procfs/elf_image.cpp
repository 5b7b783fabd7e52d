#include "collector/procfs/elf_image.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace memwatch::procfs {
namespace {

constexpr std::size_t kMaxSegments = 4096;
constexpr std::size_t kMaxNamesBytes = std::size_t{1} << 20;

std::string_view c_string(std::string_view bytes, std::uint64_t at) {
  if (at >= bytes.size()) return {};
  bytes.remove_prefix(static_cast<std::size_t>(at));
  return bytes.substr(0, bytes.find('\0'));
}

}  // namespace

std::string ElfImage::read(std::uint64_t offset, std::size_t length) const {
  if (offset >= file_bytes_) return {};
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(length, file_bytes_ - offset)),
                    '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pread(fd_.get(), bytes.data() + done, bytes.size() - done,
                                  static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

std::uint64_t ElfImage::integer(std::string_view bytes, std::size_t at, std::size_t size) const {
  if (at > bytes.size() || size > bytes.size() - at) return 0;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t from = is_big_endian_ ? at + i : at + size - 1 - i;
    value = (value << 8) | static_cast<unsigned char>(bytes[from]);
  }
  return value;
}

bool ElfImage::parse_header(std::string_view header) {
  if (header.size() < sizeof(Elf32_Ehdr)) return false;
  const char elf_class = header[EI_CLASS], data = header[EI_DATA];
  if ((elf_class != ELFCLASS32 && elf_class != ELFCLASS64) ||
      (data != ELFDATA2LSB && data != ELFDATA2MSB)) {
    return false;
  }
  is_64_ = elf_class == ELFCLASS64;
  is_big_endian_ = data == ELFDATA2MSB;
  if (is_64_ && header.size() < sizeof(Elf64_Ehdr)) return false;
  type_ = static_cast<std::uint16_t>(integer(header, offsetof(Elf64_Ehdr, e_type), 2));
  machine_ = static_cast<std::uint16_t>(integer(header, offsetof(Elf64_Ehdr, e_machine), 2));
  return true;
}

void ElfImage::read_segments(std::string_view header) {
  const std::uint64_t offset =
      word(header, is_64_ ? offsetof(Elf64_Ehdr, e_phoff) : offsetof(Elf32_Ehdr, e_phoff));
  const std::size_t count = static_cast<std::size_t>(
      integer(header, is_64_ ? offsetof(Elf64_Ehdr, e_phnum) : offsetof(Elf32_Ehdr, e_phnum), 2));
  const std::size_t size = is_64_ ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
  const std::string table = read(offset, std::min(count, kMaxSegments) * size);
  for (std::size_t at = 0; at + size <= table.size(); at += size) {
    ElfSegment segment;
    segment.type = static_cast<std::uint32_t>(integer(table, at, 4));
    segment.offset = word(
        table, at + (is_64_ ? offsetof(Elf64_Phdr, p_offset) : offsetof(Elf32_Phdr, p_offset)));
    segment.file_bytes = word(
        table, at + (is_64_ ? offsetof(Elf64_Phdr, p_filesz) : offsetof(Elf32_Phdr, p_filesz)));
    segments_.push_back(segment);
  }
}

void ElfImage::read_sections(std::string_view header) {
  const auto field = [&](std::size_t in_64, std::size_t in_32) { return is_64_ ? in_64 : in_32; };
  const std::uint64_t offset =
      word(header, field(offsetof(Elf64_Ehdr, e_shoff), offsetof(Elf32_Ehdr, e_shoff)));
  const auto count = static_cast<std::size_t>(
      integer(header, field(offsetof(Elf64_Ehdr, e_shnum), offsetof(Elf32_Ehdr, e_shnum)), 2));
  const auto names_index = static_cast<std::size_t>(integer(
      header, field(offsetof(Elf64_Ehdr, e_shstrndx), offsetof(Elf32_Ehdr, e_shstrndx)), 2));
  const std::size_t size = field(sizeof(Elf64_Shdr), sizeof(Elf32_Shdr));
  if (offset == 0) return;
  const std::string table = read(offset, count * size);

  std::vector<std::uint64_t> name_offsets;
  for (std::size_t at = 0; at + size <= table.size(); at += size) {
    ElfSection section;
    name_offsets.push_back(integer(table, at, 4));
    section.type = static_cast<std::uint32_t>(integer(table, at + 4, 4));
    section.offset =
        word(table, at + field(offsetof(Elf64_Shdr, sh_offset), offsetof(Elf32_Shdr, sh_offset)));
    section.bytes =
        word(table, at + field(offsetof(Elf64_Shdr, sh_size), offsetof(Elf32_Shdr, sh_size)));
    section.link = static_cast<std::uint32_t>(integer(
        table, at + field(offsetof(Elf64_Shdr, sh_link), offsetof(Elf32_Shdr, sh_link)), 4));
    sections_.push_back(std::move(section));
  }
  if (names_index >= sections_.size()) return;
  const ElfSection& names = sections_[names_index];
  const std::string text = read(
      names.offset, static_cast<std::size_t>(std::min<std::uint64_t>(names.bytes, kMaxNamesBytes)));
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    sections_[i].name = c_string(text, name_offsets[i]).substr(0, 256);
  }
}

Result<std::optional<ElfImage>> ElfImage::open(const std::string& path) {
  const char* const attempted = "read the program";
  ElfImage image;
  image.fd_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!image.fd_.is_open()) {
    Error error = system_error(attempted, path, errno);
    if (errno == ENOENT || errno == ENOTDIR) error.kind = ErrorKind::not_found;
    return error;
  }
  struct stat status {};
  if (::fstat(image.fd_.get(), &status) != 0) return system_error(attempted, path, errno);
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorKind::usage,
                 attempted,
                 path,
                 S_ISDIR(status.st_mode) ? "is a directory" : "is not a regular file",
                 {}};
  }
  image.file_bytes_ = static_cast<std::uint64_t>(status.st_size);
  const std::string header = image.read(0, sizeof(Elf64_Ehdr));
  if (!header.starts_with(ELFMAG)) return std::optional<ElfImage>();
  if (!image.parse_header(header)) {
    return Error{ErrorKind::damaged, attempted, path, "its ELF header makes no sense", {}};
  }
  image.read_segments(header);
  image.read_sections(header);
  return std::optional<ElfImage>(std::move(image));
}

}  // namespace memwatch::procfs
