// Which function a code address belongs to, as small numbers: what a flame graph and a list of
// functions group by. Two addresses are the same function when name and module's path agree; code
// without a name is a function of its own for each offset, shown as "libfoo.so+0x1234".
// An address has several functions where the compiler inlined some into others.
// Thread safety: none, answers are remembered. Errors: none; an id outside of its table is unknown
// code. Keeps a reference to the session, which must not change meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collector/analysis/stack_text.h"
#include "collector/model/session.h"

namespace memwatch::analysis {

using FunctionId = std::uint32_t;

// Stands for the part of a stack that was not recorded, and for a stack that is unknown as a whole.
inline constexpr FunctionId kNoFunction = 0;

// One function at one address: `level` counts from the innermost inlined one, as in Frame.
struct FunctionAtAddress {
  FunctionId function = kNoFunction;
  model::CodeAddressId address = model::kNone;
  std::uint32_t level = 0;
};

class CodeFunctions {
 public:
  explicit CodeFunctions(const model::Session& session);

  // Outermost first: the function that holds the code, then those inlined into it. Never empty.
  // Valid until the next call.
  std::span<const FunctionAtAddress> at(model::CodeAddressId address);

  [[nodiscard]] std::size_t count() const { return count_; }  // ids are below that

 private:
  struct Range {
    std::uint32_t begin = 0, size = 0;
  };
  using Name = std::pair<std::string_view, std::string_view>;  // function, module path
  struct NameHash {
    std::size_t operator()(const Name& name) const;
  };
  using Place = std::pair<std::string_view, std::uint64_t>;  // module path, offset
  struct PlaceHash {
    std::size_t operator()(const Place& place) const;
  };
  FunctionId named(std::string_view function, std::string_view module);
  FunctionId unnamed(std::string_view module, std::uint64_t offset);

  const model::Session& session_;
  std::vector<Range> ranges_;  // by address
  std::vector<FunctionAtAddress> functions_;
  std::unordered_map<Name, FunctionId, NameHash> named_;
  std::unordered_map<Place, FunctionId, PlaceHash> unnamed_;
  FunctionId count_ = kNoFunction + 1;
};

// What a person reads of a function at an address; all unknown for kNone.
Frame frame_at(const model::Session& session, model::CodeAddressId address, std::uint32_t level);

}  // namespace memwatch::analysis
