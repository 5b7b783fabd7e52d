#include "collector/procfs/elf_kind.h"

#include <elf.h>

#include <algorithm>
#include <bit>
#include <exception>

#include "collector/procfs/elf_image.h"

namespace memwatch::procfs {
namespace {

constexpr std::size_t kMaxInterpreterBytes = 4096;
constexpr std::size_t kMaxDynamicBytes = std::size_t{1} << 20;

#if defined(__x86_64__)
constexpr std::uint16_t kThisMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kThisMachine = EM_AARCH64;
#else
constexpr std::uint16_t kThisMachine = EM_NONE;
#endif

struct DynamicFacts {
  bool needs_libraries = false;
  bool has_name = false;  // DT_SONAME: a library, or the loader itself
};

DynamicFacts read_dynamic(const ElfImage& image, const ElfSegment& segment) {
  DynamicFacts facts;
  const std::size_t word_bytes = image.is_64() ? 8 : 4;
  const std::string table = image.read(
      segment.offset,
      static_cast<std::size_t>(std::min<std::uint64_t>(segment.file_bytes, kMaxDynamicBytes)));
  for (std::size_t at = 0; at + 2 * word_bytes <= table.size(); at += 2 * word_bytes) {
    const std::uint64_t tag = image.word(table, at);
    if (tag == DT_NULL) break;
    facts.needs_libraries |= tag == DT_NEEDED;
    facts.has_name |= tag == DT_SONAME;
  }
  return facts;
}

ElfKind describe(const ElfImage& image) {
  ElfKind kind;
  kind.is_64 = image.is_64();
  kind.is_big_endian = image.is_big_endian();
  kind.type = image.type();
  kind.machine = image.machine();
  kind.is_native = kind.machine == kThisMachine && kind.is_64 == (sizeof(void*) == 8) &&
                   kind.is_big_endian == (std::endian::native == std::endian::big);
  kind.is_executable = (kind.type == ET_EXEC || kind.type == ET_DYN) && !image.segments().empty();
  DynamicFacts dynamic;
  for (const ElfSegment& segment : image.segments()) {
    if (segment.type == PT_INTERP) {
      kind.interpreter =
          image.read(segment.offset, static_cast<std::size_t>(std::min<std::uint64_t>(
                                         segment.file_bytes, kMaxInterpreterBytes)));
      kind.interpreter.resize(std::min(kind.interpreter.find('\0'), kind.interpreter.size()));
    }
    if (segment.type == PT_DYNAMIC) dynamic = read_dynamic(image, segment);
  }
  kind.needs_libraries = dynamic.needs_libraries;
  // Started by name, a file of type ET_DYN with a DT_SONAME and no loader is the loader itself
  // (`ld.so PROGRAM`), which does read LD_PRELOAD.
  kind.is_static = kind.is_executable && kind.interpreter.empty() && !dynamic.needs_libraries &&
                   !(kind.type == ET_DYN && dynamic.has_name);
  for (const ElfSection& section : image.sections()) {
    kind.is_go |= section.name == ".go.buildinfo" || section.name == ".note.go.buildid";
    kind.has_symbol_table |= section.type == SHT_SYMTAB;
    kind.has_debug_info |= section.name == ".debug_info" || section.name == ".zdebug_info";
  }
  return kind;
}

}  // namespace

Result<std::optional<ElfKind>> read_elf_kind(const std::string& path) {
  try {
    Result<std::optional<ElfImage>> image = ElfImage::open(path);
    if (!image) return image.error();
    if (!image->has_value()) return std::optional<ElfKind>();
    return std::optional<ElfKind>(describe(**image));
  } catch (const std::exception& problem) {
    return Error{ErrorKind::system, "read the program", path, problem.what(), {}};
  }
}

}  // namespace memwatch::procfs
