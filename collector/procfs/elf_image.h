// Bounded reading of an ELF file: headers, segments, sections of either word size and byte order.
// By hand and with pread, not mapped: a file that is cut while we look must not raise SIGBUS, and
// only a few kilobytes of it are needed. Every offset and count of the file is hostile.
// Source of the layout: elf(5). Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/base/result.h"
#include "collector/base/unique_fd.h"

namespace memwatch::procfs {

struct ElfSegment {
  std::uint32_t type = 0;
  std::uint64_t offset = 0, file_bytes = 0;
};

struct ElfSection {
  std::string name;
  std::uint32_t type = 0, link = 0;
  std::uint64_t offset = 0, bytes = 0;
};

class ElfImage {
 public:
  // Empty optional: a readable regular file that is no ELF file. Error: it cannot be read, or is
  // an ELF file whose header makes no sense.
  static Result<std::optional<ElfImage>> open(const std::string& path);

  [[nodiscard]] bool is_64() const { return is_64_; }
  [[nodiscard]] bool is_big_endian() const { return is_big_endian_; }
  [[nodiscard]] std::uint16_t type() const { return type_; }        // ET_…
  [[nodiscard]] std::uint16_t machine() const { return machine_; }  // EM_…
  [[nodiscard]] const std::vector<ElfSegment>& segments() const { return segments_; }
  // What cannot be read (a file without section headers) is left out.
  [[nodiscard]] const std::vector<ElfSection>& sections() const { return sections_; }
  [[nodiscard]] std::uint64_t file_bytes() const { return file_bytes_; }

  // Up to `length` bytes from `offset`, fewer at the end of the file.
  [[nodiscard]] std::string read(std::uint64_t offset, std::size_t length) const;

  // An integer of 1 to 8 bytes in the file's byte order; 0 beyond the end of `bytes`.
  [[nodiscard]] std::uint64_t integer(std::string_view bytes, std::size_t at,
                                      std::size_t size) const;
  // An address, offset or size: 4 or 8 bytes.
  [[nodiscard]] std::uint64_t word(std::string_view bytes, std::size_t at) const {
    return integer(bytes, at, is_64_ ? 8 : 4);
  }

 private:
  ElfImage() = default;
  bool parse_header(std::string_view header);
  void read_segments(std::string_view header);
  void read_sections(std::string_view header);

  UniqueFd fd_;
  std::uint64_t file_bytes_ = 0;
  bool is_64_ = true, is_big_endian_ = false;
  std::uint16_t type_ = 0, machine_ = 0;
  std::vector<ElfSegment> segments_;
  std::vector<ElfSection> sections_;
};

}  // namespace memwatch::procfs
