#include "collector/analysis/code_functions.h"

#include <functional>

namespace memwatch::analysis {
namespace {

std::string_view module_of(const model::Session& session, model::CodeAddressId address) {
  const model::ModuleId module = session.code_addresses[address].module;
  if (module == model::kNone || module >= session.modules.size()) return {};
  return session.modules[module].path;
}

}  // namespace

// The odd constant is 2^64 divided by the golden ratio; it keeps (a, b) and (b, a) apart.
std::size_t CodeFunctions::NameHash::operator()(const Name& name) const {
  const std::hash<std::string_view> hash;
  return hash(name.first) * 0x9e3779b97f4a7c15ULL ^ hash(name.second);
}

std::size_t CodeFunctions::PlaceHash::operator()(const Place& place) const {
  return place.second * 0x9e3779b97f4a7c15ULL ^ std::hash<std::string_view>()(place.first);
}

CodeFunctions::CodeFunctions(const model::Session& session)
    : session_(session), ranges_(session.code_addresses.size()) {
  functions_.push_back(FunctionAtAddress{});
}

FunctionId CodeFunctions::named(std::string_view function, std::string_view module) {
  const auto [entry, is_new] = named_.try_emplace({function, module}, count_);
  if (is_new) ++count_;
  return entry->second;
}

FunctionId CodeFunctions::unnamed(std::string_view module, std::uint64_t offset) {
  const auto [entry, is_new] = unnamed_.try_emplace({module, offset}, count_);
  if (is_new) ++count_;
  return entry->second;
}

std::span<const FunctionAtAddress> CodeFunctions::at(model::CodeAddressId address) {
  if (address == model::kNone || address >= ranges_.size()) return {functions_.data(), 1};
  Range& range = ranges_[address];
  if (range.size == 0) {
    range.begin = static_cast<std::uint32_t>(functions_.size());
    const std::string_view module = module_of(session_, address);
    const std::uint64_t offset = session_.code_addresses[address].offset;
    const auto add = [&](std::string_view function, std::size_t level) {
      const FunctionId id = function.empty() ? unnamed(module, offset) : named(function, module);
      functions_.push_back({id, address, static_cast<std::uint32_t>(level)});
    };
    if (address < session_.symbols.size() && !session_.symbols[address].frames.empty()) {
      const auto& frames = session_.symbols[address].frames;
      for (std::size_t level = frames.size(); level-- > 0;) add(frames[level].function, level);
    } else {
      add({}, 0);
    }
    range.size = static_cast<std::uint32_t>(functions_.size()) - range.begin;
  }
  return {functions_.data() + range.begin, range.size};
}

Frame frame_at(const model::Session& session, model::CodeAddressId address, std::uint32_t level) {
  Frame frame;
  if (address == model::kNone || address >= session.code_addresses.size()) return frame;
  frame.address = address;
  frame.level = level;
  frame.offset = session.code_addresses[address].offset;
  frame.module = module_of(session, address);
  if (address < session.symbols.size() && level < session.symbols[address].frames.size()) {
    const model::SourceFrame& source = session.symbols[address].frames[level];
    frame.function = source.function;
    frame.file = source.file;
    frame.line = source.line;
    frame.inlined = source.inlined;
  }
  return frame;
}

}  // namespace memwatch::analysis
