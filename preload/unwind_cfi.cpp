#include "preload/unwind_cfi.h"

#include <cstring>

#include "preload/byte_reader.h"
#include "preload/code_objects.h"

namespace memwatch::preload {

namespace {

// Pointer encodings of .eh_frame and .eh_frame_hdr (LSB core specification, "DWARF extensions").
constexpr std::uint8_t kOmit = 0xff;
constexpr std::uint8_t kPcRelative = 0x10;
constexpr std::uint8_t kDataRelative = 0x30;
constexpr std::uint8_t kSigned4 = 0x0b;

// Reads an encoded pointer; `data_base` is what data-relative ones are relative to.
bool read_encoded(ByteReader& in, std::uint8_t encoding, std::uintptr_t data_base,
                  std::uintptr_t* value) {
  if (encoding == kOmit || (encoding & 0x80) != 0) return false;
  const auto here = reinterpret_cast<std::uintptr_t>(in.at());
  std::int64_t raw = 0;
  switch (encoding & 0x0f) {
    case 0x00:
      raw = static_cast<std::int64_t>(in.fixed<std::uint64_t>());
      break;
    case 0x01:
      raw = static_cast<std::int64_t>(in.uleb());
      break;
    case 0x02:
      raw = in.fixed<std::uint16_t>();
      break;
    case 0x03:
      raw = in.fixed<std::uint32_t>();
      break;
    case 0x04:
      raw = static_cast<std::int64_t>(in.fixed<std::uint64_t>());
      break;
    case 0x09:
      raw = in.sleb();
      break;
    case 0x0a:
      raw = in.fixed<std::int16_t>();
      break;
    case 0x0b:
      raw = in.fixed<std::int32_t>();
      break;
    case 0x0c:
      raw = in.fixed<std::int64_t>();
      break;
    default:
      return false;
  }
  std::uintptr_t base = 0;
  if ((encoding & 0x70) == kPcRelative) {
    base = here;
  } else if ((encoding & 0x70) == kDataRelative) {
    base = data_base;
  } else if ((encoding & 0x70) != 0) {
    return false;
  }
  *value = base + static_cast<std::uintptr_t>(raw);
  return !in.failed();
}

// The frame description entry for pc, by binary search in .eh_frame_hdr's sorted table; nullptr
// where there is none, or none whose first eight bytes lie in the tables.
const std::uint8_t* find_fde(const UnwindTables& tables, std::uintptr_t pc) {
  struct Entry {
    std::int32_t start, fde;  // relative to the header
  };
  const std::uint8_t* header = tables.header;
  if (header < tables.start || header > tables.end || tables.end - header < 4) return nullptr;
  if (header[0] != 1) return nullptr;
  if (header[3] != (kDataRelative | kSigned4)) return nullptr;  // no other encoding is searchable
  const auto base = reinterpret_cast<std::uintptr_t>(header);
  ByteReader in(header + 4, static_cast<std::size_t>(tables.end - header) - 4);
  std::uintptr_t frames = 0;
  std::uintptr_t count = 0;
  if (!read_encoded(in, header[1], base, &frames)) return nullptr;
  if (!read_encoded(in, header[2], base, &count) || count == 0) return nullptr;
  if (count > in.left() / sizeof(Entry)) return nullptr;
  const std::uint8_t* table = in.at();
  const auto entry_at = [table](std::uintptr_t index) {
    Entry entry;
    std::memcpy(&entry, table + index * sizeof(Entry), sizeof entry);  // aligned only by custom
    return entry;
  };
  const auto offset = static_cast<std::int64_t>(pc - base);
  std::uintptr_t low = 0;
  std::uintptr_t high = count;
  while (high - low > 1) {
    const std::uintptr_t middle = low + (high - low) / 2;
    if (entry_at(middle).start <= offset) {
      low = middle;
    } else {
      high = middle;
    }
  }
  const Entry found = entry_at(low);
  if (found.start > offset) return nullptr;
  if (found.fde < tables.start - header || found.fde > tables.end - header - 8) return nullptr;
  return header + found.fde;
}

struct Cie {
  std::uint64_t code_alignment = 1;
  std::int64_t data_alignment = 1;
  std::uint64_t return_register = kRegisterPc;
  std::uint8_t pointer_encoding = 0;
  bool has_augmentation_data = false;
  bool signal_frame = false;
  const std::uint8_t* instructions = nullptr;
  const std::uint8_t* end = nullptr;
};

bool parse_augmentation(ByteReader& in, const char* augmentation, Cie* cie) {
  if (augmentation[0] == '\0') return true;
  if (augmentation[0] != 'z') return false;
  cie->has_augmentation_data = true;
  const std::uint64_t size = in.uleb();
  if (size > in.left()) return false;
  const std::uint8_t* data_end = in.at() + size;
  for (const char* letter = augmentation + 1; *letter != '\0'; ++letter) {
    std::uintptr_t ignored = 0;
    if (*letter == 'R') {
      cie->pointer_encoding = in.fixed<std::uint8_t>();
    } else if (*letter == 'P') {
      const auto encoding = static_cast<std::uint8_t>(in.fixed<std::uint8_t>() & 0x7f);
      if (!read_encoded(in, encoding, 0, &ignored)) return false;
    } else if (*letter == 'L') {
      in.fixed<std::uint8_t>();
    } else if (*letter == 'S') {
      cie->signal_frame = true;
    } else {
      break;  // the size says where the data ends
    }
  }
  in.move_to(data_end);
  return !in.failed();
}

bool parse_cie(const std::uint8_t* start, const std::uint8_t* tables_end, Cie* cie) {
  ByteReader in(start, 8);
  const std::uint32_t length = in.fixed<std::uint32_t>();
  if (length < 9 || length > tables_end - start - 4 || in.fixed<std::uint32_t>() != 0) return false;
  cie->end = start + 4 + length;
  in = ByteReader(start + 8, length - 4);
  const std::uint8_t version = in.fixed<std::uint8_t>();
  if (version != 1 && version != 3) return false;
  const auto* augmentation = reinterpret_cast<const char*>(in.at());
  while (!in.failed() && in.fixed<char>() != '\0') {
  }
  cie->code_alignment = in.uleb();
  cie->data_alignment = in.sleb();
  cie->return_register = version == 1 ? in.fixed<std::uint8_t>() : in.uleb();
  if (in.failed() || !parse_augmentation(in, augmentation, cie)) return false;
  cie->instructions = in.at();
  return cie->return_register == kRegisterPc;
}

constexpr unsigned kMaxRemembered = 8;

// Runs call-frame instructions on a row until the location passes pc.
class RowBuilder {
 public:
  RowBuilder(const Cie& cie, std::uintptr_t pc, CfiRow* row) : cie_(cie), pc_(pc), row_(row) {}

