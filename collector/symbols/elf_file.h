// An opened ELF file with its owner, and the few facts about it that this folder asks for.
// Not thread-safe per object; different objects may be used on different threads.
//
// Files are read, not mapped, up to kLargestFileRead: a program that is rebuilt in place while its
// report is made would otherwise end the collector with SIGBUS. Larger ones (debug information of
// browsers) are mapped, since a copy of theirs in memory would cost more than that risk.
#pragma once

#include <libelf.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collector/base/result.h"
#include "collector/base/unique_fd.h"

namespace memwatch::symbols {

inline constexpr std::uint64_t kLargestFileRead = std::uint64_t{256} << 20;

struct AddressRange {
  std::uint64_t begin = 0, end = 0;  // ELF virtual addresses, end exclusive
};

// The addresses that can hold code: executable load segments. A file without segments says nothing
// about that, so then every address can.
struct CodeRanges {
  std::vector<AddressRange> ranges;

  bool operator()(std::uint64_t address) const {
    return ranges.empty() ||
           std::any_of(ranges.begin(), ranges.end(), [address](const AddressRange& range) {
             return range.begin <= address && address < range.end;
           });
  }
};

class ElfFile {
 public:
  // Errors: not there or not readable, not a regular file, not ELF, sections that claim to
  // decompress into absurd sizes.
  static Result<ElfFile> open(const std::string& path);
  static Result<ElfFile> from_descriptor(UniqueFd descriptor, std::string path);

  [[nodiscard]] Elf* get() const { return elf_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int descriptor() const { return descriptor_.get(); }

  // Whether there is a section of that name with contents in this file.
  [[nodiscard]] bool has_section(std::string_view name) const;
  [[nodiscard]] bool has_debug_info() const;
  // The contents of a small section; "" where there is none.
  [[nodiscard]] std::string section_bytes(std::string_view name) const;
  [[nodiscard]] CodeRanges code_ranges() const;

 private:
  struct CloseElf {
    void operator()(Elf* elf) const { elf_end(elf); }
  };
  ElfFile() = default;

  std::string path_;
  UniqueFd descriptor_;  // closed after elf_, which reads from it
  std::unique_ptr<Elf, CloseElf> elf_;
};

}  // namespace memwatch::symbols
