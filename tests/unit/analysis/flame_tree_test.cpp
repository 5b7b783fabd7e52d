// The flame graph's tree and the list of functions: folding changes the picture, never a sum.
#include "collector/analysis/flame_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "collector/analysis/functions.h"
#include "tests/unit/render/sample_sessions.h"

namespace memwatch::analysis {
namespace {

constexpr auto kPeak = static_cast<std::size_t>(Cost::peak);
constexpr auto kAllocated = static_cast<std::size_t>(Cost::allocated);

std::string name_of(const model::Session& session, const FlameNode& node) {
  if (node.folded > 0) return "(" + std::to_string(node.folded) + ")";
  return frame_name(frame_at(session, node.place.address, node.place.level));
}

// "main>load:60" in the tree's order, with the bytes at the peak.
std::vector<std::string> lines(const model::Session& session, const FlameTree& tree) {
  std::vector<std::string> result, path;
  for (std::size_t i = 1; i < tree.nodes.size(); ++i) {
    path.resize(tree.nodes[i].depth - 1);
    path.push_back(name_of(session, tree.nodes[i]));
    std::string line;
    for (const std::string& step : path) line += (line.empty() ? "" : ">") + step;
    result.push_back(line + ":" + std::to_string(tree.nodes[i].total[kPeak]));
  }
  return result;
}

void expect_exact_sums(const FlameTree& tree, const Costs& whole) {
  EXPECT_EQ(tree.nodes[0].total, whole);
  Costs own{};
  for (const FlameNode& node : tree.nodes) add(own, node.own);
  EXPECT_EQ(own, whole);
  std::vector<std::size_t> path = {0};
  std::vector<Costs> below(tree.nodes.size());
  for (std::size_t i = 1; i < tree.nodes.size(); ++i) {
    ASSERT_LE(tree.nodes[i].depth, path.size());
    path.resize(tree.nodes[i].depth);
    add(below[path.back()], tree.nodes[i].total);
    path.push_back(i);
  }
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    Costs sum = tree.nodes[i].own;
    add(sum, below[i]);
    EXPECT_EQ(sum, tree.nodes[i].total) << i;
  }
}

class Program {
 public:
  Program() : module_(builder_.module("/bin/app")) {}

  // Outermost first; "f@2" is line 2 of f, "g<f" is g inlined into f.
  void site(const std::vector<std::string>& names, std::uint64_t peak) {
    std::vector<model::CodeAddressId> stack;
    for (const std::string& name : names) stack.push_back(address(name));
    sites_.push_back({.stack = builder_.stack(stack),
                      .allocations = 1,
                      .allocated_bytes = peak,
                      .peak_bytes = peak});
  }

  const model::Session& session() { return builder_.session(); }
  StackCosts costs() { return sum_stacks(builder_.session(), sites_); }
  FlameTree tree(const FlameOptions& options = {}) {
    CodeFunctions functions(builder_.session());
    return make_flame_tree(costs(), functions, options);
  }
  std::vector<model::Site>& sites() { return sites_; }

 private:
  model::CodeAddressId address(const std::string& name) {
    const auto [entry, is_new] = addresses_.try_emplace(name, 0);
    if (!is_new) return entry->second;
    std::vector<model::SourceFrame> frames;
    std::string rest = name;
    while (true) {
      const std::size_t into = rest.find('<');
      const std::string one = rest.substr(0, into);
      const std::size_t at = one.find('@');
      const auto line =
          at == std::string::npos ? 1U : static_cast<std::uint32_t>(std::stoul(one.substr(at + 1)));
      const std::string function = one.substr(0, at);
      frames.push_back({function == "?" ? "" : function, "a.cpp", line, into != std::string::npos});
      if (into == std::string::npos) break;
      rest = rest.substr(into + 1);
    }
    return entry->second = builder_.address(module_, 0x1000 + addresses_.size(), frames);
  }

