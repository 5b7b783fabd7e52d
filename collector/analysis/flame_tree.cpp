#include "collector/analysis/flame_tree.h"

#include <algorithm>
#include <queue>

namespace memwatch::analysis {
namespace {

// A stack node at one of the functions of its address: index 0 is the outermost of them.
struct Item {
  std::uint32_t stack = 0;
  std::uint32_t index = 0;
};

// A frame of the merged tree: kept, or waiting for the decision.
struct Merged {
  std::uint32_t parent = 0;
  std::uint32_t children = 0;  // that are waiting
  double share = 0;
  bool kept = false;
  bool several = false;
  FunctionAtAddress place;
  Costs total{}, own{};
  std::vector<Item> items;
};

class Merger {
 public:
  Merger(const StackCosts& stacks, CodeFunctions& functions, const FlameOptions& options)
      : stacks_(stacks), functions_(functions), options_(options) {}

  // Takes the largest frame that waits, again and again, and lets its callees wait in its place.
  FlameTree run() {
    Merged root;
    root.total = root.own = stacks_.front().total;
    root.kept = true;
    frames_.push_back(root);
    collect(0);
    wait(0);
    const auto smaller = [this](std::uint32_t a, std::uint32_t b) {
      if (frames_[a].share != frames_[b].share) return frames_[a].share < frames_[b].share;
      return a > b;  // the same session always gives the same tree
    };
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, decltype(smaller)> waiting(
        smaller);
    for (std::uint32_t i = 1; i < frames_.size(); ++i) waiting.push(i);
    while (!waiting.empty()) {
      const std::uint32_t next = waiting.top();
      if (frames_[next].share < options_.least_share) break;
      // Keeping it may add itself and a node for its own small frames.
      if (kept_ + folding_ + 2 > options_.most_nodes) {
        crowded_ = true;
        break;
      }
      waiting.pop();
      keep(next);
      const std::size_t before = frames_.size();
      collect(next);
      wait(next);
      for (std::size_t i = before; i < frames_.size(); ++i) {
        waiting.push(static_cast<std::uint32_t>(i));
      }
    }
    return in_depth_order();
  }

 private:
  void keep(std::uint32_t id) {
    Merged& frame = frames_[id];
    frame.kept = true;
    ++kept_;
    Merged& parent = frames_[frame.parent];
    if (--parent.children == 0) --folding_;
  }

  void wait(std::uint32_t id) {
    if (frames_[id].children > 0) ++folding_;
  }

  void gather(std::uint32_t stack, std::uint32_t index) {
    const std::span<const FunctionAtAddress> places = functions_.at(stacks_[stack].address);
    found_.push_back({places[index], {stack, index}});
  }

  // Appends the callees of a frame, merged by function.
  void collect(std::uint32_t id) {
    found_.clear();
    if (id == 0) {
      gather_children(0);
    } else {
      for (const Item item : frames_[id].items) {
        if (item.index + 1 < functions_.at(stacks_[item.stack].address).size()) {
          gather(item.stack, item.index + 1);
        } else {
          gather_children(item.stack);
        }
      }
    }
    frames_[id].items = {};
    std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
      if (a.place.function != b.place.function) return a.place.function < b.place.function;
      if (a.item.stack != b.item.stack) return a.item.stack < b.item.stack;
      return a.item.index < b.item.index;
    });
    for (auto first = found_.begin(); first != found_.end();) {
      const auto last = std::find_if(first, found_.end(), [&](const Found& found) {
        return found.place.function != first->place.function;
      });
      append(id, {first, last});
      first = last;
    }
  }

  void gather_children(std::uint32_t stack) {
    for (std::uint32_t child = stacks_[stack].first_child; child != 0;
         child = stacks_[child].next_sibling) {
      gather(child, 0);
    }
  }

  struct Found {
    FunctionAtAddress place;
    Item item;
  };

  void append(std::uint32_t parent, std::span<const Found> group) {
    constexpr auto kWeight = static_cast<std::size_t>(Cost::allocated);
    Merged frame;
    frame.parent = parent;
    std::uint64_t heaviest = 0;
    for (const Found& found : group) {
      const Costs& costs = stacks_[found.item.stack].total;
      add(frame.total, costs);
      frame.items.push_back(found.item);
      if (frame.items.size() == 1 || costs[kWeight] > heaviest) {
        heaviest = costs[kWeight];
        frame.place = found.place;
      }
    }
    frame.several = std::any_of(group.begin(), group.end(), [&](const Found& found) {
      return found.place.address != frame.place.address || found.place.level != frame.place.level;
    });
    frame.own = frame.total;
    for (std::size_t i = 0; i < kCosts; ++i) {
      const std::uint64_t whole = frames_.front().total[i];
      frames_[parent].own[i] -= frame.total[i];
      if (whole == 0) continue;
      frame.share =
          std::max(frame.share, static_cast<double>(frame.total[i]) / static_cast<double>(whole));
    }
    ++frames_[parent].children;
    frames_.push_back(std::move(frame));
  }

  FlameTree in_depth_order() {
    std::vector<std::vector<std::uint32_t>> kept(frames_.size());
    std::vector<Costs> small(frames_.size());
    for (std::uint32_t i = 1; i < frames_.size(); ++i) {
      if (!frames_[frames_[i].parent].kept) continue;
      if (frames_[i].kept) {
        kept[frames_[i].parent].push_back(i);
      } else {
        add(small[frames_[i].parent], frames_[i].total);
      }
    }
    FlameTree tree;
    tree.crowded = crowded_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> open = {{0, 0}};  // frame, depth
    while (!open.empty()) {
      const auto [id, depth] = open.back();
      open.pop_back();
      const Merged& frame = frames_[id];
      tree.nodes.push_back({.depth = depth,
                            .place = frame.place,
                            .several = frame.several,
                            .folded = 0,
                            .total = frame.total,
                            .own = frame.own});
      if (frame.children > 0) {
        tree.folded += frame.children;
        tree.nodes.push_back({.depth = depth + 1,
                              .place = {},
                              .several = false,
                              .folded = frame.children,
                              .total = small[id],
                              .own = small[id]});
      }
      for (auto child = kept[id].rbegin(); child != kept[id].rend(); ++child) {
        open.emplace_back(*child, depth + 1);
      }
    }
    return tree;
  }

  const StackCosts& stacks_;
  CodeFunctions& functions_;
  FlameOptions options_;
  std::vector<Merged> frames_;
  std::vector<Found> found_;
  std::size_t kept_ = 0;     // frames, the root not
  std::size_t folding_ = 0;  // kept frames with callees that wait
  bool crowded_ = false;
};

}  // namespace

FlameTree make_flame_tree(const StackCosts& stacks, CodeFunctions& functions,
                          const FlameOptions& options) {
  return Merger(stacks, functions, options).run();
}

}  // namespace memwatch::analysis
