#include "tests/support/random_allocator/worker.h"

#include "tests/support/random_allocator/failures.h"

namespace memwatch::random_allocator {
namespace {

constexpr std::size_t kMostLive = 2048;
constexpr unsigned kOperationsPerRound = 64;
constexpr std::uint64_t kDeepest = 24;

bool is_c(const Block& block) {
  return block.family == Family::c || block.family == Family::c_aligned;
}

}  // namespace

Worker::Worker(const Arguments& arguments, unsigned index, Mailboxes& mailboxes)
    : arguments_(arguments),
      index_(index),
      mailboxes_(mailboxes),
      random_(arguments.seed * 1'000'003 + index) {
  live_.reserve(kMostLive + Mailbox::kBatch + 1);
}

void Worker::run() {
  unsigned done = 0;
  for (unsigned round = 0; done < arguments_.operations; ++round) {
    for (unsigned i = 0; i < kOperationsPerRound && done < arguments_.operations; ++i, ++done)
      step(static_cast<unsigned>(random_.below(kDeepest)));
    if (arguments_.threads > 1) exchange(round);
  }
  release_half();
}

// Goes a few frames deeper first, so that stacks come and go as in a real program.
[[gnu::noinline]] void Worker::step(unsigned depth) {
  if (depth == 0) return operate();
  step(depth - 1);
  asm volatile("");  // or the compiler makes a loop of it
}

void Worker::operate() {
  const std::uint64_t choice = random_.below(100);
  if (arguments_.mix.mappings && choice >= 95) return mappings_.change(random_);
  if (live_.empty() || (choice < 45 && live_.size() < kMostLive)) return keep(allocate(random_));
  const std::size_t index = random_.one_in(4) ? live_.size() - 1 : random_.below(live_.size());
  if (choice < 60 && is_c(live_[index])) return reallocate_at(index);
  if (arguments_.mix.failures && choice >= 90 && is_c(live_[index]))
    return fail_somehow(live_[index], random_);
  release_at(index);
}

// In round r thread i gives to i + s and takes from i − s, where s runs through 1 … threads−1.
void Worker::exchange(unsigned round) {
  const unsigned threads = arguments_.threads;
  const unsigned stride = 1 + round % (threads - 1);
  const unsigned to = (index_ + stride) % threads;
  const unsigned from = (index_ + threads - stride) % threads;
  Mailbox::Batch batch;
  for (Block& place : batch)
    place = live_.empty() ? Block{} : remove_at(random_.below(live_.size()));
  mailboxes_[index_ * threads + to].give(batch);
  for (const Block& block : mailboxes_[from * threads + index_].take())
    if (block.address != nullptr) keep(block);
}

void Worker::release_half() {
  for (std::size_t left = live_.size() / 2; left > 0; --left)
    release_at(random_.below(live_.size()));
}

void Worker::release_at(std::size_t index) {
  release(remove_at(index), random_);
}

void Worker::reallocate_at(std::size_t index) {
  const Block moved = reallocate(remove_at(index), random_);
  if (moved.address != nullptr) keep(moved);
}

Block Worker::remove_at(std::size_t index) {
  const Block block = live_[index];
  live_[index] = live_.back();
  live_.pop_back();
  return block;
}

void Worker::keep(const Block& block) {
  live_.push_back(block);
}

}  // namespace memwatch::random_allocator
