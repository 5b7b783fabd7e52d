#include "collector/analysis/functions.h"

#include <algorithm>

namespace memwatch::analysis {
namespace {

struct Tally {
  FunctionRow row;
  std::uint32_t open = 0;  // how often it is on the path from the root to where the walk is
  std::uint64_t heaviest = 0;
};

class Walk {
 public:
  Walk(const StackCosts& stacks, CodeFunctions& functions)
      : stacks_(stacks), functions_(functions) {}

  void run() {
    std::uint32_t node = stacks_.front().first_child;
    while (node != 0) {
      enter(node);
      if (stacks_[node].first_child != 0) {
        node = stacks_[node].first_child;
        continue;
      }
      leave(node);
      while (node != 0 && stacks_[node].next_sibling == 0) {
        node = stacks_[node].parent;
        if (node != 0) leave(node);
      }
      if (node != 0) node = stacks_[node].next_sibling;
    }
  }

  std::vector<FunctionRow> rows() && {
    std::vector<FunctionRow> rows;
    for (Tally& tally : tallies_) {
      if (tally.row.total != Costs{}) rows.push_back(tally.row);
    }
    return rows;
  }

 private:
  void enter(std::uint32_t node) {
    constexpr auto kWeight = static_cast<std::size_t>(Cost::allocated);
    const Costs& total = stacks_[node].total;
    for (const FunctionAtAddress& place : functions_.at(stacks_[node].address)) {
      if (place.function >= tallies_.size()) {
        tallies_.resize(std::max<std::size_t>(place.function + 1, functions_.count()));
      }
      Tally& tally = tallies_[place.function];
      if (tally.open++ == 0) add(tally.row.total, total);
      if (tally.row.place.address == model::kNone || total[kWeight] > tally.heaviest) {
        tally.heaviest = total[kWeight];
        tally.row.place = place;
      }
    }
    // Its own is what it has beyond its callees, and belongs to the innermost function here.
    Costs own = total;
    for (std::uint32_t child = stacks_[node].first_child; child != 0;
         child = stacks_[child].next_sibling) {
      for (std::size_t i = 0; i < kCosts; ++i) own[i] -= stacks_[child].total[i];
    }
    add(tallies_[functions_.at(stacks_[node].address).back().function].row.own, own);
  }

  void leave(std::uint32_t node) {
    for (const FunctionAtAddress& place : functions_.at(stacks_[node].address)) {
      --tallies_[place.function].open;
    }
  }

  const StackCosts& stacks_;
  CodeFunctions& functions_;
  std::vector<Tally> tallies_;  // by function
};

}  // namespace

std::vector<FunctionRow> list_functions(const StackCosts& stacks, CodeFunctions& functions) {
  Walk walk(stacks, functions);
  walk.run();
  return std::move(walk).rows();
}

}  // namespace memwatch::analysis
