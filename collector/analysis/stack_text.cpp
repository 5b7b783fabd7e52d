#include "collector/analysis/stack_text.h"

#include <fmt/format.h>

namespace memwatch::analysis {
namespace {

// Calls visit(address) for each node from the innermost outwards. Parents must have smaller ids
// than their children, which both the recorder and the file reader guarantee; a node that breaks
// the rule ends the walk, so that no input can make it endless.
template <typename Visit>
void walk(const model::Session& session, model::StackId stack, Visit visit) {
  while (stack != model::kNone && stack < session.stacks.size()) {
    const model::StackNode& node = session.stacks[stack];
    if (!visit(node.address, stack)) return;
    if (node.parent >= stack) return;
    stack = node.parent;
  }
}

// Calls visit(frame) for each frame of an address, innermost inlined function first, until it
// returns false; false then.
template <typename Visit>
bool visit_frames(const model::Session& session, model::CodeAddressId id, Visit visit) {
  if (id == model::kNone || id >= session.code_addresses.size()) return true;
  const model::CodeAddress& address = session.code_addresses[id];
  Frame frame;
  frame.offset = address.offset;
  frame.address = id;
  if (address.module != model::kNone && address.module < session.modules.size()) {
    frame.module = session.modules[address.module].path;
  }
  if (id >= session.symbols.size() || session.symbols[id].frames.empty()) {
    return visit(frame);
  }
  for (const model::SourceFrame& source : session.symbols[id].frames) {
    frame.function = source.function;
    frame.file = source.file;
    frame.line = source.line;
    frame.inlined = source.inlined;
    if (!visit(frame)) return false;
    ++frame.level;
  }
  return true;
}

}  // namespace

std::vector<Frame> frames_of(const model::Session& session, model::StackId stack) {
  std::vector<Frame> frames;
  for_each_frame(session, stack, [&](const Frame& frame) {
    frames.push_back(frame);
    return true;
  });
  return frames;
}

void for_each_frame(const model::Session& session, model::StackId stack,
                    const std::function<bool(const Frame&)>& visit) {
  walk(session, stack, [&](model::CodeAddressId address, model::StackId) {
    return visit_frames(session, address, visit);
  });
}

std::vector<Frame> frames_at(const model::Session& session, model::CodeAddressId address) {
  std::vector<Frame> frames;
  visit_frames(session, address, [&](const Frame& frame) {
    frames.push_back(frame);
    return true;
  });
  return frames;
}

bool addresses_of_stack(const model::Session& session, model::StackId stack,
                        std::vector<model::CodeAddressId>& addresses) {
  addresses.clear();
  bool complete = true;
  walk(session, stack, [&](model::CodeAddressId address, model::StackId) {
    complete = address != model::kNone;
    if (complete && address < session.code_addresses.size()) addresses.push_back(address);
    return complete;
  });
  return complete;
}

bool is_truncated(const model::Session& session, model::StackId stack) {
  bool truncated = false;
  walk(session, stack, [&](model::CodeAddressId address, model::StackId) {
    truncated = address == model::kNone;
    return !truncated;
  });
  return truncated;
}

std::string frame_name(const Frame& frame) {
  if (!frame.function.empty()) return std::string(frame.function);
  if (!frame.module.empty()) return fmt::format("{}+0x{:x}", base_name(frame.module), frame.offset);
  return fmt::format("0x{:x}", frame.offset);
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::vector<model::CodeAddressId> addresses_of(const model::Session& session,
                                               std::span<const model::StackId> stacks) {
  std::vector<model::CodeAddressId> addresses;
  std::vector<bool> seen_address(session.code_addresses.size());
  std::vector<bool> seen_node(session.stacks.size());
  for (const model::StackId stack : stacks) {
    walk(session, stack, [&](model::CodeAddressId address, model::StackId node) {
      if (seen_node[node]) return false;  // the rest of the way was walked before
      seen_node[node] = true;
      if (address != model::kNone && address < seen_address.size() && !seen_address[address]) {
        seen_address[address] = true;
        addresses.push_back(address);
      }
      return true;
    });
  }
  return addresses;
}

}  // namespace memwatch::analysis