  testing::SessionBuilder builder_;
  model::ModuleId module_;
  std::map<std::string, model::CodeAddressId> addresses_;
  std::vector<model::Site> sites_;
};

TEST(FlameTree, StacksAreMergedByFunctionWhateverTheLine) {
  Program program;
  program.site({"main@1", "load@10"}, 40);
  program.site({"main@2", "load@10"}, 60);
  program.site({"main@2", "serve"}, 5);
  const FlameTree tree = program.tree();
  EXPECT_EQ(lines(program.session(), tree),
            (std::vector<std::string>{"main:105", "main>load:100", "main>serve:5"}));
  EXPECT_TRUE(tree.nodes[1].several);
  EXPECT_FALSE(tree.nodes[2].several);
  const Frame main = frame_at(program.session(), tree.nodes[1].place.address, 0);
  EXPECT_EQ(main.line, 2U) << "the line where most comes from";
  EXPECT_EQ(tree.folded, 0U);
}

TEST(FlameTree, InlinedFunctionsAreFramesOfTheirOwn) {
  Program program;
  program.site({"main", "grow<push<fill"}, 10);
  program.site({"main", "fill"}, 1);
  EXPECT_EQ(lines(program.session(), program.tree()),
            (std::vector<std::string>{"main:11", "main>fill:11", "main>fill>push:10",
                                      "main>fill>push>grow:10"}));
}

TEST(FlameTree, CodeWithoutANameIsMergedByOffsetAlone) {
  Program program;
  program.site({"main", "?@1"}, 10);
  program.site({"main", "?@2"}, 20);
  EXPECT_EQ(lines(program.session(), program.tree()),
            (std::vector<std::string>{"main:30", "main>app+0x1002:10", "main>app+0x1003:20"}));
}

TEST(FlameTree, SmallFramesAreFoldedIntoOneThatSaysHowMany) {
  Program program;
  program.site({"main", "big", "below"}, 9'980);
  program.site({"main", "a", "x"}, 9);
  program.site({"main", "a", "y"}, 0);
  program.site({"main", "b"}, 5);
  program.site({"main", "c"}, 6);
  for (model::Site& site : program.sites()) site.allocations = 0;
  const FlameTree tree = program.tree();
  EXPECT_EQ(lines(program.session(), tree),
            (std::vector<std::string>{"main:10000", "main>(3):20", "main>big:9980",
                                      "main>big>below:9980"}));
  EXPECT_EQ(tree.folded, 3U);
  EXPECT_FALSE(tree.crowded);
  expect_exact_sums(tree, program.costs()[0].total);
}

TEST(FlameTree, AFrameThatMattersForAnyCostIsKept) {
  Program program;
  program.site({"main", "big"}, 1'000'000);
  program.site({"main", "often"}, 1);
  program.sites()[1].allocations = 50;
  EXPECT_EQ(lines(program.session(), program.tree()).size(), 3U);
}

TEST(FlameTree, StacksOfUnknownCodeAreKeptInTheSum) {
  Program program;
  program.site({"main"}, 10);
  program.sites().push_back({.stack = model::kNone, .allocated_bytes = 5, .peak_bytes = 5});
  program.sites().push_back({.stack = 4'000'000, .allocated_bytes = 7, .peak_bytes = 7});
  const FlameTree tree = program.tree();
  EXPECT_EQ(tree.nodes[0].total[kPeak], 22U);
  expect_exact_sums(tree, program.costs()[0].total);
}

TEST(FlameTree, NothingAtAllIsARoot) {
  const model::Session session;
  CodeFunctions functions(session);
  const FlameTree tree =
      make_flame_tree(sum_stacks(session, std::span<const StackShare>()), functions);
  EXPECT_EQ(tree.nodes.size(), 1U);
  EXPECT_EQ(tree.nodes[0].total, Costs{});
}

// Random call trees with recursion and inlining, and many limits: no byte may be lost or doubled.
TEST(FlameTree, SumsAreExactHoweverMuchIsFolded) {
  std::mt19937 random(20'240'501);  // NOLINT(cert-msc32-c,cert-msc51-cpp): repeatable
  const auto below = [&](std::size_t limit) { return random() % limit; };
  for (int round = 0; round < 20; ++round) {
    Program program;
    for (int i = 0; i < 300; ++i) {
      std::vector<std::string> stack = {"main"};
      for (std::size_t depth = below(12); depth > 0; --depth) {
        std::string name = "f" + std::to_string(below(8));
        if (below(4) == 0) name += "<g" + std::to_string(below(3));
        stack.push_back(name);
      }
      program.site(stack, below(4) == 0 ? below(100'000) : below(100));
    }
    const StackCosts costs = program.costs();
    for (const std::size_t most : {2U, 3U, 10U, 50U, 400U, 100'000U}) {
      for (const double least : {0.0, 0.001, 0.05, 2.0}) {
        CodeFunctions functions(program.session());
        const FlameTree tree =
            make_flame_tree(costs, functions, {.least_share = least, .most_nodes = most});
        EXPECT_LE(tree.nodes.size() - 1, most);
        expect_exact_sums(tree, costs[0].total);
        for (const FlameNode& node : tree.nodes) {
          if (node.folded > 0 || node.depth == 0) continue;
          double share = 0;
          for (std::size_t i = 0; i < kCosts; ++i) {
            if (costs[0].total[i] == 0) continue;
            share = std::max(
                share, static_cast<double>(node.total[i]) / static_cast<double>(costs[0].total[i]));
          }
          EXPECT_GE(share, least);
        }
      }
    }
  }
}

TEST(Functions, OwnAndTotalCostsCountEachStackOnce) {
  Program program;
  program.site({"main", "f", "g", "f"}, 10);
  program.site({"main", "g"}, 3);
  program.site({"main", "f", "in<g"}, 1);
  CodeFunctions functions(program.session());
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> costs;
  for (const FunctionRow& row : list_functions(program.costs(), functions)) {
    costs[frame_name(frame_at(program.session(), row.place.address, row.place.level))] = {
        row.own[kPeak], row.total[kPeak]};
  }
  using Pair = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(costs["main"], (Pair{0, 14}));
  EXPECT_EQ(costs["f"], (Pair{10, 11})) << "it calls itself in one stack, which counts once";
  EXPECT_EQ(costs["g"], (Pair{3, 14}));
  EXPECT_EQ(costs["in"], (Pair{1, 1}));
  std::uint64_t own = 0;
  for (const auto& [name, pair] : costs) own += pair.first;
  EXPECT_EQ(own, 14U);
}

TEST(Functions, ASessionWithAParentThatDoesNotComeFirstEndsItsStackThere) {
  Program program;
  program.site({"main", "f"}, 10);
  model::Session damaged = program.session();
  damaged.stacks[1].parent = 2;  // its own child
  const StackCosts costs = sum_stacks(damaged, program.sites());
  EXPECT_EQ(costs[0].total[kAllocated], 10U);
}

}  // namespace
}  // namespace memwatch::analysis
