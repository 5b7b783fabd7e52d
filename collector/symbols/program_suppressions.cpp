#include "collector/symbols/program_suppressions.h"

#include <gelf.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "collector/symbols/elf_file.h"
#include "collector/symbols/elf_symbols.h"

namespace memwatch::symbols {
namespace {

constexpr std::string_view kFunction = "__lsan_default_suppressions";
constexpr std::size_t kMostCode = 64;
constexpr std::size_t kMostText = std::size_t{1} << 20;

std::optional<GElf_Sym> find_function(Elf* elf) {
  std::optional<GElf_Sym> found;
  for_each_symbol(elf, {SHT_SYMTAB, SHT_DYNSYM},
                  [&](const GElf_Sym& symbol, std::string_view name) {
                    if (!found && GELF_ST_TYPE(symbol.st_info) == STT_FUNC && name == kFunction)
                      found = symbol;
                  });
  return found;
}

// Up to `most` bytes of the file that are at this address once it is loaded.
std::string_view bytes_at(Elf* elf, std::uint64_t address, std::size_t most) {
  std::size_t count = 0, size = 0;
  const char* const file = elf_rawfile(elf, &size);
  if (file == nullptr || elf_getphdrnum(elf, &count) != 0) return {};
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf, static_cast<int>(i), &segment) == nullptr || segment.p_type != PT_LOAD ||
        address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz) {
      continue;
    }
    const std::uint64_t inside = address - segment.p_vaddr;
    if (segment.p_offset >= size || inside >= size - segment.p_offset) return {};
    const std::uint64_t at = segment.p_offset + inside;
    return {file + at, std::min<std::uint64_t>({most, segment.p_filesz - inside, size - at})};
  }
  return {};
}

// Reads a function from its beginning, a known instruction after another.
class Code {
 public:
  Code(const unsigned char* code, std::size_t bytes) : code_(code), bytes_(bytes) {}

  bool skip(std::string_view instruction) {
    if (bytes_ - at_ < instruction.size() ||
        std::memcmp(code_ + at_, instruction.data(), instruction.size()) != 0) {
      return false;
    }
    at_ += instruction.size();
    return true;
  }
  template <typename Value>
  bool take(Value& value) {
    if (bytes_ - at_ < sizeof value) return false;
    std::memcpy(&value, code_ + at_, sizeof value);
    at_ += sizeof value;
    return true;
  }
  [[nodiscard]] std::uint64_t at() const { return at_; }

 private:
  const unsigned char* code_;
  std::size_t bytes_, at_ = 0;
};

}  // namespace

std::optional<std::uint64_t> returned_address(const unsigned char* bytes, std::size_t size,
                                              std::uint64_t address) {
  using std::string_view_literals::operator""sv;
  Code code(bytes, size);
  code.skip("\xf3\x0f\x1e\xfa"sv);                      // endbr64
  const bool framed = code.skip("\x55\x48\x89\xe5"sv);  // push rbp; mov rbp, rsp
  std::uint64_t result = 0;
  if (std::int32_t near = 0; code.skip("\x48\x8d\x05"sv)) {  // lea rax, [rip + near]
    if (!code.take(near)) return std::nullopt;
    result = address + code.at() + static_cast<std::uint64_t>(std::int64_t{near});
  } else if (std::uint32_t low = 0; code.skip("\xb8"sv)) {  // mov eax, low
    if (!code.take(low)) return std::nullopt;
    result = low;
  } else if (code.skip("\x48\xc7\xc0"sv)) {  // mov rax, near
    if (!code.take(near)) return std::nullopt;
    result = static_cast<std::uint64_t>(std::int64_t{near});
  } else if (code.skip("\x48\xb8"sv)) {  // movabs rax, result
    if (!code.take(result)) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (framed && !code.skip("\x5d"sv) && !code.skip("\xc9"sv))
    return std::nullopt;                                                      // pop rbp, leave
  if (!code.skip("\xc3"sv) && !code.skip("\xf3\xc3"sv)) return std::nullopt;  // ret
  return result;
}

ProgramSuppressions read_program_suppressions(const std::string& path) {
  const Result<ElfFile> file = ElfFile::open(path);
  if (!file) return {};
  Elf* const elf = file->get();
  const std::optional<GElf_Sym> function = find_function(elf);
  if (!function) return {};
  GElf_Ehdr header;
  ProgramSuppressions found;
  found.why_not = "its __lsan_default_suppressions does more than to return a string";
  if (gelf_getehdr(elf, &header) == nullptr || header.e_machine != EM_X86_64) return found;
  const std::string_view code = bytes_at(elf, function->st_value, kMostCode);
  const auto address = returned_address(reinterpret_cast<const unsigned char*>(code.data()),
                                        code.size(), function->st_value);
  if (!address) return found;
  const std::string_view text = bytes_at(elf, *address, kMostText);
  const std::size_t end = text.find('\0');
  if (end == std::string_view::npos) return found;
  return {std::string(text.substr(0, end)), {}};
}

}  // namespace memwatch::symbols
