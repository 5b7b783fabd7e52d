// Wide trees through all of a heap: a few blocks wait at first, then many, then few again. With any
// number of threads each tree is marked to its last leaf, and nothing else.
#include "collector/reachability/marker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

namespace memwatch::reachability {
namespace {

constexpr std::uint64_t kHeap = 0x555555560000, kSpacing = 32;
constexpr std::uint32_t kTrees = 3, kTreeBlocks = 50'000, kBlocks = kTrees * kTreeBlocks;
constexpr std::uint32_t kFirstLeaf = kTreeBlocks / 2;  // of nodes numbered by rows

// Binary trees whose nodes lie anywhere in the heap; a leaf points to the inside of its tree's
// root.
class Forest : public Memory {
 public:
  Forest() : places_(kBlocks), words_(kBlocks * kSpacing / 8) {
    std::iota(places_.begin(), places_.end(), 0U);
    std::shuffle(places_.begin(), places_.end(), std::mt19937(7));
    for (std::uint32_t tree = 0; tree < kTrees; ++tree) {
      for (std::uint32_t node = 0; node < kTreeBlocks; ++node) {
        std::uint64_t* const words = &words_[place(tree, node) * kSpacing / 8];
        for (std::uint32_t child = 1; child <= 2; ++child) {
          if (2 * node + child < kTreeBlocks) words[child - 1] = address(tree, 2 * node + child);
        }
        if (node >= kFirstLeaf) words[2] = address(tree, 0) + 8;
      }
    }
  }
  // The number of the node's block: blocks are numbered by their addresses.
  [[nodiscard]] std::uint32_t place(std::uint32_t tree, std::uint32_t node) const {
    return places_[tree * kTreeBlocks + node];
  }
  [[nodiscard]] std::uint64_t address(std::uint32_t tree, std::uint32_t node) const {
    return kHeap + place(tree, node) * kSpacing;
  }
  std::size_t read(std::uint64_t address, void* to, std::size_t size) override {
    std::memcpy(to, words_.data() + (address - kHeap) / 8, size);
    return size;
  }
  Range next_present(std::uint64_t start, std::uint64_t end) override { return {start, end}; }

 private:
  std::vector<std::uint32_t> places_;
  std::vector<std::uint64_t> words_;
};

TEST(MarkerTest, EachTreeIsMarkedAndNothingElse) {
  Forest forest;
  std::vector<Block> blocks;
  for (std::uint32_t i = 0; i < kBlocks; ++i) {
    blocks.push_back({kHeap + i * kSpacing, kSpacing - 8, 0, i});
  }
  for (const unsigned threads : {1U, 2U, 3U}) {
    Scan scan(blocks, forest, threads);
    scan.read_blocks();
    const InteriorIndex interior(scan);
    Marks marks(kBlocks);
    std::vector<Link> no_links;
    Marker marker(scan, interior, marks, no_links);
    for (std::uint32_t tree = 0; tree < kTrees; ++tree) {
      marker.mark(forest.place(tree, 0), kNoBlock);
      InteriorEdges open;
      marker.follow_starts(open);
      for (std::uint32_t other = 0; other < kTrees; ++other) {
        for (std::uint32_t node = 0; node < kTreeBlocks; ++node) {
          ASSERT_EQ(marks[forest.place(other, node)], other <= tree)
              << threads << " threads, tree " << other << ", node " << node;
        }
      }
      // Every leaf's pointer to the inside once.
      ASSERT_EQ(open.size(), kTreeBlocks - kFirstLeaf);
      std::vector<std::uint32_t> from;
      for (const InteriorEdge* edge : open) {
        ASSERT_EQ(edge->to, forest.place(tree, 0));
        from.push_back(edge->from);
      }
      std::sort(from.begin(), from.end());
      ASSERT_EQ(std::unique(from.begin(), from.end()), from.end());
    }
  }
}

}  // namespace
}  // namespace memwatch::reachability
