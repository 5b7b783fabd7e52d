// What a program of the corpus can do: allocate at numbered sites, and let time pass. The same
// program runs in virtual time and for real. One thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace memwatch::leak_corpus {

using Block = std::uint64_t;  // 0: none

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {}
  virtual ~World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  virtual Block allocate(unsigned site, std::uint64_t size) = 0;
  virtual Block reallocate(unsigned site, Block old, std::uint64_t size) = 0;
  virtual void release(Block block) = 0;
  // The run is as long as 1.
  virtual void wait(double share) = 0;
  [[nodiscard]] double elapsed() const { return elapsed_; }

  double between(double least, double most) {
    return std::uniform_real_distribution<double>(least, most)(random_);
  }
  std::uint64_t size(double least, double most) {
    return static_cast<std::uint64_t>(between(least, most));
  }
  bool chance(double probability) { return between(0, 1) < probability; }
  unsigned poisson(double mean) {
    return mean > 0 ? std::poisson_distribution<unsigned>(mean)(random_) : 0;
  }
  double lifetime(double mean) { return std::exponential_distribution<double>(1 / mean)(random_); }
  // A request's own blocks, gone at its end.
  void churn(unsigned site, unsigned blocks) {
    std::vector<Block> own;
    for (unsigned i = 0; i < blocks; ++i) own.push_back(allocate(site, size(16, 2000)));
    for (const Block block : own) release(block);
  }

 protected:
  double elapsed_ = 0;

 private:
  std::mt19937_64 random_;
};

inline constexpr unsigned kSteps = 2000;  // of a run

// for (Steps step(world); step.next();) … : the whole run in equal steps.
class Steps {
 public:
  explicit Steps(World& world) : world_(world) {}
  bool next() {
    if (done_++ > 0) world_.wait(1.0 / kSteps);
    return done_ <= kSteps;
  }

 private:
  World& world_;
  unsigned done_ = 0;
};

inline constexpr unsigned kSites = 8;

struct Program {
  const char* name;
  const char* what;
  std::vector<unsigned> growing;  // sites
  const char* pattern;            // of the process, as the report names it; "-": either is right
  void (*run)(World&);
  std::vector<unsigned> unlabelled = {};  // grow in steps so few that either answer is right
};

const std::vector<Program>& leaks();
const std::vector<Program>& no_leaks();
const std::vector<Program>& held_out();

// Blocks that are released at a time of their own.
class Lives {
 public:
  void add(Block block, double until) { blocks_.push_back({block, until}); }
  void end_due(World& world) {
    for (std::size_t i = 0; i < blocks_.size();) {
      if (blocks_[i].until > world.elapsed()) {
        ++i;
        continue;
      }
      world.release(blocks_[i].block);
      blocks_[i] = blocks_.back();
      blocks_.pop_back();
    }
  }
  void end_all(World& world) {
    for (const Life& life : blocks_) world.release(life.block);
    blocks_.clear();
  }

 private:
  struct Life {
    Block block;
    double until;
  };
  std::vector<Life> blocks_;
};

// Keeps at most `entries`, the oldest goes first.
class Fifo {
 public:
  explicit Fifo(std::size_t entries) : slots_(entries) {}
  void add(World& world, Block block) {
    Block& slot = slots_[next_++ % slots_.size()];
    if (slot != 0) world.release(slot);
    slot = block;
  }

 private:
  std::vector<Block> slots_;
  std::size_t next_ = 0;
};

}  // namespace memwatch::leak_corpus
