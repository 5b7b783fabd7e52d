#include "collector/symbols/demangle.h"

#include <libiberty/demangle.h>

#include <array>
#include <csetjmp>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <unordered_map>
#include <vector>

namespace memwatch::symbols {
namespace {

constexpr int kOptions = DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP;
// For C++ libiberty's limit is on the length, about a thousand characters, and refuses real names;
// the length limit of this file bounds its recursion instead. Rust's limit is on true depth, and
// without it a back reference to itself never ends.
constexpr int kCppOptions = kOptions | DMGL_NO_RECURSE_LIMIT;
constexpr std::size_t kMaxConversions = 8;
constexpr std::uint64_t kMaxTreeSize = 1 << 16;

// Collects the pieces libiberty prints. Substitutions let a short name expand without end (each
// may double what came before), and the callback cannot ask libiberty to stop; so it jumps out.
// Nothing between the setjmp and the jump owns anything: both printers keep their state on the
// stack.
struct Output {
  std::string text;
  std::jmp_buf full;
};

void append_output(const char* piece, std::size_t length, void* opaque) {
  auto* output = static_cast<Output*>(opaque);
  if (output->text.size() + length > kMaxDemangledLength) std::longjmp(output->full, 1);
  output->text.append(piece, length);
}

// The components a component is made of; which fields say so depends on its type.
std::array<const demangle_component*, 2> parts_of(const demangle_component& component) {
  switch (component.type) {
    case DEMANGLE_COMPONENT_NAME:
    case DEMANGLE_COMPONENT_SUB_STD:
    case DEMANGLE_COMPONENT_BUILTIN_TYPE:
    case DEMANGLE_COMPONENT_EXTENDED_BUILTIN_TYPE:
    case DEMANGLE_COMPONENT_TEMPLATE_PARAM:
    case DEMANGLE_COMPONENT_FUNCTION_PARAM:
    case DEMANGLE_COMPONENT_UNNAMED_TYPE:
    case DEMANGLE_COMPONENT_OPERATOR:
    case DEMANGLE_COMPONENT_CHARACTER:
    case DEMANGLE_COMPONENT_NUMBER:
      return {nullptr, nullptr};
    case DEMANGLE_COMPONENT_EXTENDED_OPERATOR:
      return {component.u.s_extended_operator.name, nullptr};
    case DEMANGLE_COMPONENT_FIXED_TYPE:
      return {component.u.s_fixed.length, nullptr};
    case DEMANGLE_COMPONENT_CTOR:
      return {component.u.s_ctor.name, nullptr};
    case DEMANGLE_COMPONENT_DTOR:
      return {component.u.s_dtor.name, nullptr};
    case DEMANGLE_COMPONENT_LAMBDA:
    case DEMANGLE_COMPONENT_DEFAULT_ARG:
      return {component.u.s_unary_num.sub, nullptr};
    default:
      return {component.u.s_binary.left, component.u.s_binary.right};
  }
}

// How many components there are when shared ones are counted each time they are used, up to a
// little over kMaxTreeSize. (Deep names recurse as deeply as libiberty itself does.)
using Sizes = std::unordered_map<const demangle_component*, std::uint64_t>;
std::uint64_t tree_size(const demangle_component* component, Sizes& known) {
  const auto [entry, is_new] = known.emplace(component, 1);
  if (!is_new) return entry->second;
  std::uint64_t size = 1;
  for (const demangle_component* part : parts_of(*component)) {
    if (part != nullptr && size <= kMaxTreeSize) size += tree_size(part, known);
  }
  known[component] = size;
  return size;
}

// libiberty's two steps, so that the tree can be judged before it is printed: looking for parameter
// packs visits a shared component each time it is used, without printing anything. What takes
// exponential time in the first step is an ambiguity of conversion operators ("cv"), of which real
// names have one or two.
bool demangle_cpp(const std::string& name, Output& output) {
  std::size_t conversions = 0;
  for (std::size_t at = 0; (at = name.find("cv", at)) != std::string::npos; ++at) ++conversions;
  if (conversions > kMaxConversions) return false;
  void* memory = nullptr;
  demangle_component* tree = cplus_demangle_v3_components(name.c_str(), kCppOptions, &memory);
  const std::unique_ptr<void, decltype(&std::free)> owner(memory, &std::free);
  if (tree == nullptr) return false;
  Sizes sizes;
  if (tree_size(tree, sizes) > kMaxTreeSize) return false;
  if (setjmp(output.full) != 0) {
    output.text += "...";
    return true;
  }
  return cplus_demangle_print_callback(kCppOptions, tree, append_output, &output) != 0 &&
         !output.text.empty();
}

bool demangle_rust(const std::string& name, Output& output) {
  if (setjmp(output.full) != 0) {
    output.text += "...";
    return true;
  }
  return rust_demangle_callback(name.c_str(), kOptions, append_output, &output) != 0 &&
         !output.text.empty();
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
  // Rust's legacy names are valid C++ names too, with a hash at the end; so Rust is asked first.
  Output rust_output;
  if (demangle_rust(terminated, rust_output)) return rust_output.text;
  Output cpp_output;
  if (itanium && demangle_cpp(terminated, cpp_output)) return cpp_output.text;
  return std::string(name);
}

}  // namespace memwatch::symbols
