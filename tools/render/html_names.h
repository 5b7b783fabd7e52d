// Internal to the HTML report: hands out small numbers for the strings, frames and stacks that the
// document refers to, so that each is written once. Number 0 of each means "none".
// Stacks form a tree as in the session, of full frames: inlined functions are nodes of their own.
// Thread safety: none. Errors: none; unknown ids become unknown code. Refers to the session.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collector/analysis/code_functions.h"
#include "tools/render/json_writer.h"

namespace memwatch::render {

class HtmlNames {
 public:
  HtmlNames(const model::Session& session, analysis::CodeFunctions& functions);

  std::uint32_t string_id(std::string_view text);
  std::uint32_t frame_id(model::CodeAddressId address, std::uint32_t level);
  // The number of the stack's innermost frame in the tree.
  std::uint32_t stack_id(model::StackId stack);

  // Members "strings", "frames" and "stacks": parallel arrays. frames.kind is the sum of 1 inlined
  // into its caller, 2 without a name (function holds module and offset), 4 not recorded, 8
  // plumbing (analysis/noise_frames.h).
  void write(JsonWriter& json) const;

 private:
  struct Frame {
    std::uint32_t function = 0, file = 0, line = 0, module = 0, kind = 0;
  };
  struct Node {
    std::uint32_t parent = 0, frame = 0;
  };
  std::uint32_t node_for(std::uint32_t parent, std::uint32_t frame);

  const model::Session& session_;
  analysis::CodeFunctions& functions_;
  std::unordered_map<std::string, std::uint32_t> string_ids_;
  std::vector<const std::string*> strings_;
  std::unordered_map<std::uint64_t, std::uint32_t> frame_ids_;  // by address and level
  std::vector<Frame> frames_;
  std::unordered_map<std::uint64_t, std::uint32_t> node_ids_;  // by parent and frame
  std::vector<Node> nodes_;
  std::unordered_map<model::StackId, std::uint32_t> stack_ids_;
};

}  // namespace memwatch::render
