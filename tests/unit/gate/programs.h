// Hand-made recordings of one small program, as the gate would get them from several runs or
// builds.
#pragma once

#include <string>

#include "tests/unit/render/sample_sessions.h"

namespace memwatch::testing {

struct Figures {
  std::uint64_t allocations = 100;
  std::uint64_t bytes = 10'000;  // allocated, and held at the peak, by load()
  std::uint64_t kept = 1'000;    // of it live at the end
  std::uint64_t scale = 1;       // of its addresses: another build has another layout
};

// ./app: main calls load() and index(), which always does the same.
inline model::Session app_session(const Figures& figures = {}) {
  SessionBuilder builder;
  const std::string build_id = "b" + std::to_string(figures.scale);
  const auto exe = builder.module("/build/app", build_id);
  const auto libc = builder.module("/usr/lib/libc.so.6", "c1");
  const auto start = builder.address(libc, 0x100, {{"__libc_start_call_main", "", 0, false}});
  const auto main_at =
      builder.address(exe, 0x1000 * figures.scale, {{"main", "/src/app.cpp", 20, false}});
  const auto load_at =
      builder.address(exe, 0x2000 * figures.scale, {{"load(int)", "/src/app.cpp", 10, false}});
  const auto index_at =
      builder.address(exe, 0x3000 * figures.scale,
                      {{"insert", "/src/tree.h", 5, true}, {"index", "/src/app.cpp", 15, false}});
  const auto load = builder.stack({start, main_at, load_at});
  const auto index = builder.stack({start, main_at, index_at});
  model::Session& session = builder.session();
  session.command = {"./app"};
  model::Process& process = builder.process(100, "/build/app");
  process.sites = {{.stack = load,
                    .allocations = figures.allocations,
                    .allocated_bytes = figures.bytes,
                    .live_blocks = figures.kept > 0 ? 1U : 0U,
                    .live_bytes = figures.kept,
                    .peak_bytes = figures.bytes,
                    .own_peak_bytes = figures.bytes},
                   {.stack = index,
                    .allocations = 900,
                    .allocated_bytes = 90'000,
                    .peak_bytes = 40'000,
                    .own_peak_bytes = 50'000}};
  process.totals.allocations = 900 + figures.allocations;
  process.totals.allocated_bytes = 90'000 + figures.bytes;
  process.totals.freed_bytes = 90'000 + figures.bytes - figures.kept;
  process.totals.frees = process.totals.allocations - (figures.kept > 0 ? 1 : 0);
  process.heap.live_bytes = figures.kept;
  process.heap.live_blocks = figures.kept > 0 ? 1 : 0;
  process.heap.peak_bytes = 40'000 + figures.bytes;
  process.rss = {.last = 3'000'000, .peak = 4'000'000, .samples = 3};
  return session;
}

}  // namespace memwatch::testing
