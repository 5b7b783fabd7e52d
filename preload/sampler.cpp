#include "preload/sampler.h"

#include "preload/kernel.h"

namespace memwatch::preload {

namespace {

constexpr std::uint32_t kMostHalvings = 10;

std::uint64_t next_random() {
  // xorshift64* (Vigna 2016); its upper bits are good enough for distances.
  std::uint64_t x = t_state.random;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  t_state.random = x;
  return x * 0x2545f4914f6cdd1dULL;
}

double uniform() {
  return static_cast<double>(next_random() >> 11) * 0x1p-53;
}

// An exponential variate of mean 1 from uniform ones alone, so that no logarithm is needed, which
// libc does not have (von Neumann 1951): the length of the first falling run tells whether its
// first value is taken.
double exponential() {
  for (double whole = 0;; whole += 1) {
    const double first = uniform();
    double last = first;
    unsigned length = 1;
    for (;;) {
      const double next = uniform();
      if (next >= last) break;
      last = next;
      ++length;
    }
    if (length % 2 == 1) return whole + first;
  }
}

std::uint64_t current_interval() {
  std::uint64_t interval = g_process.segment->sample_interval.load(std::memory_order_relaxed)
                           << t_state.halvings;
  if (interval < 1) interval = 1;
  constexpr std::uint64_t kLongest = 1ULL << 50;
  return interval < kLongest ? interval : kLongest;
}

void seed() {
  std::uint64_t value = random_word();
  // Also where the kernel has none to give, or a filter forbids to ask.
  value ^= monotonic_ms() ^ reinterpret_cast<std::uintptr_t>(&t_state);
  t_state.random = value | 1;
}

bool is_large(std::uint64_t size) {
  return size >= g_process.segment->large_bytes.load(std::memory_order_relaxed);
}

// The countdown never exceeds what a block that is always recorded would take, so that such a block
// is never passed over; the rest of a longer gap waits.
void run_down(std::uint64_t gap, std::uint64_t interval) {
  const std::uint64_t large = g_process.segment->large_bytes.load(std::memory_order_relaxed);
  std::uint64_t at_most = kAlwaysFrom * interval;
  if (large < at_most) at_most = large;
  // Not from t_state again: a signal handler that allocates may have drawn in between.
  const std::uint64_t now = gap < at_most ? gap : at_most;
  t_state.bytes_to_sample = now;
  t_state.rest_of_gap = gap - now;
}

void draw_gap() {
  const std::uint64_t interval = current_interval();
  t_state.drawn_with = interval;
  run_down(static_cast<std::uint64_t>(exponential() * static_cast<double>(interval)), interval);
}

}  // namespace

Draw draw_sample(std::size_t size, std::uint64_t* interval) {
  if (t_state.random == 0) {
    seed();
    draw_gap();
  }
  // Such blocks lie beside the bytes that are sampled.
  if (size >= kAlwaysFrom * t_state.drawn_with || is_large(size)) return Draw::always;
  if (is_passed_over(size)) return Draw::passed_over;
  const std::uint64_t beyond = size + 1 - t_state.bytes_to_sample;
  if (t_state.rest_of_gap >= beyond) {
    run_down(t_state.rest_of_gap - beyond, t_state.drawn_with);
    return Draw::passed_over;
  }
  *interval = t_state.drawn_with;
  draw_gap();
  return Draw::sampled;
}

void sample_less() {
  if (t_state.halvings < kMostHalvings) ++t_state.halvings;
}

void sample_more() {
  if (t_state.halvings > 0) --t_state.halvings;
}

}  // namespace memwatch::preload
