// Internal to the JSON report: hands out dense ids for the stacks, frames and modules that the
// report refers to, in order of first use, so that only these are written. Thread safety: none.
// Errors: none; an unknown stack id counts as the empty stack.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/analysis/stack_text.h"
#include "collector/model/session.h"

namespace memwatch::render {

class StackIds {
 public:
  explicit StackIds(const model::Session& session) : ids_(session.stacks.size(), kUnseen) {}
  std::uint64_t id_of(model::StackId stack) {
    if (stack >= ids_.size()) stack = model::kNone;
    if (ids_.empty()) return 0;
    if (ids_[stack] == kUnseen) {
      ids_[stack] = static_cast<std::uint32_t>(used_.size());
      used_.push_back(stack);
    }
    return ids_[stack];
  }
  // In order of their ids.
  [[nodiscard]] const std::vector<model::StackId>& used() const { return used_; }

 private:
  static constexpr std::uint32_t kUnseen = 0xffffffff;
  std::vector<std::uint32_t> ids_;
  std::vector<model::StackId> used_;
};

class FrameIds {
 public:
  explicit FrameIds(const model::Session& session)
      : session_(session), texts_(session.code_addresses.size()) {}

  // The ids of an address's frames, innermost inlined function first, as they stand in an array:
  // "17, 18". An address is in thousands of stacks, so it is put together once.
  const std::string& ids_at(model::CodeAddressId address) {
    std::string& text = texts_[address];
    if (text.empty()) {
      for (const analysis::Frame& frame : analysis::frames_at(session_, address)) {
        if (!text.empty()) text += ", ";
        text += std::to_string(used_.size());
        used_.push_back(frame);
      }
    }
    return text;
  }
  [[nodiscard]] const std::vector<analysis::Frame>& used() const { return used_; }

 private:
  const model::Session& session_;
  std::vector<std::string> texts_;
  std::vector<analysis::Frame> used_;
};

}  // namespace memwatch::render