  void start_function(std::uintptr_t location) {
    location_ = location;
    for (unsigned i = 0; i < kRegisters; ++i) {
      initial_rules_[i] = row_->rules[i];
      initial_values_[i] = row_->values[i];
    }
  }

  // False: malformed or beyond what we know.
  bool run(const std::uint8_t* from, const std::uint8_t* to) {
    ByteReader in(from, static_cast<std::size_t>(to - from));
    while (in.left() > 0 && !passed_) {
      if (!step(in) || in.failed()) return false;
    }
    return true;
  }

 private:
  bool set(std::uint64_t number, RegisterRule rule, std::int64_t value) {
    if (number >= kRegisters) return true;  // vector and other registers do not matter here
    row_->rules[number] = rule;
    row_->values[number] = value;
    return true;
  }
  bool set_expression(ByteReader& in, RegisterRule rule) {
    const std::uint64_t number = in.uleb();
    const Expression expression = read_expression(in);
    if (number >= kRegisters) return true;
    row_->rules[number] = rule;
    row_->expressions[number] = expression;
    return true;
  }
  static Expression read_expression(ByteReader& in) {
    const std::uint64_t size = in.uleb();
    const Expression expression{in.at(), static_cast<std::uint32_t>(size)};
    in.skip(size);  // a size beyond the end fails the whole row
    return expression;
  }
  bool restore(std::uint64_t number) {
    if (number >= kRegisters) return true;
    return set(number, initial_rules_[number], initial_values_[number]);
  }
  bool define_cfa(std::uint64_t number, std::int64_t offset) {
    if (number >= kRegisters) return false;
    row_->cfa_is_expression = false;
    row_->cfa_register = static_cast<std::uint8_t>(number);
    row_->cfa_offset = offset;
    return true;
  }
  void advance(std::uint64_t delta) {
    location_ += delta * cie_.code_alignment;
    passed_ = location_ > pc_;
  }
  std::int64_t factored(std::uint64_t value) const {
    // Unsigned, where an overflow has a meaning: such an offset leads nowhere, and is not followed.
    return static_cast<std::int64_t>(value * static_cast<std::uint64_t>(cie_.data_alignment));
  }
  std::int64_t factored(std::int64_t value) const {
    return factored(static_cast<std::uint64_t>(value));
  }

  bool step(ByteReader& in) {
    const std::uint8_t opcode = in.fixed<std::uint8_t>();
    const std::uint8_t low = opcode & 0x3f;
    switch (opcode & 0xc0) {
      case 0x40:
        advance(low);
        return true;  // advance_loc
      case 0x80:
        return set(low, RegisterRule::offset, factored(in.uleb()));  // offset
      case 0xc0:
        return restore(low);  // restore
      default:
        return extended_step(in, opcode);
    }
  }

