#include "tests/leak-corpus/world.h"

namespace memwatch::leak_corpus {
namespace {

void slow(World& world) {
  const double often = world.between(0.1, 0.5);
  for (Steps step(world); step.next();) {
    world.churn(1, 5);
    if (world.chance(often)) world.allocate(0, world.size(32, 300));
  }
}

void per_request(World& world) {
  const double load = world.between(1, 6);
  for (Steps step(world); step.next();) {
    for (unsigned request = world.poisson(load); request > 0; --request) {
      world.churn(1, 5);
      const Block reply = world.allocate(0, world.size(100, 400));
      if (!world.chance(0.1)) world.release(reply);
    }
  }
}

void per_connection(World& world) {
  const double mean = world.between(0.005, 0.03), lost = world.between(0.05, 0.2);
  Lives connections;
  for (Steps step(world); step.next();) {
    connections.end_due(world);
    for (unsigned opened = world.poisson(1.5); opened > 0; --opened) {
      const Block buffer = world.allocate(0, 1024);
      if (world.chance(lost)) continue;
      connections.add(buffer, world.elapsed() + world.lifetime(mean));
    }
  }
}

void in_bursts(World& world) {
  const auto spacing = static_cast<unsigned>(world.between(90, 160));
  for (Steps step(world); step.next();) {
    world.churn(1, 3);
    if (!world.chance(1.0 / spacing) && static_cast<unsigned>(world.elapsed() * kSteps) % spacing)
      continue;
    for (int i = 0; i < 50; ++i) world.allocate(0, world.size(50, 150));
  }
}

void growing_list(World& world) {
  for (Steps step(world); step.next();) {
    for (unsigned item = world.poisson(2); item > 0; --item) {
      world.allocate(0, 48);                   // node
      world.allocate(2, world.size(20, 200));  // text
    }
  }
}

void forgotten_cache_entries(World& world) {
  Fifo cache(400);
  for (Steps step(world); step.next();) {
    for (int i = 0; i < 3; ++i) {
      const Block entry = world.allocate(0, world.size(200, 800));
      if (world.chance(0.07)) continue;  // under a key that nobody evicts
      cache.add(world, entry);
    }
  }
}

void thread_stacks(World& world) {
  const double often = world.between(0.015, 0.05);
  for (Steps step(world); step.next();) {
    world.churn(1, 4);
    if (!world.chance(often)) continue;
    const Block own = world.allocate(1, 512);
    world.allocate(0, 8192);  // never joined
    world.release(own);
  }
}

void exponential(World& world) {
  const double times = world.between(3.5, 5.5);
  double owed = 0, total = 20000;
  for (Steps step(world); step.next();) {
    world.churn(1, 2);
    owed += total * (std::exp(times / kSteps) - 1);
    for (; owed > 100; owed -= 100) {
      world.allocate(0, 100);
      total += 100;
    }
  }
}

void late(World& world) {
  const double from = world.between(0.4, 0.6);
  for (Steps step(world); step.next();) {
    world.churn(1, 5);
    if (world.elapsed() > from && world.chance(0.5)) world.allocate(0, world.size(50, 300));
  }
}

void error_path(World& world) {
  const double errors = world.between(0.02, 0.08);
  for (Steps step(world); step.next();) {
    for (unsigned request = world.poisson(3); request > 0; --request) {
      const Block context = world.allocate(0, world.size(300, 900));
      world.churn(1, 3);
      if (!world.chance(errors)) world.release(context);
    }
  }
}

void beside_a_cache(World& world) {
  Fifo cache(3000);
  for (Steps step(world); step.next();) {
    for (int i = 0; i < 10; ++i) cache.add(world, world.allocate(1, world.size(2000, 20000)));
    if (world.chance(0.3)) world.allocate(0, world.size(40, 160));
  }
}

void reallocated_log(World& world) {
  Block log = 0;
  std::uint64_t size = 4096;
  for (Steps step(world); step.next();) {
    world.churn(1, 3);
    if (!world.chance(0.1)) continue;
    size += 4096;
    log = world.reallocate(0, log, size);
  }
}

void python_list(World& world) {
  Block items = 0;
  std::uint64_t used = 0, room = 0;
  for (Steps step(world); step.next();) {
    for (int i = 0; i < 4; ++i) {
      world.allocate(2, 28);
      if (++used <= room) continue;
      room = used + used / 8 + 6;
      items = world.reallocate(0, items, 8 * room);
    }
  }
}

void vector_of_strings(World& world) {
  Block items = 0;
  std::uint64_t used = 0, room = 1;
  for (Steps step(world); step.next();) {
    world.allocate(2, world.size(40, 120));
    if (++used < room) continue;
    room *= 2;
    const Block larger = world.allocate(0, 32 * room);
    if (items != 0) world.release(items);
    items = larger;
  }
}

void wave_and_leak(World& world) {
  const double periods = world.between(5, 10), phase = world.between(0, 6.28);
  Lives sessions;
  for (Steps step(world); step.next();) {
    sessions.end_due(world);
    const double load = 2 + 1.5 * std::sin(phase + 6.283 * periods * world.elapsed());
    for (unsigned i = world.poisson(load); i > 0; --i) {
      const Block session = world.allocate(0, world.size(500, 1500));
      if (world.chance(0.08)) continue;
      sessions.add(session, world.elapsed() + world.lifetime(0.02));
    }
  }
}

void cycles(World& world) {
  for (Steps step(world); step.next();) {
    world.churn(1, 2);
    if (!world.chance(0.2)) continue;
    world.allocate(0, 96);
    world.allocate(2, 160);
    world.allocate(3, 64);
  }
}

void load_varies(World& world) {
  const double periods = world.between(1.5, 7), phase = world.between(0, 6.28);
  for (Steps step(world); step.next();) {
    const double load = 3 + 1.2 * std::sin(phase + 6.283 * periods * world.elapsed());
    for (unsigned request = world.poisson(load); request > 0; --request) {
      world.churn(1, 3);
      if (world.chance(0.2)) world.allocate(0, world.size(64, 256));
    }
  }
}

}  // namespace

const std::vector<Program>& leaks() {
  static const std::vector<Program> programs = {
      {"slow", "now and then a small block", {0}, "leak", slow},
      {"per_request", "one reply in ten is not freed", {0}, "leak", per_request},
      {"per_connection",
       "some connections never closed, same site as those that are",
       {0},
       "leak",
       per_connection},
      {"in_bursts", "50 blocks at a time, far apart", {0}, "leak", in_bursts},
      {"growing_list", "a list nobody shortens", {0, 2}, "leak", growing_list},
      {"forgotten_cache_entries",
       "a full cache, some entries are not in its order",
       {0},
       "leak",
       forgotten_cache_entries},
      {"thread_stacks", "threads that are not joined", {0}, "leak", thread_stacks},
      {"exponential", "each step adds in proportion", {0}, "exponential", exponential},
      {"late", "begins about the middle of the run", {0}, "leak", late},
      {"error_path", "only where a request fails", {0}, "leak", error_path},
      {"beside_a_cache",
       "small, beside a cache of 30 MB that turns over",
       {0},
       "leak",
       beside_a_cache},
      {"reallocated_log",
       "one buffer, reallocated larger and larger",
       {0},
       "linear",
       reallocated_log},
      {"python_list",
       "an array that grows by an eighth, and its items",
       {0, 2},
       "leak",
       python_list},
      {"vector_of_strings",
       "an array that doubles, and its items",
       {2},
       "leak",
       vector_of_strings,
       {0}},
      {"wave_and_leak", "load in waves, some sessions stay", {0}, "leak", wave_and_leak},
      {"cycles", "three sites that hold each other", {0, 2, 3}, "leak", cycles},
      {"load_varies", "per request, the load goes up and down", {0}, "leak", load_varies},
  };
  return programs;
}

}  // namespace memwatch::leak_corpus
