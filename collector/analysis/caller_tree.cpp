#include "collector/analysis/caller_tree.h"

#include <algorithm>
#include <span>

namespace memwatch::analysis {
namespace {

// A stack on its way outwards.
struct Passenger {
  model::StackId node;
  std::uint64_t bytes;
};

class TreeMaker {
 public:
  TreeMaker(const model::Session& session, std::uint64_t threshold)
      : session_(session), threshold_(threshold) {}

  // Sorts the passengers into callers, one level; moves on those of large ones.
  void add_callers(CallerNode& node, std::span<Passenger> passengers, std::size_t depth) const {
    if (depth == 0) return;
    std::sort(passengers.begin(), passengers.end(), [this](const Passenger& a, const Passenger& b) {
      return address_of(a) < address_of(b);
    });
    for (std::size_t begin = 0, end = 0; begin < passengers.size(); begin = end) {
      const model::CodeAddressId address = address_of(passengers[begin]);
      std::uint64_t bytes = 0;
      for (; end < passengers.size() && address_of(passengers[end]) == address; ++end) {
        bytes += passengers[end].bytes;
      }
      if (address == model::kNone) continue;  // the outermost frame was the one before
      if (bytes < threshold_) {
        node.small_bytes += bytes;
        ++node.small_count;
        continue;
      }
      CallerNode& caller = node.callers.emplace_back();
      caller.address = address;
      caller.bytes = bytes;
      const std::span<Passenger> group = passengers.subspan(begin, end - begin);
      for (Passenger& passenger : group) passenger.node = parent_of(passenger.node);
      add_callers(caller, group, depth - 1);
    }
    std::stable_sort(node.callers.begin(), node.callers.end(),
                     [](const CallerNode& a, const CallerNode& b) { return a.bytes > b.bytes; });
  }

 private:
  [[nodiscard]] model::CodeAddressId address_of(const Passenger& passenger) const {
    const model::StackId node = passenger.node;
    return node < session_.stacks.size() ? session_.stacks[node].address : model::kNone;
  }
  [[nodiscard]] model::StackId parent_of(model::StackId node) const {
    const model::StackId parent = session_.stacks[node].parent;
    return parent < node ? parent : model::kNone;
  }

  const model::Session& session_;
  std::uint64_t threshold_;
};

}  // namespace

CallerTree make_caller_tree(const Selection& selection, const model::Process& process, Cost cost,
                            double threshold_share, std::size_t depth) {
  CallerTree tree;
  std::vector<Passenger> passengers;
  for (const model::Site& site : process.sites) {
    const std::uint64_t bytes = cost_of(site, cost);
    if (bytes == 0) continue;
    tree.root.bytes += bytes;
    if (selection.includes(site.stack)) {
      passengers.push_back({site.stack, bytes});
    } else {
      tree.unselected_bytes += bytes;
      ++tree.unselected_stacks;
    }
  }
  const auto threshold =
      static_cast<std::uint64_t>(static_cast<double>(tree.root.bytes) * threshold_share);
  TreeMaker(selection.session(), std::max<std::uint64_t>(threshold, 1))
      .add_callers(tree.root, passengers, depth);
  return tree;
}

}  // namespace memwatch::analysis
