#include "tests/leak-corpus/world.h"

namespace memwatch::leak_corpus {
namespace {

void cache_fills(World& world) {
  const double full = world.between(0.2, 0.5);
  Fifo cache(static_cast<std::size_t>(full * kSteps * 3));
  for (Steps step(world); step.next();) {
    for (int i = 0; i < 3; ++i) cache.add(world, world.allocate(0, world.size(200, 800)));
  }
}

void random_keys(World& world) {
  std::vector<Block> entries(static_cast<std::size_t>(2 * kSteps * world.between(0.05, 0.2)));
  for (Steps step(world); step.next();) {
    for (int i = 0; i < 2; ++i) {
      Block& entry = entries[world.size(0, static_cast<double>(entries.size()))];
      if (entry == 0) entry = world.allocate(0, world.size(300, 500));
    }
    world.churn(1, 2);
  }
}

void warm_up(World& world) {
  const double warm = world.between(0.05, 0.25);
  for (Steps step(world); step.next();) {
    world.churn(1, 5);
    if (world.elapsed() < warm) world.allocate(0, world.size(100, 1000));
  }
}

void sawtooth(World& world) {
  const double period = 1 / world.between(3, 12);
  double next = period * world.between(0.2, 1);
  Lives held;
  for (Steps step(world); step.next();) {
    held.add(world.allocate(0, world.size(100, 1000)), 2);
    if (world.elapsed() < next) continue;
    held.end_all(world);
    next += period;
  }
}

void pool(World& world) {
  // Objects come from a free list; it grows when more are out than ever before.
  std::vector<double> out;
  std::size_t most = 0;
  for (Steps step(world); step.next();) {
    std::erase_if(out, [&](double until) { return until <= world.elapsed(); });
    for (unsigned i = world.poisson(2); i > 0; --i) {
      out.push_back(world.elapsed() + world.lifetime(0.02));
    }
    for (; most < out.size(); ++most) world.allocate(0, 2048);
    world.churn(1, 2);
  }
}

void waves(World& world) {
  const double periods = world.between(2.5, 8), phase = world.between(0, 6.28);
  Lives sessions;
  for (Steps step(world); step.next();) {
    sessions.end_due(world);
    const double load = 3 + 2.5 * std::sin(phase + 6.283 * periods * world.elapsed());
    for (unsigned i = world.poisson(load); i > 0; --i) {
      sessions.add(world.allocate(0, world.size(500, 1500)),
                   world.elapsed() + world.lifetime(0.02));
    }
  }
}

void batch_jobs(World& world) {
  double left = 0;
  Lives job;
  for (Steps step(world); step.next();) {
    if (world.elapsed() > left) {
      job.end_all(world);
      left = world.elapsed() + world.between(0.03, 0.2);
    }
    for (int i = 0; i < 3; ++i) job.add(world.allocate(0, world.size(50, 2000)), 2);
  }
}

void lru_churn(World& world) {
  Fifo cache(static_cast<std::size_t>(world.between(100, 800)));
  for (Steps step(world); step.next();) {
    for (int i = 0; i < 4; ++i) cache.add(world, world.allocate(0, world.size(10, 20000)));
  }
}

void one_time_init(World& world) {
  const double second = world.between(0.25, 0.95);
  bool first_done = false, second_done = false;
  for (Steps step(world); step.next();) {
    world.churn(1, 6);
    if (!first_done) {
      for (int i = 0; i < 500; ++i) world.allocate(0, world.size(50, 500));
      first_done = true;
    }
    if (!second_done && world.elapsed() > second) {
      for (int i = 0; i < 500; ++i) world.allocate(2, world.size(50, 500));
      second_done = true;
    }
  }
}

void grows_then_shrinks(World& world) {
  std::vector<Block> held;
  double turn = world.between(0.1, 0.25);
  bool growing = true;
  for (Steps step(world); step.next();) {
    if (world.elapsed() > turn) {
      growing = !growing;
      turn = world.elapsed() + world.between(0.1, 0.25);
    }
    for (int i = 0; i < 3; ++i) {
      if (growing) {
        held.push_back(world.allocate(0, world.size(100, 1000)));
      } else if (!held.empty()) {
        world.release(held.back());
        held.pop_back();
      }
    }
  }
}

void buffer_doubles(World& world) {
  std::uint64_t size = 1 << 18;
  Block buffer = world.allocate(0, size);
  const double first = world.between(0.25, 0.5), second = world.between(0.5, 0.9);
  for (Steps step(world); step.next();) {
    world.churn(1, 6);
    const double now = world.elapsed();
    const std::uint64_t wanted = (1 << 18) * (now > second ? 4U : now > first ? 2U : 1U);
    if (wanted == size) continue;
    size = wanted;
    buffer = world.reallocate(0, buffer, size);
  }
}

void sessions(World& world) {
  const double mean = world.between(0.01, 0.06), load = world.between(0.5, 4);
  Lives lives;
  for (Steps step(world); step.next();) {
    lives.end_due(world);
    for (unsigned i = world.poisson(load); i > 0; --i) {
      lives.add(world.allocate(0, world.size(200, 3000)), world.elapsed() + world.lifetime(mean));
    }
  }
}

void random_eviction(World& world) {
  std::vector<Block> slots(static_cast<std::size_t>(world.between(100, 500)));
  for (Steps step(world); step.next();) {
    for (int i = 0; i < 3; ++i) {
      Block& slot = slots[world.size(0, static_cast<double>(slots.size()))];
      if (slot != 0) world.release(slot);
      slot = world.allocate(0, world.size(100, 5000));
    }
  }
}

void reloads(World& world) {
  const double spacing = world.between(0.03, 0.15);
  double next = 0;
  Lives old;
  for (Steps step(world); step.next();) {
    world.churn(1, 4);
    if (world.elapsed() < next) continue;
    next = world.elapsed() + spacing;
    Lives fresh;
    for (unsigned i = world.poisson(200); i > 0; --i)
      fresh.add(world.allocate(0, world.size(50, 500)), 2);
    old.end_all(world);
    old = fresh;
  }
}

void entries_expire(World& world) {
  const double after = world.between(0.03, 0.15);
  Lives entries;
  for (Steps step(world); step.next();) {
    entries.end_due(world);
    for (unsigned i = world.poisson(2); i > 0; --i) {
      entries.add(world.allocate(0, world.size(200, 2000)), world.elapsed() + after);
    }
  }
}

void late_cache(World& world) {
  const double from = world.between(0.3, 0.6);
  Fifo cache(static_cast<std::size_t>(world.between(0.08, 0.15) * kSteps * 3));
  for (Steps step(world); step.next();) {
    world.churn(1, 2);
    if (world.elapsed() < from) continue;
    for (int i = 0; i < 3; ++i) cache.add(world, world.allocate(0, world.size(200, 800)));
  }
}

void spike(World& world) {
  const double from = world.between(0.3, 0.7);
  Lives peak;
  for (Steps step(world); step.next();) {
    world.churn(1, 4);
    if (world.elapsed() > from && world.elapsed() < from + 0.05) {
      for (int i = 0; i < 10; ++i) peak.add(world.allocate(0, world.size(2000, 10000)), 2);
    } else {
      peak.end_all(world);
    }
  }
}

void backlog(World& world) {
  const double from = world.between(0.25, 0.55), until = from + world.between(0.1, 0.25);
  std::vector<Block> queue;
  for (Steps step(world); step.next();) {
    const double now = world.elapsed();
    queue.push_back(world.allocate(0, world.size(200, 1000)));
    const unsigned served = now > from && now < until ? (world.chance(0.3) ? 1 : 0) : 3;
    for (unsigned i = 0; i < served && !queue.empty(); ++i) {
      world.release(queue.back());
      queue.pop_back();
    }
  }
}

}  // namespace

const std::vector<Program>& no_leaks() {
  static const std::vector<Program> programs = {
      {"cache_fills",
       "fills steadily until it is full, then turns over",
       {},
       "stable",
       cache_fills},
      {"random_keys", "a table of all keys, fewer and fewer are new", {}, "stable", random_keys},
      {"warm_up", "everything that is kept comes at the start", {}, "stable", warm_up},
      {"sawtooth", "kept, and freed all at once, again and again", {}, "stable", sawtooth},
      {"pool", "a pool that grows to the most that was ever out", {}, "stable", pool},
      {"waves", "load in waves", {}, "stable", waves},
      {"batch_jobs", "jobs of different sizes, freed at their end", {}, "stable", batch_jobs},
      {"lru_churn", "a full cache with entries of 10 B to 20 KB", {}, "stable", lru_churn},
      {"one_time_init",
       "at the start, and a second part at some time",
       {},
       "stable",
       one_time_init},
      {"grows_then_shrinks", "phases of growth and of shrinking", {}, "stable", grows_then_shrinks},
      {"buffer_doubles", "one buffer that doubles twice", {}, "stable", buffer_doubles},
      {"sessions", "sessions that come and go at random", {}, "stable", sessions},
      {"random_eviction", "a full cache that evicts at random", {}, "stable", random_eviction},
      {"reloads", "a configuration that is read again, the old one freed", {}, "stable", reloads},
      {"entries_expire", "entries that live for a fixed time", {}, "stable", entries_expire},
      {"late_cache",
       "a cache that is first used in the middle of the run",
       {},
       "stable",
       late_cache},
      {"spike", "much at once, soon freed", {}, "spike", spike},
      {"backlog", "a queue that gets long and is worked off", {}, "-", backlog},
  };
  return programs;
}

}  // namespace memwatch::leak_corpus
