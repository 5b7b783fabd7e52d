// Written before the thresholds of collector/analysis/growth.cpp were tried on any program, and not
// chosen by at first; docs/leak-accuracy.md says what was seen of them when.
#include "tests/leak-corpus/world.h"

namespace memwatch::leak_corpus {
namespace {

void rate_falls(World& world) {
  for (Steps step(world); step.next();) {
    world.churn(1, 3);
    const double rate = world.elapsed() < 0.5 ? 0.6 : 0.45;
    if (world.chance(rate)) world.allocate(0, world.size(60, 240));
  }
}

void partly_cleaned(World& world) {
  const double spacing = world.between(0.06, 0.12);
  double next = spacing;
  std::vector<Block> held;
  for (Steps step(world); step.next();) {
    held.push_back(world.allocate(0, world.size(100, 300)));
    if (world.elapsed() < next) continue;
    next += spacing;
    // What came since the last time, less a half.
    for (auto i = static_cast<unsigned>(spacing * kSteps / 2); i > 0; --i) {
      world.release(held.back());
      held.pop_back();
    }
  }
}

void listeners(World& world) {
  const double spacing = 1 / world.between(25, 60);
  double next = 0;
  for (Steps step(world); step.next();) {
    world.churn(1, 4);
    if (world.elapsed() < next) continue;
    next += spacing;
    for (unsigned i = world.poisson(12); i > 0; --i) world.allocate(0, 120);
  }
}

void pool_chunks(World& world) {
  double used = 0;
  for (Steps step(world); step.next();) {
    world.churn(1, 2);
    used += world.between(0, 80);
    for (; used > 2048; used -= 2048) world.allocate(0, 2048);
  }
}

void idle_between(World& world) {
  double turn = 0;
  bool busy = false;
  for (Steps step(world); step.next();) {
    if (world.elapsed() > turn) {
      busy = !busy;
      turn = world.elapsed() + world.between(0.01, 0.05);
    }
    if (!busy) continue;
    world.churn(1, 4);
    if (world.chance(0.5)) world.allocate(0, world.size(50, 250));
  }
}

void two_sites(World& world) {
  Fifo cache(500);
  for (Steps step(world); step.next();) {
    cache.add(world, world.allocate(1, world.size(100, 4000)));
    if (world.chance(0.4)) world.allocate(0, world.size(20, 120));
    if (world.chance(0.03)) world.allocate(2, world.size(1000, 3000));
  }
}

void rotated_log(World& world) {
  const double spacing = 1 / world.between(5, 11);
  double next = spacing * world.between(0.3, 1);
  std::uint64_t size = 4096;
  Block log = world.allocate(0, size);
  for (Steps step(world); step.next();) {
    size += 100;
    if (world.elapsed() > next) {
      size = 4096;
      next += spacing;
    }
    log = world.reallocate(0, log, size);
  }
}

void idle_connections(World& world) {
  const double timeout = world.between(0.02, 0.08);
  Lives pool;
  double load = 2;
  for (Steps step(world); step.next();) {
    pool.end_due(world);
    load = std::min(4.0, std::max(0.5, load + world.between(-0.1, 0.1)));
    for (unsigned i = world.poisson(load); i > 0; --i) {
      pool.add(world.allocate(0, 4096), world.elapsed() + timeout * world.between(0.5, 1.5));
    }
  }
}

void lazy_tables(World& world) {
  std::vector<bool> made(300);
  const double often = world.between(1.5, 4);
  for (Steps step(world); step.next();) {
    world.churn(1, 3);
    for (unsigned i = world.poisson(often); i > 0; --i) {
      auto at = made.begin() + static_cast<std::ptrdiff_t>(world.size(0, 300));
      if (!*at) world.allocate(0, world.size(500, 5000));
      *at = true;
    }
  }
}

void two_phases(World& world) {
  const double turn = world.between(0.3, 0.7);
  Lives lives;
  for (Steps step(world); step.next();) {
    lives.end_due(world);
    const double load = world.elapsed() < turn ? 1 : 2.2;
    for (unsigned i = world.poisson(load); i > 0; --i) {
      lives.add(world.allocate(0, world.size(300, 3000)), world.elapsed() + world.lifetime(0.01));
    }
  }
}

void collected(World& world) {
  // Garbage is collected when there is twice as much as survived the last time.
  std::vector<Block> heap;
  std::size_t limit = 300;
  for (Steps step(world); step.next();) {
    for (int i = 0; i < 3; ++i) heap.push_back(world.allocate(0, world.size(30, 300)));
    if (heap.size() < limit) continue;
    std::size_t kept = 0;
    for (const Block block : heap) {
      if (world.chance(0.3)) {
        heap[kept++] = block;
      } else {
        world.release(block);
      }
    }
    heap.resize(kept);
    limit = std::max<std::size_t>(300, 2 * kept);
  }
}

void long_and_short(World& world) {
  Lives lives;
  for (Steps step(world); step.next();) {
    lives.end_due(world);
    for (unsigned i = world.poisson(3); i > 0; --i) {
      const double mean = world.chance(0.05) ? 0.08 : 0.003;
      lives.add(world.allocate(0, world.size(200, 2000)), world.elapsed() + world.lifetime(mean));
    }
  }
}

}  // namespace

const std::vector<Program>& held_out() {
  static const std::vector<Program> programs = {
      {"rate_falls", "leaks a quarter less after the middle", {0}, "leak", rate_falls},
      {"partly_cleaned", "now and then half of what came is freed", {0}, "leak", partly_cleaned},
      {"listeners", "registered at every reload", {0}, "leak", listeners},
      {"pool_chunks", "chunks of a pool whose objects are not returned", {0}, "leak", pool_chunks},
      {"idle_between", "busy and idle by turns", {0}, "leak", idle_between},
      {"two_sites",
       "a frequent small and a rare larger leak, beside a cache",
       {0, 2},
       "leak",
       two_sites},
      {"rotated_log", "one buffer that grows until it is rotated", {}, "stable", rotated_log},
      {"idle_connections",
       "connections kept until a timeout, load wanders",
       {},
       "stable",
       idle_connections},
      {"lazy_tables", "300 tables, each made when first needed", {}, "stable", lazy_tables},
      {"two_phases", "a second phase with twice the load", {}, "stable", two_phases},
      {"collected", "garbage collected when there is twice as much", {}, "stable", collected},
      {"long_and_short",
       "most blocks short-lived, some 25 times as long",
       {},
       "stable",
       long_and_short},
  };
  return programs;
}

}  // namespace memwatch::leak_corpus
