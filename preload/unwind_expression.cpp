#include "preload/unwind_expression.h"

#include "preload/byte_reader.h"
#include "preload/readable_memory.h"

namespace memwatch::preload {

namespace {

class Machine {
 public:
  Machine(const Registers& registers, ReadableRange& memory)
      : registers_(registers), memory_(memory) {}

  bool push(std::uint64_t value) {
    if (depth_ == kDepth) return false;
    stack_[depth_++] = value;
    return true;
  }
  bool pop(std::uint64_t* value) {
    if (depth_ == 0) return false;
    *value = stack_[--depth_];
    return true;
  }

  bool step(ByteReader& in) {
    const std::uint8_t operation = in.fixed<std::uint8_t>();
    if (operation >= 0x30 && operation <= 0x4f) return push(operation - 0x30U);  // lit0–lit31
    if (operation >= 0x70 && operation <= 0x8f) {                                // breg0–breg31
      const unsigned number = operation - 0x70U;
      const std::int64_t offset = in.sleb();
      if (number >= kRegisters || !registers_.has(number)) return false;
      return push(registers_.value[number] + static_cast<std::uint64_t>(offset));
    }
    return constant(operation, in) || arithmetic(operation, in);
  }

 private:
  static constexpr unsigned kDepth = 16;

  bool constant(std::uint8_t operation, ByteReader& in) {
    switch (operation) {
      case 0x08:
        return push(in.fixed<std::uint8_t>());
      case 0x09:
        return push(static_cast<std::uint64_t>(in.fixed<std::int8_t>()));
      case 0x0a:
        return push(in.fixed<std::uint16_t>());
      case 0x0b:
        return push(static_cast<std::uint64_t>(in.fixed<std::int16_t>()));
      case 0x0c:
        return push(in.fixed<std::uint32_t>());
      case 0x0d:
        return push(static_cast<std::uint64_t>(in.fixed<std::int32_t>()));
      case 0x0e:
        return push(in.fixed<std::uint64_t>());
      case 0x0f:
        return push(static_cast<std::uint64_t>(in.fixed<std::int64_t>()));
      case 0x10:
        return push(in.uleb());
      case 0x11:
        return push(static_cast<std::uint64_t>(in.sleb()));
      default:
        return false;
    }
  }

  bool arithmetic(std::uint8_t operation, ByteReader& in) {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    if (operation == 0x06) {  // deref
      if (!pop(&a) || !is_readable(memory_, a)) return false;
      return push(read_word(a));
    }
    if (operation == 0x12) return pop(&a) && push(a) && push(a);   // dup
    if (operation == 0x23) return pop(&a) && push(a + in.uleb());  // plus_uconst
    if (!pop(&b) || !pop(&a)) return false;
    const auto signed_a = static_cast<std::int64_t>(a);
    const auto signed_b = static_cast<std::int64_t>(b);
    switch (operation) {
      case 0x1a:
        return push(a & b);
      case 0x1c:
        return push(a - b);
      case 0x21:
        return push(a | b);
      case 0x22:
        return push(a + b);
      case 0x24:
        return push(b < 64 ? a << b : 0);
      case 0x25:
        return push(b < 64 ? a >> b : 0);
      case 0x29:
        return push(a == b ? 1 : 0);
      case 0x2a:
        return push(signed_a >= signed_b ? 1 : 0);
      case 0x2b:
        return push(signed_a > signed_b ? 1 : 0);
      case 0x2c:
        return push(signed_a <= signed_b ? 1 : 0);
      case 0x2d:
        return push(signed_a < signed_b ? 1 : 0);
      case 0x2e:
        return push(a != b ? 1 : 0);
      default:
        return false;
    }
  }

  const Registers& registers_;
  ReadableRange& memory_;
  std::uint64_t stack_[kDepth] = {};
  unsigned depth_ = 0;
};

}  // namespace

bool evaluate_expression(const Expression& expression, const Registers& registers,
                         ReadableRange& memory, bool has_initial, std::uint64_t initial,
                         std::uint64_t* result) {
  Machine machine(registers, memory);
  if (has_initial && !machine.push(initial)) return false;
  ByteReader in(expression.bytes, expression.size);
  while (in.left() > 0) {
    if (!machine.step(in) || in.failed()) return false;
  }
  return machine.pop(result);
}

}  // namespace memwatch::preload
