#include "tests/leak-corpus/virtual_world.h"

namespace memwatch::leak_corpus {
namespace {

constexpr std::uint64_t kInterval = 512U << 10, kSampledTimes = 1024;

class VirtualWorld : public World {
 public:
  VirtualWorld(std::uint64_t seed, const VirtualRun& run)
      : World(seed), run_(run), process_(~0ULL), draws_(seed + 1) {
    process_.facts.mode = run.sampled ? model::Mode::sample : model::Mode::exact;
    thread_ = process_.thread_row(1, "main");
    process_.end_epoch(0);
  }

  Block allocate(unsigned site, std::uint64_t size) override {
    const Block block = next_ += 16;
    come(site, block, size, false);
    return block;
  }

  Block reallocate(unsigned site, Block old, std::uint64_t size) override {
    if (old == 0) return allocate(site, size);
    const Block block = next_ += 16;
    if (run_.sampled) {
      process_.moved_away(old);
      come(site, block, size, true);
    } else {
      const auto gone = process_.release_for_reallocation(old);
      process_.reallocated(gone, Function::realloc_, block, size, context(site));
    }
    return block;
  }

  void release(Block block) override {
    if (run_.sampled && !drawn_.erase(block)) return;
    process_.freed(Function::free_, block, context(0));
  }

  void wait(double share) override {
    elapsed_ += share;
    const double now = elapsed_ * run_.seconds;
    constexpr double kLook = 0.01;
    for (; looked_ + kLook <= now; looked_ += kLook) {
      if (process_.is_epoch_due(looked_)) process_.end_epoch(looked_);
    }
    if (now < next_sample_) return;
    next_sample_ = now + run_.seconds / 1000;
    model::TimelineSample sample;
    sample.at = now;
    sample.live_bytes = process_.facts.heap.live_bytes;
    process_.facts.timeline.push_back(sample);
  }

  model::Process take() {
    process_.facts.duration = elapsed_ * run_.seconds;
    process_.settle();
    return std::move(process_.facts);
  }

 private:
  [[nodiscard]] model::EventContext context(unsigned site) const {
    return {site + 1, thread_, elapsed_ * run_.seconds};
  }
  void come(unsigned site, Block block, std::uint64_t size, bool moved) {
    if (!run_.sampled) {
      process_.allocated(Function::malloc_, block, size, context(site));
      return;
    }
    size *= kSampledTimes;
    const double p = -std::expm1(-(static_cast<double>(size) + 1) / static_cast<double>(kInterval));
    const bool certain = size >= 4 * kInterval;
    if (!certain && std::uniform_real_distribution<double>(0, 1)(draws_) >= p) return;
    drawn_[block] = true;
    process_.sampled(Function::malloc_, block, size, certain ? 0 : kInterval, moved, context(site));
  }

  VirtualRun run_;
  model::LiveProcess process_;
  std::uint32_t thread_ = 0;
  Block next_ = 0x1000;
  double looked_ = 0, next_sample_ = 0;
  std::mt19937_64 draws_;
  std::unordered_map<Block, bool> drawn_;
};

}  // namespace

model::Process play(const Program& program, std::uint64_t seed, const VirtualRun& run) {
  VirtualWorld world(seed, run);
  program.run(world);
  return world.take();
}

}  // namespace memwatch::leak_corpus