  bool extended_step(ByteReader& in, std::uint8_t opcode) {
    std::uint64_t number = 0;
    std::uintptr_t location = 0;
    switch (opcode) {
      case 0x00:
        return true;  // nop
      case 0x01:      // set_loc
        if (!read_encoded(in, cie_.pointer_encoding, 0, &location)) return false;
        location_ = location;
        passed_ = location_ > pc_;
        return true;
      case 0x02:
        advance(in.fixed<std::uint8_t>());
        return true;
      case 0x03:
        advance(in.fixed<std::uint16_t>());
        return true;
      case 0x04:
        advance(in.fixed<std::uint32_t>());
        return true;
      case 0x05:
        number = in.uleb();
        return set(number, RegisterRule::offset, factored(in.uleb()));
      case 0x06:
        return restore(in.uleb());
      case 0x07:
        return set(in.uleb(), RegisterRule::undefined, 0);
      case 0x08:
        return set(in.uleb(), RegisterRule::same, 0);
      case 0x09:
        number = in.uleb();
        return set(number, RegisterRule::other, static_cast<std::int64_t>(in.uleb()));
      case 0x0a:  // remember_state
        if (remembered_ == kMaxRemembered) return false;
        stack_[remembered_++] = *row_;
        return true;
      case 0x0b:  // restore_state
        if (remembered_ == 0) return false;
        *row_ = stack_[--remembered_];
        return true;
      case 0x0c:
        number = in.uleb();
        return define_cfa(number, static_cast<std::int64_t>(in.uleb()));
      case 0x0d:
        return define_cfa(in.uleb(), row_->cfa_offset);
      case 0x0e:
        row_->cfa_offset = static_cast<std::int64_t>(in.uleb());
        return true;
      case 0x0f:
        row_->cfa_is_expression = true;
        row_->cfa_expression = read_expression(in);
        return true;
      case 0x10:
        return set_expression(in, RegisterRule::expression);
      case 0x11:
        number = in.uleb();
        return set(number, RegisterRule::offset, factored(in.sleb()));
      case 0x12:
        number = in.uleb();
        return define_cfa(number, factored(in.sleb()));
      case 0x13:
        row_->cfa_offset = factored(in.sleb());
        return true;
      case 0x14:
        number = in.uleb();
        return set(number, RegisterRule::value, factored(in.uleb()));
      case 0x15:
        number = in.uleb();
        return set(number, RegisterRule::value, factored(in.sleb()));
      case 0x16:
        return set_expression(in, RegisterRule::value_expression);
      case 0x2d:  // AARCH64_negate_ra_state; another thing elsewhere
        return kSignsReturnAddresses;
      case 0x2e:
        in.uleb();
        return true;  // GNU_args_size: of no use to an unwinder
      default:
        return false;
    }
  }

  const Cie& cie_;
  std::uintptr_t pc_;
  CfiRow* row_;
  std::uintptr_t location_ = 0;
  bool passed_ = false;
  RegisterRule initial_rules_[kRegisters] = {};
  std::int64_t initial_values_[kRegisters] = {};
  CfiRow stack_[kMaxRemembered];
  unsigned remembered_ = 0;
};

}  // namespace

CfiResult find_cfi_row(std::uintptr_t pc, CfiRow* row) {
  CodeObject object{};
  if (!find_code_object(pc, &object) || object.unwind_table == nullptr) {
    return CfiResult::no_information;
  }
  return find_cfi_row_in(
      UnwindTables{object.unwind_table, reinterpret_cast<const std::uint8_t*>(object.start),
                   reinterpret_cast<const std::uint8_t*>(object.end)},
      pc, row);
}

CfiResult find_cfi_row_in(const UnwindTables& tables, std::uintptr_t pc, CfiRow* row) {
  const std::uint8_t* fde = find_fde(tables, pc);
  if (fde == nullptr) return CfiResult::no_information;

  ByteReader in(fde, 8);
  const std::uint32_t length = in.fixed<std::uint32_t>();
  if (length < 8 || length > tables.end - fde - 4) return CfiResult::malformed;
  const std::uint32_t cie_distance = in.fixed<std::uint32_t>();
  if (cie_distance == 0 || cie_distance > fde + 4 - tables.start) return CfiResult::malformed;
  Cie cie;
  if (!parse_cie(fde + 4 - cie_distance, tables.end, &cie)) return CfiResult::malformed;

  const std::uint8_t* end = fde + 4 + length;
  in = ByteReader(fde + 8, length - 4);
  std::uintptr_t start = 0;
  std::uintptr_t size = 0;
  if (!read_encoded(in, cie.pointer_encoding, 0, &start)) return CfiResult::malformed;
  if (!read_encoded(in, cie.pointer_encoding & 0x0f, 0, &size)) return CfiResult::malformed;
  if (pc < start || pc - start >= size) return CfiResult::no_information;
  if (cie.has_augmentation_data) in.skip(in.uleb());
  if (in.failed()) return CfiResult::malformed;

  *row = CfiRow{};
  row->signal_frame = cie.signal_frame;
  RowBuilder builder(cie, pc, row);
  if (!builder.run(cie.instructions, cie.end)) return CfiResult::malformed;
  builder.start_function(start);
  if (!builder.run(in.at(), end)) return CfiResult::malformed;
  return CfiResult::found;
}

}  // namespace memwatch::preload
