// libFuzzer entry: any bytes as a module's unwind tables (.eh_frame_hdr and what follows it), read
// by the shim as it walks a stack. Inputs come in two kinds, told by their first byte:
//
//   0  the tables as they are, and 4 bytes: where in them the pc is
//   1  call-frame instructions, framed properly: most changes to real tables only break the search
//
// The memory is exactly as long as the tables, so that a read outside is noticed. Rows that are
// found are simplified and their expressions evaluated, as a walk does.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "preload/code_objects.h"
#include "preload/sandbox.h"
#include "preload/unwind_cfi.h"
#include "preload/unwind_expression.h"
#include "preload/unwind_rules.h"
#include "tests/fuzz/input.h"

// Of the shim all that its parser asks for.
constinit std::atomic<bool> memwatch::preload::g_is_sandboxed{false};
bool memwatch::preload::find_code_object(std::uintptr_t, CodeObject*) {
  return false;
}

namespace {

using namespace memwatch::preload;
using memwatch::fuzz::Input;

// At an address that never changes from run to run, so that pc-relative pointers do not either.
class Tables {
 public:
  explicit Tables(std::string_view bytes)
      : bytes_(new std::uint8_t[bytes.size()]), size_(bytes.size()) {
    std::memcpy(bytes_.get(), bytes.data(), bytes.size());
  }
  [[nodiscard]] UnwindTables all() const {
    return UnwindTables{bytes_.get(), bytes_.get(), bytes_.get() + size_};
  }
  [[nodiscard]] std::uintptr_t at(std::int32_t offset) const {
    return reinterpret_cast<std::uintptr_t>(bytes_.get()) + static_cast<std::uintptr_t>(offset);
  }

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t size_;
};

void evaluate(const Expression& expression, bool has_initial) {
  static std::uint64_t words[64] = {};
  const auto low = reinterpret_cast<std::uintptr_t>(words);
  ReadableRange memory{low, low + sizeof words, true};
  Registers registers{};
  for (unsigned number = 0; number < kRegisters; ++number) registers.set(number, low + number * 8);
  std::uint64_t result = 0;
  (void)evaluate_expression(expression, registers, memory, has_initial, low, &result);
}

void look_up(const UnwindTables& tables, std::uintptr_t pc) {
  CfiRow row;
  if (find_cfi_row_in(tables, pc, &row) != CfiResult::found) return;
  const PackedRule rule = rule_of(row);
  if (rule.is_usual() && (rule.cfa_offset() >= 65536 || rule.fp_below_cfa() > 1016)) abort();
  if (row.cfa_is_expression) evaluate(row.cfa_expression, false);
  for (unsigned number = 0; number < kRegisters; ++number) {
    if (row.rules[number] == RegisterRule::expression ||
        row.rules[number] == RegisterRule::value_expression) {
      evaluate(row.expressions[number], true);
    }
  }
}

template <typename T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// One CIE and one FDE around instructions of each, with the header that leads to them. Pointers are
// plain 8-byte numbers: the function is [0x1000, 0x2000).
std::string framed(std::string_view of_cie, std::string_view of_fde) {
  std::string bytes("\x01\x1b\x03\x3b", 4);  // version, pc-relative frames, count, sorted table
  append<std::int32_t>(bytes, 16);
  append<std::uint32_t>(bytes, 1);
  append<std::int32_t>(bytes, INT32_MIN);  // the only entry is for every pc
  const std::size_t entry_at = bytes.size();
  append<std::int32_t>(bytes, 0);

  const std::size_t cie_at = bytes.size();
  std::string cie("\x01zR\x00\x01\x78\x10\x01\x00", 9);
  cie += of_cie;
  append(bytes, static_cast<std::uint32_t>(cie.size() + 4));
  append<std::uint32_t>(bytes, 0);
  bytes += cie;

  const std::size_t fde_at = bytes.size();
  append(bytes, static_cast<std::uint32_t>(4 + 8 + 8 + 1 + of_fde.size()));
  append(bytes, static_cast<std::uint32_t>(fde_at + 4 - cie_at));
  append<std::uint64_t>(bytes, 0x1000);
  append<std::uint64_t>(bytes, 0x1000);
  bytes.push_back('\0');
  bytes += of_fde;
  const auto fde = static_cast<std::int32_t>(fde_at);
  std::memcpy(bytes.data() + entry_at, &fde, sizeof fde);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  if (input.take<std::uint8_t>() % 2 == 0) {
    const auto offset = input.take<std::int32_t>();
    const Tables tables(input.take_bytes(input.left()));
    look_up(tables.all(), tables.at(offset));
    return 0;
  }
  const std::uintptr_t pc = 0x1000 + input.take<std::uint16_t>() % 0x1000;
  const std::string_view of_cie = input.take_bytes(input.take<std::uint8_t>());
  const Tables tables(framed(of_cie, input.take_bytes(input.left())));
  look_up(tables.all(), pc);
  return 0;
}
