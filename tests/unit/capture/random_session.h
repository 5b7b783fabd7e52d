// Sessions full of random values, for round trips: every member is set. Seeded, so that a failure
// can be repeated.
#pragma once

#include <cstdint>
#include <random>

#include "collector/model/session.h"

namespace memwatch::capture_testing {

class RandomSession {
 public:
  // `scale` is about how many rows each table gets per step.
  RandomSession(std::uint32_t seed, std::size_t scale) : random_(seed), scale_(scale) {}

  // Grows the tables, changes some rows of everything that may change, thins timelines.
  void step(model::Session& session);

 private:
  std::uint64_t word();
  std::size_t below(std::size_t limit);
  bool sometimes(unsigned one_in) { return below(one_in) == 0; }
  std::uint32_t id_below(std::size_t limit) { return static_cast<std::uint32_t>(below(limit)); }
  double real() { return static_cast<double>(word() % 1'000'000'007) / 1024.5; }
  std::string text(std::size_t longest);

  model::Site site(const model::Session& session);
  model::Failure failure(const model::Session& session);
  model::LargeAllocation large(const model::Session& session);
  model::ThreadTotals thread();
  model::TimelineSample sample();
  void fill_counters(model::Process& process);
  void step_tables(model::Session& session);
  void step_process(const model::Session& session, model::Process& process);

  std::mt19937_64 random_;
  std::size_t scale_;
};

}  // namespace memwatch::capture_testing
