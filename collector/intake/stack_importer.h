// Brings a process's stack nodes and modules from its segment into the session's tables, each node
// once. Nodes and names are hostile bytes: parents must have smaller ids (so trees cannot be
// cyclic), modules and names must lie inside their tables; what does not fit becomes "unknown" and
// is counted. One owner, not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/intake/segment.h"
#include "collector/model/prefetch.h"
#include "collector/model/stack_table.h"

namespace memwatch::intake {

class StackImporter {
 public:
  // `exe` stands for the main program, which the loader does not name.
  StackImporter(const Segment& segment, model::StackTable& table, std::string exe)
      : segment_(segment), table_(table), exe_(std::move(exe)) {}

  // The session's id of a node named by a record.
  model::StackId import(std::uint32_t node) {
    if (node < stacks_.size() && stacks_[node] != kUnknown) [[likely]] {
      return stacks_[node];
    }
    return import_slow(node);
  }

  // The same without importing anything: kNone unless the node was imported before.
  [[nodiscard]] model::StackId known(std::uint32_t node) const {
    return node < stacks_.size() && stacks_[node] != kUnknown ? stacks_[node] : model::kNone;
  }

  // Brings what import() and known() read into the cache. Any node will do.
  void prefetch(std::uint32_t node) const {
    if (node < stacks_.size()) model::prefetch_line(&stacks_[node]);
  }

  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }

 private:
  static constexpr std::uint32_t kUnknown = ~0U;

  struct Module {
    model::ModuleId id = model::kNone;
    std::uint64_t bias = 0;
    bool known = false;
  };

  model::StackId import_slow(std::uint32_t node);
  model::StackId import_one(std::uint32_t node, model::StackId parent);
  const Module& module(std::uint32_t index);

  const Segment& segment_;
  model::StackTable& table_;
  std::string exe_;
  std::vector<model::StackId> stacks_;  // by node; kUnknown: not imported yet
  std::vector<Module> modules_;         // by module index
  std::vector<std::uint32_t> chain_;    // scratch: nodes to import, innermost first
  std::uint64_t damaged_ = 0;
};

}  // namespace memwatch::intake
