#include "collector/symbols/demangle.h"

#include <libiberty/demangle.h>

#include <array>
#include <csetjmp>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

namespace memwatch::symbols {
namespace {

// libiberty refuses names over about a thousand characters unless told not to count; the length
// limit of this file bounds its recursion instead (4096 characters use under 3 MiB of stack).
constexpr int kOptions = DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP | DMGL_NO_RECURSE_LIMIT;

// Collects the pieces libiberty prints. Substitutions let a short name expand without end (each
// may double what came before), and the callback cannot ask libiberty to stop; so it jumps out.
// Nothing between the setjmp and the jump owns anything: both demanglers with a callback keep
// their state on the stack.
struct Output {
  std::string text;
  std::jmp_buf full;
};

void append_output(const char* piece, std::size_t length, void* opaque) {
  auto* output = static_cast<Output*>(opaque);
  if (output->text.size() + length > kMaxDemangledLength) std::longjmp(output->full, 1);
  output->text.append(piece, length);
}

using CallbackDemangler = int (*)(const char*, int, demangle_callbackref, void*);

// False when the name is not of that language.
bool demangle_into(CallbackDemangler demangler, const char* name, Output& output) {
  output.text.clear();
  if (setjmp(output.full) != 0) {
    output.text += "...";
    return true;
  }
  return demangler(name, kOptions, append_output, &output) != 0 && !output.text.empty();
}

// libiberty's D demangler builds its result in memory, without a callback. A back reference ('Q'
// and a base-26 distance whose last digit is lower case) repeats what stands at its target, at most
// up to the reference itself; summing that bounds the size of the result before it is built.
bool d_expansion_is_bounded(std::string_view name) {
  std::vector<std::uint64_t> size_up_to{0};  // expanded size of the first i characters
  size_up_to.reserve(name.size() + 1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    std::uint64_t here = 1;
    if (name[i] == 'Q') {
      std::size_t distance = 0;
      for (std::size_t j = i + 1; j < name.size() && distance <= name.size(); ++j) {
        const char digit = name[j];
        const bool last = digit >= 'a' && digit <= 'z';
        if (!last && (digit < 'A' || digit > 'Z')) break;
        distance = distance * 26 + static_cast<std::size_t>(digit - (last ? 'a' : 'A'));
        if (last) break;
      }
      if (distance <= i) here += size_up_to[i] - size_up_to[i - distance];
    }
    size_up_to.push_back(size_up_to.back() + here);
    if (size_up_to.back() > kMaxDemangledLength) return false;
  }
  return true;
}

std::string cut(std::string_view text) {
  if (text.size() <= kMaxDemangledLength) return std::string(text);
  return std::string(text.substr(0, kMaxDemangledLength)) + "...";
}

}  // namespace

std::string demangle(std::string_view name) {
  if (name.size() > kMaxMangledLength || name.find('\0') != std::string_view::npos) {
    return cut(name);
  }
  const bool itanium = name.starts_with("_Z") || name.starts_with("__Z");
  const bool rust = itanium || name.starts_with("_R") || name.starts_with("__R");
  const bool d_language = name.starts_with("_D");
  if (!itanium && !rust && !d_language) return std::string(name);

  // Mach-O puts one underscore in front of every symbol.
  const std::string terminated(name.starts_with("__") ? name.substr(1) : name);
  if (d_language) {
    if (!d_expansion_is_bounded(name)) return std::string(name);
    const std::unique_ptr<char, decltype(&std::free)> result(
        dlang_demangle(terminated.c_str(), kOptions), &std::free);
    return result ? cut(result.get()) : std::string(name);
  }
  Output output;
  // Rust's legacy names are valid C++ names too, with a hash at the end; so Rust is asked first.
  if (demangle_into(rust_demangle_callback, terminated.c_str(), output)) return output.text;
  if (itanium && demangle_into(cplus_demangle_v3_callback, terminated.c_str(), output)) {
    return output.text;
  }
  return std::string(name);
}

}  // namespace memwatch::symbols
